"""What is wrong with extra times, and with what one participant has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.manifests.repositories import FLOW

if TYPE_CHECKING:
    from tests.manifests.repositories import Case

LAW = (
    "flows: [{key: law, participation: {start: 2027-05-03 09:00, length: 4h}, "
    "marking: {start: 2027-05-05 12:00, end: 2027-05-24 12:00}}]\n"
)


def longer(fields: str) -> str:
    return f"{FLOW}accommodations:\n  - {{{fields}}}\n"


def one(*fields: str, flow: str = LAW) -> str:
    entries = "".join(f"  - {{flows: [{'law' if flow == LAW else 'math'}], {f}}}\n" for f in fields)
    return f"{flow}individual:\n{entries}"


def listed(rows: str, fields: str = "csv: x.csv") -> dict[str, str]:
    return {"m.yaml": longer(f"{fields}, flows: [math]"), "x.csv": rows}


ONE_ENTRY_CASES: dict[str, Case] = {
    "extra time as a number": (
        longer("people: [s1], ¶extra_time: 30, flows: [math]"),
        "is no extra time … 25%, 30m or 1h30m",
    ),
    "extra time in days": (longer("people: [s1], ¶extra_time: 2d, flows: [math]"), "no extra time"),
    "extra time in words": (
        longer("people: [s1], ¶extra_time: a quarter, flows: [math]"),
        "is no extra time",
    ),
    "no extra time": (longer("people: [s1], ¶extra_time: 0%, flows: [math]"), "is no extra time"),
    "extra time of a day and more": (
        longer("people: [s1], ¶extra_time: 25h, flows: [math]"),
        "is no extra time",
    ),
    "extra time many times over": (
        longer("people: [s1], ¶extra_time: 301%, flows: [math]"),
        "is no extra time",
    ),
    "an accommodation without flows": (
        f"{FLOW}accommodations:\n  - ¶people: [s1]\n    extra_time: 25%\n",
        'lacks "flows"',
    ),
    "an accommodation by a key of its own": (
        longer("¶key: x, people: [s1], extra_time: 25%, flows: [math]"),
        'unknown key "key"',
    ),
    "somebody's own window with a length": (
        one("person: s1, participation: {¶length: 5h}"),
        'unknown key "length"',
    ),
    "an entry without its person": (
        f"{LAW}individual:\n  - ¶flows: [law]\n    timebox: 300\n",
        'lacks "person"',
    ),
    "a timebox in hours": (one("person: s1, ¶timebox: 5h"), "is no timebox … minutes"),
    "a timebox of nothing": (one("person: s1, ¶timebox: 0"), "is no timebox"),
    "an exam id as a number": (one("person: s1, ¶unique_exam_id: 17"), 'write "17"'),
    "an exam id that is too long": (
        one(f"person: s1, ¶unique_exam_id: {'x' * 256}"),
        "longer than 255",
    ),
    "active in another word": (one('person: s1, ¶active: "no"'), "must be true or false"),
}
"""What the schema for editors refuses, too."""

INDIVIDUAL_CASES: dict[str, Case] = {
    **ONE_ENTRY_CASES,
    "extra time for nobody": (
        longer("¶extra_time: 25%, flows: [math]").replace("¶", "").replace("  - {", "  - ¶{"),
        "names nobody … people with extra_time, or csv",
    ),
    "extra time for people and a file": (
        longer("¶people: [s1], extra_time: 25%, csv: x.csv, flows: [math]"),
        "has both people and csv",
    ),
    "people without extra time": (
        longer("people: [s1], flows: [math]").replace("  - {", "  - ¶{"),
        'lacks "extra_time"',
    ),
    "a column without a file": (
        longer("people: [s1], extra_time: 25%, ¶column: nr, flows: [math]"),
        "goes with csv",
    ),
    "extra time for no flow": (
        longer("people: [s1], extra_time: 25%, ¶flows: {key: law*}"),
        "no flow has key",
    ),
    "extra time beside a file": (
        listed("key,extra_time\ns1,25%\n", "csv: x.csv, ¶extra_time: 25%"),
        "stands in the column extra_time",
    ),
    "a file without extra times": (listed("key,more\ns1,25%\n", "¶csv: x.csv"), "no column"),
    "a file without its people": (
        listed("nr,extra_time\ns1,25%\n", "csv: x.csv, ¶column: number"),
        'no column "number"',
    ),
    "a row with nobody in it": (listed("key,extra_time\n¶,25%\n"), "this cell is empty"),
    "a row with a number as extra time": (
        listed("key,extra_time\ns1,¶25\ns2,\ns3,¶half\n"),
        '"25" is no extra time',
        '"half" is no extra time',
    ),
    "somebody's entry that states nothing": (
        one("person: s1").replace("  - {", "  - ¶{"),
        "states nothing",
    ),
    "somebody's own window without an edge": (
        one("person: s1, participation: {}").replace("  - {", "  - ¶{"),
        "states nothing",
    ),
    "an end before that of the exam": (
        one("person: s1, participation: {¶end: 2027-05-03 12:59}"),
        "ends before the exam law does",
    ),
    "a start after the exam": (
        one("person: s1, participation: {¶start: 2027-05-03 13:00}"),
        "ends before it starts",
    ),
    "an end before the start": (
        one("person: s1, participation: {start: 2027-05-03 18:00, ¶end: 2027-05-03 17:00}"),
        "ends before it starts",
    ),
    "somebody's end on a day that does not exist": (
        one("person: s1, participation: {¶end: 2027-02-30 15:00}"),
        "does not exist in the calendar",
    ),
    "somebody's end said twice": (
        one(
            "person: s1, participation: {end: 2027-05-03 15:00}",
            "person: S1, participation: {¶end: 2027-05-03 16:00}",
        ),
        "contradicts manifests/m.yaml:3",
    ),
    "an exam id of two": (
        one("person: s1, unique_exam_id: X-17", "person: s2, ¶unique_exam_id: X-17"),
        "is that of somebody else at law",
    ),
    "somebody who may not sit and is woken": (
        one("person: s1, ¶active: false")
        + "role_assignments:\n  - {flows: [law], participants: {users: [s1], active: true}}\n",
        "contradicts manifests/m.yaml:5",
    ),
    "somebody's own settings at no flow": (
        one("person: s1, timebox: 300").replace("flows: [law]", "flows: [¶lav]"),
        'no flow "lav"',
    ),
}
