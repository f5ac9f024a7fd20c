"""What is wrong with dates, lengths and windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.manifests.repositories import Case

MARKING = "marking: {start: 2027-05-05 12:00, end: 2027-05-24 12:00}"


def participation(window: str) -> str:
    return f"flows:\n  - key: math\n    participation: {{{window}}}\n    {MARKING}\n"


def start(text: str) -> str:
    return participation(f"¶start: {text}, length: 4h")


DATE_CASES: dict[str, Case] = {
    "a date without a time": (start("2027-05-03"), "time of day … 2027-05-03 09:00"),
    "a time without a date": (start("09:00"), "no date"),
    "words as a date": (start("next Monday"), "no date"),
    "a date the other way round": (start("03-05-2027 09:00"), "no date"),
    "a date with slashes": (start("2027/05/03 09:00"), "no date"),
    "a day that does not exist": (start("2027-02-30 09:00"), "calendar"),
    "a month that does not exist": (start("2027-13-01 09:00"), "calendar"),
    "an hour that does not exist": (start("2027-05-03 25:00"), "calendar"),
    "the end of a day as 24:00": (start("2027-05-03 24:00"), "calendar"),
    "a leap second": (start("2027-05-03 09:00:60"), "calendar"),
    "fractions of seconds": (start("2027-05-03 09:00:00.5"), "no date"),
    "a year in the past": (start("1999-05-03 09:00"), "2000"),
    "a year far out": (start("2100-05-03 09:00"), "2099"),
    "the last year there is": (start("9999-12-31 23:59"), "2099"),
    "the year nought": (start("0000-05-03 09:00"), "calendar"),
    "clocks go forward": (start("2027-03-28 02:30"), "does not exist in Europe/Copenhagen"),
    "an offset that does not exist": (start("2027-05-03 09:00+25:00"), "offset"),
    "a named zone": (start("2027-05-03 09:00 CET"), "no date"),
    "a number as a date": (start("1809154800"), "no date"),
    "a null date": (start("~"), "empty"),
    "a list as a date": (participation("¶start: [2027-05-03 09:00], length: 4h"), "list"),
    "Arabic digits": (start("٢٠٢٧-٠٥-٠٣ ٠٩:٠٠"), "no date"),
    "clocks go back": (
        "flows:\n  - key: a\n    participation: {¶start: 2027-10-31 02:30, length: 4h}\n"
        "    marking: {start: 2027-11-01 12:00, end: 2027-11-24 12:00}\n",
        "twice … 2027-10-31 02:30+02:00 … 2027-10-31 02:30+01:00",
    ),
    "end before start": (
        participation("start: 2027-05-03 09:00, ¶end: 2027-05-03 08:00"),
        "ends before",
    ),
    "end at start": (
        participation("start: 2027-05-03 09:00, ¶end: 2027-05-03 09:00"),
        "ends as it starts",
    ),
    "both end and length": (
        participation("start: 2027-05-03 09:00, end: 2027-05-03 10:00, ¶length: 1h"),
        "both",
    ),
    "neither end nor length": (
        "flows:\n  - key: math\n    ¶participation: {start: 2027-05-03 09:00}\n    " + MARKING,
        '"end" or "length"',
    ),
    "no start": (
        "flows:\n  - key: math\n    ¶participation: {length: 4h}\n    " + MARKING,
        'lacks "start"',
    ),
    "an empty window": (
        "flows:\n  - key: math\n    ¶participation: {}\n    " + MARKING,
        "lacks",
    ),
    "a null window": ("flows:\n  - key: math\n    ¶participation:\n    " + MARKING, "empty"),
    "a length without a unit": (participation("start: 2027-05-03 09:00, ¶length: 4"), "4h"),
    "a length of nothing": (participation("start: 2027-05-03 09:00, ¶length: 0h"), "length"),
    "a length in words": (participation("start: 2027-05-03 09:00, ¶length: 4 hours"), "4h"),
    "a length below nought": (participation("start: 2027-05-03 09:00, ¶length: -4h"), "4h"),
    "a length of hours and minutes the other way round": (
        participation("start: 2027-05-03 09:00, ¶length: 30m1h"),
        "1h30m",
    ),
    "a length like a time": (participation("start: 2027-05-03 09:00, ¶length: 4:00"), "4h"),
    "a length without end": (
        participation(f"start: 2027-05-03 09:00, ¶length: {'9' * 4500}h"),
        "length",
    ),
    "participation without marking": (
        "flows:\n  - key: math\n    ¶participation: {start: 2027-05-03 09:00, length: 4h}\n",
        "without marking",
    ),
    "marking without participation": (
        f"flows:\n  - key: math\n    ¶{MARKING}\n",
        "without participation",
    ),
    "marking before participation": (
        "flows:\n  - key: math\n    participation: {start: 2027-05-06 09:00, length: 4h}\n"
        "    marking: {¶start: 2027-05-05 12:00, end: 2027-05-24 12:00}\n",
        "before participation starts",
    ),
    "the wrong date of a template is said once": (
        "flow_templates:\n  - {key: t, marking: {¶start: soon, end: 2027-05-24 12:00}}\n"
        "flows:\n"
        "  - {key: a, template: t, participation: {start: 2027-05-03 09:00, length: 4h}}\n"
        "  - {key: b, template: t, participation: {start: 2027-05-03 09:00, length: 4h}}\n",
        "no date",
    ),
    "windows that meet in a template": (
        "flow_templates: [{key: t, marking: {start: 2027-05-01 12:00, end: 2027-05-24 12:00}}]\n"
        "flows:\n"
        "  - {key: a, template: t, participation: {start: 2027-04-03 09:00, length: 4h}}\n"
        "  - key: b\n    template: t\n"
        "    participation: {¶start: 2027-05-03 09:00, length: 4h}\n",
        "marking starts before … m.yaml:1",
    ),
    "a bad activate_from": (
        "flows:\n  - {key: m, lifecycle: active, ¶activate_from: 2027-04-31 08:00}\n",
        "calendar",
    ),
    "activate_from without lifecycle": (
        "flows:\n  - {key: m, ¶activate_from: 2027-04-30 08:00}\n",
        "lifecycle: active",
    ),
    "activate_from of a draft": (
        "flows:\n  - {key: m, lifecycle: draft, ¶activate_from: 2027-04-30 08:00}\n",
        "lifecycle: active",
    ),
    "activate_from after the exam": (
        f"flows:\n  - key: m\n    lifecycle: active\n    ¶activate_from: 2027-05-03 13:00\n"
        f"    participation: {{start: 2027-05-03 09:00, length: 4h}}\n    {MARKING}\n",
        "after participation has ended",
    ),
    "many problems in one flow": (
        "flows:\n  - key: math\n    ¶titel: x\n    ¶type: X\n    ¶template: t\n    ¶code: 17\n"
        "    ¶¶participation: {¶start: 2027-02-30 09:00}\n",
        "unknown key",
        "FLOWlock",
        "no flow template",
        'write "17"',
        "lacks",
        "without marking",
        "calendar",
    ),
}
