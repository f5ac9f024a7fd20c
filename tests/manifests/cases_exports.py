"""What is wrong with grade exports: destinations, what goes with them, columns, codes, flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.manifests.repositories import Case

FLOW = "flows: [{key: law, title: Law}]\n"
HEAD = f"{FLOW}grade_exports:\n  - key: sis\n    flows: [law]\n"


def export(to: str, *more: str) -> str:
    """An export of one flow, with other lines below it."""
    mark = "¶" if to.startswith("¶") else ""
    return HEAD + "".join(f"    {line}\n" for line in (f"{mark}to: {to.lstrip('¶')}", *more))


CSV = "{csv: out/g.csv}"
CODES = "codes: {{7-point scale: {{{}}}}}"

EXPORT_CASES: dict[str, Case] = {
    "an export to nowhere": (export("¶{}"), "says of no destination … oneroster_csv, csv"),
    "an export without a place": (
        f"{FLOW}grade_exports:\n  - ¶key: sis\n    flows: [law]\n",
        'lacks "to"',
    ),
    "an export without flows": (
        f"{FLOW}grade_exports:\n  - ¶key: sis\n    to: {CSV}\n",
        'lacks "flows"',
    ),
    "an export of a flow that is not there": (
        HEAD.replace("[law]", "[¶lav]") + f"    to: {CSV}\n",
        'no flow "lav" … did you mean law?',
    ),
    "an export that selects no flow": (
        HEAD.replace("flows: [law]", "¶flows: {term: Autumn}") + f"    to: {CSV}\n",
        'no flow has term "Autumn"',
    ),
    "two exports with one key": (
        f"{FLOW}grade_exports:\n  - {{key: sis, flows: [law], to: {CSV}}}\n"
        "  - {¶key: SIS, flows: [law], to: {csv: out/h.csv}}\n",
        "stands twice in grade_exports",
    ),
    "two exports to one file": (
        f"{FLOW}grade_exports:\n  - {{key: sis, flows: [law], to: {CSV}}}\n"
        "  - {key: more, flows: [law], to: {¶csv: out/g.csv}}\n",
        "another export goes there: manifests/m.yaml:3",
    ),
    "two destinations in one export": (
        export("¶{csv: out/g.csv, jsonl: out/g.jsonl}"),
        "states both csv and jsonl … with a key of its own",
    ),
    "a destination that is unknown": (
        export("{¶cvs: out/g.csv}"),
        'unknown key "cvs" … did you mean csv?',
    ),
    "a path out of the repository": (export("{¶csv: ../g.csv}"), "no path below"),
    "an absolute path": (export("{¶csv: /tmp/g.csv}"), "no path below"),
    "a path with a back slash": (export("{¶csv: 'out\\g.csv'}"), "no path below"),
    "a folder where a file is written": (export("{¶csv: out/}"), "is a folder … name the file"),
    "a source that is unknown": (export("{¶csv: 'sis:g.csv'}"), 'no source "sis" … wisectl.yaml'),
    "classes of a file": (
        export("{csv: out/g.csv, ¶classes: subtitle}"),
        "does not go with csv … it goes with oneroster_csv",
    ),
    "a school of a database": (
        export("{sql: {url: '${SIS}'}, ¶school: north}"),
        "does not go with sql … it goes with oneroster_csv",
    ),
    "a database written out": (
        export("{sql: {¶url: 'postgresql://me:s3cret@db/sis'}}"),
        "holds a password literally … ${NAME}",
    ),
    "a password in a question to a database": (
        export("{sql: {¶url: 'postgresql://db/sis?user=me&password=s3cret'}}"),
        "holds a password literally",
    ),
    "a database that is no URL": (
        export("{sql: {¶url: exports/grades.db}}"),
        "is no URL of a database … sqlite:///",
    ),
    "a database out of the repository": (
        export("{sql: {¶url: 'sqlite:///../x.db'}}"),
        "leads out of the repository",
    ),
    "a bundle in one file": (
        export("{¶oneroster_csv: out/g.csv}"),
        "is one file, and a bundle has four … a .zip",
    ),
    "a school that is no sourcedId": (
        export("{oneroster_csv: out/, ¶school: North Field}"),
        "is no sourcedId",
    ),
    "grades among what git keeps": (export("{¶csv: .git/g.csv}"), "something else is kept"),
    "a database without its URL": (export("{¶sql: {table: grades}}"), 'lacks "url"'),
    "a database that is text": (
        export("{¶sql: '${SIS}'}", "¶columns: [flow, person]"),
        "must be a mapping, and is text … {url: ${NAME}",
        "have no grade",
    ),
    "an address that is text": (
        export("{¶http: 'https://sis.example.org/'}"),
        "must be a mapping, and is text … {url: https",
    ),
    "a table that is the ledger": (
        export("{sql: {url: '${SIS}', ¶table: sis.Wisectl_Exports}}"),
        "keeps what it has delivered … name another table",
    ),
    "a table in a schema in a database": (
        export("{sql: {url: '${SIS}', ¶table: a.b.c}}"),
        "is no name of a table … one point behind a schema",
    ),
    "a table with a space": (export("{sql: {url: '${SIS}', ¶table: my grades}}"), ""),
    "an address without a secret": (
        export("{¶http: {url: 'https://sis.example.org/grades'}}"),
        'lacks "secret"',
    ),
    "a literal secret of an address": (
        export("{http: {url: 'https://sis.example.org/', ¶secret: s3cret-of-the-sis}}"),
        "must not stand here literally",
    ),
    "plain http to another machine": (
        export("{http: {¶url: 'http://sis.example.org/', secret: '${SIS}'}}"),
        "plain http is only for this machine",
    ),
    "no grades in a batch": (
        export("{http: {url: 'https://sis.example.org/', secret: '${SIS}', ¶batch: 0}}"),
        "",
    ),
    "a column that is unknown": (
        export(CSV, "columns: [flow, person, ¶grades]"),
        'no column "grades" … did you mean grade?',
    ),
    "columns without a grade": (
        export(CSV, "¶columns: [flow, person]"),
        "have no grade",
    ),
    "columns without a person": (export(CSV, "¶columns: [flow, grade]"), "have no person"),
    "columns without a flow": (
        export(CSV, "¶columns: [person, grade]"),
        "do not say of which flow … flow, flow_code, subtitle",
    ),
    "a column twice": (
        export(CSV, "columns: [flow, person, grade, ¶flow]"),
        "stands twice in this list",
    ),
    "columns of OneRoster": (
        export("{oneroster_csv: out/}", "¶columns: [flow, person, grade]"),
        "do not go with oneroster_csv",
    ),
    "a column that every post has": (
        export(
            "{http: {url: 'https://sis.example.org/', secret: '${SIS}'}}",
            "¶columns: [flow, person, grade, version]",
        ),
        "are called version, which every grade that is posted has already",
    ),
    "two columns that are one in a database": (
        export("{sql: {url: '${SIS}'}}", "¶columns: {mark: grade, Mark: flow, who: person}"),
        "mark and Mark are one column",
    ),
    "grades that do not count": (
        export(CSV, "counts: [final, ¶last]"),
        "administrative",
    ),
    "grades that count twice": (export(CSV, "¶counts: [final, final]"), "final stands twice"),
    "no grade that counts": (export(CSV, "¶counts: []"), ""),
    "a number as a grade": (export(CSV, CODES.format("12: A")),),
    "a number as a code": (export(CSV, CODES.format("¶'12': 4")), "must be text"),
    "no codes of a scale": (export(CSV, "codes: {¶7-point scale: {}}"), ""),
    "ranges that overlap": (
        export(CSV, "codes: {Percentage: {0 .. 50: F, ¶50 .. 100: A}}"),
        "overlaps another range … let each begin after it",
    ),
    "a range that goes down": (
        export(CSV, "codes: {Percentage: {¶50 .. 10: F}}"),
        "ends before it begins … smaller number first",
    ),
    "codes of grades that do not count": (
        export(CSV, "counts: [final]", "¶alternative_codes: {Sick: S}"),
        "are about grades that do not count … add administrative or alternative",
    ),
    "an export that is text": (f"{FLOW}grade_exports:\n  - ¶flow/law\n", "must be a mapping"),
}
