"""What is wrong with flow sets: in the set, in its file, or in what a row makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.manifests.repositories import Case

WINDOWS = (
    'participation: {start: "{start}", length: 1h}, '
    'marking: {start: "{marked_from}", end: "{marked_by}"}'
)
HEADER = "code,title,start,marked_from,marked_by,lead\n"
N1 = "n1,Anatomy,2027-05-03 09:00,2027-05-05 12:00,2027-05-24 12:00,ada\n"


def by_row(
    flow: str, content: str | bytes, roles: str = "", more: str = ""
) -> dict[str, str | bytes]:
    """A set whose flow and roles are written in braces, and its file."""
    text = f"flow_sets:\n  - csv: set.csv\n    flow: {{{flow}}}\n"
    text += f"    roles: {{{roles}}}\n" if roles else ""
    return {"m.yaml": text + more, "set.csv": content}


def coded(flow: str, *cells: str) -> dict[str, str | bytes]:
    """A set with a key a row and one more column, x."""
    rows = (f"n{number},{cell}\n" for number, cell in enumerate(cells))
    return by_row(f'key: "{{code}}", {flow}', "code,x\n" + "".join(rows))


def roled(roles: str, *cells: str) -> dict[str, str | bytes]:
    rows = (f"n{number},{cell}\n" for number, cell in enumerate(cells))
    return by_row('key: "{code}"', "code,x\n" + "".join(rows), roles)


def whole(content: str | bytes) -> dict[str, str | bytes]:
    """The set that the documents show, with another file."""
    return by_row(f'key: "{{code}}-2027s", title: "{{title}}", {WINDOWS}', content)


SET_CASES: dict[str, Case] = {
    # the set itself
    "a set without csv": ('flow_sets:\n  - ¶flow: {key: "{code}"}\n', 'lacks "csv"'),
    "a set without flow": (
        {"m.yaml": "flow_sets:\n  - ¶csv: set.csv\n", "set.csv": "code\nn1\n"},
        'lacks "flow"',
    ),
    "a set with an unknown key": (
        by_row('key: "{code}"', "code\nn1\n", more="    ¶role: {managers: [kim]}\n"),
        "did you mean roles?",
    ),
    "a set whose flow is a list": (
        {"m.yaml": 'flow_sets:\n- csv: set.csv\n  ¶flow: ["{code}"]\n', "set.csv": "code\nn1\n"},
        "must be a mapping",
    ),
    "a set whose roles are nothing": (
        by_row('key: "{code}"', "code\nn1\n", more="    ¶roles:\n"),
        "is empty",
    ),
    "a set whose roles name no role": (
        by_row('key: "{code}"', "code\nn1\nn2\n", more="    ¶roles: {}\n"),
        "names no role",
    ),
    "a set that says what is written in its rows": (
        by_row('key: "{code}"', "code\nn1\nn2\n", "¶flows: [n1], managers: [kim]"),
        "flow_sets[0].roles.flows … that of the row",
    ),
    "an unknown key in the flow of a set is said once": (
        by_row('key: "{code}", ¶titel: "{code}"', "code\nn1\nn2\nn3\n"),
        "did you mean title?",
    ),
    "an unknown role in a set is said once": (
        roled('¶assesors: ["{x}"]', "ada", "bob"),
        "did you mean assessors?",
    ),
    "a wrong value for all rows is said once": (
        by_row('key: "{code}", ¶type: FLOWasign', "code\nn1\nn2\n"),
        "unknown type … FLOWassign",
    ),
    "a number for all rows is said once": (
        roled('assessors: ["{x}", ¶7]', "ada", "bob"),
        'roles.assessors[1] … write "7"',
    ),
    "a date for all rows is said once": (
        coded("¶activate_from: 2027-13-01 09:00, lifecycle: active", "a", "b"),
        "activate_from",
    ),
    "a template for all rows that is not there": (
        coded("¶template: writen", "a", "b"),
        'no flow template "writen"',
    ),
    "both end and length for all rows": (
        coded(
            'participation: {start: "{x}", end: 2027-05-03 12:00, ¶length: 1h}, '
            "marking: {start: 2027-05-05 12:00, length: 14d}",
            "2027-05-03 09:00",
            "2027-05-03 10:00",
        ),
        "both end and length",
    ),
    "a window without the other for all rows": (
        coded("¶participation: {start: 2027-05-03 09:00, length: 1h}", "a", "b"),
        "stated without marking",
    ),
    "a roster for all rows that is not there": (
        roled("participants: {rosters: [¶all]}", "a", "b"),
        'no roster "all"',
    ),
    "a set without a key": (
        by_row('title: "{code}"', "code\nn1\n")
        | {"m.yaml": 'flow_sets:\n  - csv: set.csv\n    ¶flow: {title: "{code}"}\n'},
        'lacks "key"',
    ),
    "a set with one key for all": (by_row("¶key: n1", "code\nn1\nn2\n"), "every row … {code}"),
    "a number as the key of all": (by_row("¶key: 101", "code\nn1\n"), "every row"),
    "what is wrong in a set is found without its file": (
        'flow_sets:\n  - ¶csv: none.csv\n    flow: {key: "{code}", ¶titel: x, ¶title: "{a"}\n',
        'no file "none.csv"',
        "titel",
        "names no column",
    ),
    # columns and braces
    "an unknown column": (
        by_row('key: "{code}", ¶title: "{titel}"', "code,title\nn1,A\nn2,B\n"),
        'set.csv has no column "titel" … did you mean title?',
    ),
    "two unknown columns in one text": (
        coded('¶¶title: "{a} {b}"', "Anatomy"),
        'no column "a"',
        'no column "b"',
    ),
    "an unknown column as the key is said alone": (
        by_row('¶key: "{kode}", template: "{t}"', "code,t\nn1,\nn2,\n"),
        'no column "kode"',
    ),
    "an unknown column in a list": (roled('assessors: [kim, ¶"{lead}"]', "ada"), 'column "lead"'),
    "a column in the wrong case in a text": (
        by_row('¶key: "{Code}"', "code\nn1\n"),
        "did you mean code?",
    ),
    "a column with spaces around it": (by_row('¶key: "{ code }"', "code\nn1\n"), "mean code?"),
    "a brace that is not closed": (coded('¶title: "{x"', "a", "b"), "a { that … {{"),
    "a brace that is not opened": (coded('¶title: "x}"', "a", "b"), "a } that … }}"),
    "braces with nothing in them": (coded('¶title: "{}"', "a"), "names no column"),
    "a brace in a list": (roled('assessors: [¶"{x"]', "ada"), "assessors[0] … {name}"),
    "a brace in braces": (coded('¶title: "{a{x}"', "a"), "names no column"),
    "a column without quotes": (coded("¶title: {x}", "a", "b"), 'mapping … write "{x}"'),
    "a column without quotes in a list": (roled("assessors: [¶{x}]", "ada"), 'write "{x}"'),
    "a column without quotes for a window": (coded("¶participation: {x}, ¶marking: {x}", "a"), *['write "{x}"'] * 2),
    # the file
    "a file outside the folder": (
        'flow_sets:\n  - ¶csv: ../set.csv\n    flow: {key: "{code}"}\n',
        "leads out",
    ),
    "a source that is not named": (
        'flow_sets:\n  - ¶csv: "sis:set.csv"\n    flow: {key: "{code}"}\n',
        'unknown source "sis"',
    ),
    "a set of an empty file": (whole("¶"), "the file is empty"),
    "a control character in a cell": (whole(HEADER + "n1,An¶\x07atomy,,,,\n"), "U+0007"),
    "a set in tabs": (whole("¶code\ttitle\nn1\tA\n"), "separated by tabs"),
    "a set without rows": (whole("¶" + HEADER), "no rows"),
    "a set with a doubled column": (by_row('key: "{code}"', "code,¶code\nn1,n2\n"), "twice"),
    "a row that is too short": (whole(HEADER + N1 + "¶n2,Wounds\n"), "2 cells … 6"),
    "a quote that is not closed": (by_row('key: "{code}"', 'x,code\nn1,¶"n2\n'), "not closed"),
    # what rows make of it
    "a cell that is no date": (
        whole(HEADER + N1 + "n2,B,¶03/05/2027 09:00,2027-05-05 12:00,2027-05-24 12:00,\n"),
        "set.csv:3:6 through manifests/m.yaml:3 … participation.start … 2027-05-03 09:00",
    ),
    "cells of several rows that are no dates": (
        whole(HEADER + "n1,A,¶soon,2027-05-05 12:00,¶later,\n" + N1.replace("n1", "n2")
              + "n3,C,¶2027-02-30 09:00,2027-05-05 12:00,2027-05-24 12:00,\n"),
        "soon",
        "later",
        "2027-02-30",
    ),
    "an hour that does not exist in a cell": (
        whole(HEADER + "n1,A,¶2027-03-28 02:30,2027-05-05 12:00,2027-05-24 12:00,\n"),
        "does not exist",
    ),
    "a cell that is no length": (
        coded(
            'participation: {start: 2027-05-03 09:00, length: "{x}"}, '
            "marking: {start: 2027-05-05 12:00, length: 14d}",
            "1h",
            "¶60",
        ),
        "no length … 90m",
    ),
    "a key with characters that keys do not have": (
        whole(HEADER + N1 + "¶n 2,Wounds,,,,\n"),
        'flow.key … "n 2-2027s" has characters',
    ),
    "a key that is too long": (by_row('key: "{code}"', f"code\n¶{'x' * 201}\n"), "a key cannot"),
    "a title that is too long": (coded('title: "{x}"', "a", "¶" + "x" * 256), "255"),
    "a title that is too long together": (coded('title: "Exam {x}"', "¶" + "x" * 252), "255"),
    "a title of two lines in a cell": (coded('title: "{x}"', '¶"a\nb"'), "one line"),
    "a cell that is no flow type": (
        coded('type: "{x}"', "FLOWassign", "¶FLOWasign"),
        "did you mean FLOWassign?",
    ),
    "a cell that is no purpose": (coded('purpose: "{x}"', "¶exam"), "EXAMINATION"),
    "a cell that is no word of lifecycle": (coded('lifecycle: "{x}"', "¶on"), "active"),
    "a cell that is neither true nor false": (
        roled('invigilators: [{people: [kim], head: "{x}"}]', "true", "false", "¶yes"),
        "must be true or false",
    ),
    "a cell where a mapping stands": (coded('participation: "{x}", marking: "{x}"', "¶a"), "must be a mapping"),
    "a cell where a list stands": (roled('managers: "{x}"', "¶ada"), "must be a list"),
    "a template in a cell that is not there": (
        coded('template: "{x}"', "", "¶writen"),
        "no flow template",
    ),
    "a roster in a cell that is not there": (
        roled('participants: {rosters: ["{x}"]}', "", "¶all"),
        'no roster "all"',
    ),
    "a file in a cell that is not there": (
        roled('participants: {csv: "rosters/{x}.csv"}', "¶n0", "¶n1"),
        'no file "rosters/n0.csv"',
        'no file "rosters/n1.csv"',
    ),
    "a file in a cell that leads out": (roled('participants: {csv: "{x}"}', "¶../a.csv"), "leads"),
    "a person twice in a row": (
        by_row('key: "{code}"', "code,a,b\nn1,x,y\nn2,ada,¶Ada\n", 'managers: ["{a}", "{b}"]'),
        "twice … set.csv:3:4",
    ),
    # empty cells
    "a row without key": (whole(HEADER + N1 + "¶,Wounds,,,,\n"), "this cell is empty"),
    "a row without a whole key": (
        by_row('key: "{code}"', "code,x\nn1,a\n¶ ,b\n"),
        "every row names its flow",
    ),
    "a row of which only unused cells are filled": (
        by_row('key: "{code}"', "note,code\na,n1\nb,¶\n"),
        "every row names its flow",
    ),
    "an empty cell in a text": (
        coded('title: "Exam {x}"', "a", "¶"),
        'cell is empty … "Exam {x}" is not whole',
    ),
    "an empty cell between two": (
        by_row('key: "{code}", title: "{code} {x}"', "code,x\nn1,a\nn2,¶\n"),
        "this cell is empty",
    ),
    "a window that ends but does not start": (
        whole(HEADER + N1 + "n2,W,2027-05-03 09:00,¶,2027-05-24 12:00,\n"),
        'lacks "start"',
    ),
    "a window that starts but does not end": (
        coded(
            'participation: {start: 2027-05-03 09:00, end: "{x}"}, '
            "marking: {start: 2027-05-05 12:00, length: 14d}",
            "2027-05-03 12:00",
            "¶",
        ),
        'lacks "end" or "length"',
    ),
    "a row with one window": (
        whole(HEADER + N1 + "n2,Wounds,2027-05-03 09:00,¶,,\n"),
        "participation is stated without marking",
    ),
    "a row that is activated at no time": (
        coded('lifecycle: "{x}", activate_from: 2027-04-19 08:00', "active", "¶"),
        "nothing says that this flow is activated",
    ),
    # rows that do not go together
    "a key of two rows": (
        whole(HEADER + N1 + "¶N1,Wounds,,,,\n"),
        "twice in flows … set.csv:2:1 through manifests/m.yaml:3",
    ),
    "a key of a row and a flow": (
        by_row('key: "{code}"', "code\n¶N1\n", more="flows: [{key: n1}]\n"),
        "twice in flows … m.yaml:4:10",
    ),
    "a key of rows of two sets": (
        by_row('key: "{code}"', "code\n¶n1\n")
        | {"a.yaml": 'flow_sets: [{csv: a.csv, flow: {key: "{c}"}}]\n', "a.csv": "c\nN1\n"},
        "a.csv:2:1",
    ),
    "an exam of a row that ends before it starts": (
        coded(
            'participation: {start: 2027-05-03 09:00, end: "{x}"}, '
            "marking: {start: 2027-05-05 12:00, length: 14d}",
            "2027-05-03 12:00",
            "¶2027-05-03 08:00",
        ),
        "ends before it starts … set.csv:3:4",
    ),
    "marking of a row that starts first": (
        whole(HEADER + "n1,A,2027-05-03 09:00,¶2027-05-02 12:00,2027-05-24 12:00,\n"),
        "marking starts before",
    ),
    "a row that is activated after its exam": (
        coded(
            'lifecycle: active, activate_from: "{x}", '
            "participation: {start: 2027-05-03 09:00, length: 1h}, "
            "marking: {start: 2027-05-05 12:00, length: 14d}",
            "2027-04-19 08:00",
            "¶2027-05-03 10:00",
        ),
        "after participation has ended",
    ),
    "a row that copies itself": (
        coded('copy_from: {flow: "{x}"}', "n7", "¶n1"),
        "copied from itself",
    ),
    "a person of two types in a row": (
        by_row(
            'key: "{code}"',
            "code,a,b\nn1,ada,bob\nn2,ada,ada\n",
            'assessors: [{people: ["{a}"], type: Internal}, {people: ["{b}"], ¶type: External}]',
        ),
        "contradicts",
    ),
    "memberships of a row and an entry that differ": (
        by_row(
            'key: "{code}"',
            "code,m\nn1,¶exact\n",
            'managers: [kim], membership: "{m}"',
            "role_assignments:\n- {flows: [n1], managers: [ada], membership: add_only}\n",
        ),
        "the managers of n1 are add_only there",
    ),
    "a selector that matches no row": (
        by_row('key: "{code}", term: "{t}"', "code,t\nn1,Spring\nn2,\n",
               more="role_assignments: [{¶flows: {term: Autumn}, managers: [kim]}]\n"),
        "no flow has term",
    ),
    "a flow that no row has": (
        by_row('key: "{code}"', "code\nn1\nn2\n",
               more="role_assignments: [{flows: [n1, ¶n3], managers: [kim]}]\n"),
        'no flow "n3" … n1, n2',
    ),
    "an allowance for a flow that no row has": (
        by_row('key: "{code}"', "code\nn1\n",
               more="allow: [{remove: participants, flows: [¶n3], until: 2027-05-01, reason: x}]\n"),
        'no flow "n3"',
    ),
    "a protected flow that no row has": (
        by_row('key: "{code}"', "code\nn1\n", more="protect: [flow/n1, ¶flow/n3]\n"),
        "no flow",
    ),
}  # fmt: skip
