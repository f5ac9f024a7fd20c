"""What is wrong with CSV files, in the file or where a manifest names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.manifests.repositories import Case


def roster(content: str | bytes, more: str = "") -> dict[str, str | bytes]:
    return {"m.yaml": f"rosters:\n  - {{key: r, csv: r.csv{more}}}\n", "r.csv": content}


def named(path: str, more: str = "") -> str:
    return f"rosters:\n  - {{key: r, ¶csv: {path}{more}}}\n"


def people(columns: str, content: str, more: str = "") -> dict[str, str | bytes]:
    return {
        "m.yaml": f"users:\n  - csv: people.csv\n    columns: {{{columns}}}\n{more}",
        "people.csv": content,
    }


CSV_CASES: dict[str, Case] = {
    # where it is named
    "a missing file": (named("none.csv"), 'no file "none.csv"'),
    "a missing file with a near one": (
        {"m.yaml": named("nursin.csv"), "nursing.csv": "key\na\n"},
        "did you mean nursing.csv?",
    ),
    "a file in the wrong case": (
        {"m.yaml": named("Nursing.csv"), "nursing.csv": "key\na\n"},
        "did you mean nursing.csv?",
    ),
    "a path out of the folder": (named("../r.csv"), "leads out"),
    "an absolute path": (named("/etc/passwd"), "leads out"),
    "a Windows path": (named("a\\r.csv"), "with /"),
    "a drive": (named("'C:\\r.csv'"), "unknown source"),
    "a home": (named("~/r.csv"), "no file"),
    "an unknown source": (named("'sis:r.csv'"), 'unknown source "sis" … wisectl.yaml'),
    "a folder": ({"m.yaml": named("people"), "people/x.csv": "key\na\n"}, "not a plain file"),
    "the manifests folder": (named("."), "not a plain file"),
    "an empty name": (named('""'), "empty"),
    "a number as a name": (named("17"), 'write "17"'),
    "a NUL in a name": (named('"a\\0b"'), "control"),
    "a very long name": (named("a" * 5000), "cannot be read"),
    "a missing column": (
        roster("name\nada\n") | {"m.yaml": "rosters:\n  - {key: r, ¶csv: r.csv}\n"},
        'no column "key"',
    ),
    "a missing column with a near one": (
        roster("student no,name\n1,a\n")
        | {"m.yaml": "rosters:\n  - {key: r, csv: r.csv, ¶column: student_no}\n"},
        "did you mean student no?",
    ),
    "a column in the wrong case": (
        roster("Key\nada\n") | {"m.yaml": "rosters:\n  - {key: r, csv: r.csv, ¶column: key}\n"},
        "did you mean Key?",
    ),
    # encodings
    "UTF-16": (
        roster("key\nada\n".encode("utf-16"))
        | {"r.csv": "key\nada\n".encode("utf-16"), "z.yaml": ""},
        "UTF-16 … UTF-8",
    ),
    "Latin-1": (roster("key,name\nada,Sør\n".encode("latin-1")), "not UTF-8 … UTF-8"),
    "a NUL": (roster("key\nab¶\x00c\n"), "U+0000"),
    "tabs": (roster("¶key\tname\nada\tAda\n"), "tabs … commas or semicolons"),
    "an empty file": (roster("¶"), "empty"),
    "a blank file": (roster("¶\n\n"), "empty"),
    "a byte order mark alone": (roster("\ufeff".encode()), "empty"),
    "a header alone": (roster("¶key,name\n"), "no rows"),
    "a header and blank lines": (roster("¶key\n\n\n"), "no rows"),
    # rows
    "a doubled header": (roster("key,name,¶name\nada,a,b\n"), "twice"),
    "a nameless column": (roster("key,¶\nada,x\n"), "no name"),
    "too few cells": (roster("key,name\n¶ada\nbob,Bob\n"), "1 cell … 2"),
    "too many cells": (roster("key,name\nbob,Bob\n¶ada,Ada,x\n"), "3 cells … 2"),
    "an empty key": (roster("name,key\nada,¶\nbob,b\n"), "empty"),
    "a blank key": (roster("name,key\nada,¶  \nbob,b\n"), "empty"),
    "a doubled person": (roster("key\nada\nbob\n¶ADA\n"), "line 2"),
    "an unclosed quote": (roster('key,name\nada,¶"Ada\nbob,Bob\n'), "not closed"),
    "text after a quote": (roster('key,name\nada,¶"Ada" B\n'), "quote"),
    "a line break in a key": (roster('key,name\n¶"a\nb",x\n'), "line break"),
    "a cell too long": (roster(f"name,key\nada,¶{'x' * 20_000}\n"), "over 1000"),
    "problems after a quoted line break": (
        roster('name,key\n"a\nb",x\nc,¶\n'),
        "empty",
    ),
    "a separator in quotes shifts no column": (
        roster('name,key\n"a,b ""c"" ",¶\n'),
        "empty",
    ),
    "a character beyond the plane counts once": (roster("name,key\n😀é,¶\nx,y\n"), "empty"),
    # users by row
    "an unknown user field": (
        people("key: login, ¶firstname: given", "login,given\na,A\n"),
        "did you mean first_name?",
    ),
    "a field that rows cannot state": (
        people("key: login, ¶profile: given", "login,given\na,A\n"),
        "no user field",
    ),
    "columns without key": (
        people("first_name: given", "login,given\na,A\n")
        | {"m.yaml": "users:\n  - csv: people.csv\n    ¶columns: {first_name: given}\n"},
        'no column "key"',
    ),
    "a column of people.csv that is not there": (
        people("key: login, ¶first_name: name", "login,given\na,A\n"),
        'no column "name"',
    ),
    "two columns that are not there": (
        people("¶key: id, ¶first_name: name", "login,given\na,A\n"),
        "id",
        "name",
    ),
    "a number as a column": (
        people("key: login, ¶first_name: 2", "login,2\na,A\n"),
        'write "2"',
    ),
    "columns that are a list": (
        people("", "login\na\n") | {"m.yaml": "users:\n- csv: people.csv\n  ¶columns: [login]\n"},
        "must be a mapping",
    ),
    "a wrong e-mail in a cell": (
        people("key: login, emails: mail", "login,mail\na,a@x.org\nb,¶b\n"),
        "e-mail",
    ),
    "a wrong language in a cell": (
        people("key: login, language: lang", "login,lang\na,en\nb,¶english\n"),
        "ISO 639-1",
    ),
    "a wrong login in a cell": (
        people("key: login, login: state", "login,state\na,¶off\n"),
        "disabled",
    ),
    "a name too long in a cell": (
        people("key: login, last_name: n", f"login,n\na,¶{'x' * 256}\n"),
        "255",
    ),
    "a user twice in a file": (people("key: login", "login\na\nb\n¶A\n"), "people.csv:2:1"),
    "a user in a file and in an entry": (
        people("key: login", "login\na\nb\n", "  - ¶key: B\n"),
        "people.csv:3:1",
    ),
    "one e-mail of two rows": (
        people("key: login, emails: mail", "login,mail\na,x@x.org\nb,¶X@x.org\n"),
        "people.csv:2:3",
    ),
    "stated for all and by column": (
        people("key: login, ¶language: lang", "login,lang\na,en\n", "    language: da\n"),
        "both",
    ),
    "names for everyone": (
        people("key: login", "login\na\nb\n", "    ¶first_name: Ada\n"),
        "everyone",
    ),
    "a wrong row and a wrong entry": (
        people("key: login", "login,x\na,1\n¶b\n", "    ¶rolles: [Manager]\n"),
        "roles",
        "1 cell",
    ),
}

for name in ("UTF-16", "a byte order mark alone", "Latin-1"):
    del CSV_CASES[name]
