"""OneRoster bundles are held against the published definitions, written out here once more.

Source: 1EdTech OneRoster 1.2, CSV binding, Final: the tables of its files. No definition here comes
from the engine, so that the two cannot agree by mistake.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from engine.errors import Location
from engine.grades.ledger import Line
from engine.grades.ledger_file import LedgerFile
from engine.grades.model import Destination, FlowFacts
from engine.grades.oneroster import Bundle
from tests.e2e.graded import Graded, due, number_of, set_out

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.office import Office


class Field(NamedTuple):
    """One column: what its values are, and whether there must be one."""

    name: str
    holds: str
    required: bool = False


def table(text: str) -> list[Field]:
    rows = [line.split() for line in text.strip().splitlines()]
    return [Field(name, holds, required == "yes") for name, holds, required in rows]


DEFINITIONS = {
    "categories.csv": table(
        """
        sourcedId               GUID        yes
        status                  Status      no
        dateLastModified        DateTime    no
        title                   String      yes
        weight                  Float       no
        """
    ),
    "lineItems.csv": table(
        """
        sourcedId               GUID        yes
        status                  Status      no
        dateLastModified        DateTime    no
        title                   String      yes
        description             String      no
        assignDate              Date        yes
        dueDate                 Date        yes
        classSourcedId          GUID        yes
        categorySourcedId       GUID        yes
        gradingPeriodSourcedId  GUID        yes
        resultValueMin          Float       yes
        resultValueMax          Float       yes
        schoolSourcedId         GUID        yes
        """
    ),
    "results.csv": table(
        """
        sourcedId               GUID        yes
        status                  Status      no
        dateLastModified        DateTime    no
        lineItemSourcedId       GUID        yes
        studentSourcedId        GUID        yes
        scoreStatus             ScoreStatus yes
        score                   Float       no
        scoreDate               Date        yes
        comment                 String      no
        textScore               String      no
        classSourcedId          GUID        no
        inProgress              Boolean     no
        incomplete              Boolean     no
        late                    Boolean     no
        missing                 Boolean     no
        """
    ),
}
PROPERTIES = re.findall(
    r"\S+",
    """
manifest.version oneroster.version file.academicSessions file.categories file.classes
file.classResources file.courses file.courseResources file.demographics file.enrollments
file.lineItemLearningObjectiveIds file.lineItems file.lineItemScoreScales file.orgs file.resources
file.resultLearningObjectiveIds file.results file.resultScoreScales file.roles file.scoreScales
file.userProfiles file.userResources file.users source.systemName source.systemCode
    """,
)


def is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None and bool(date.fromisoformat(text))


def matches(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text, re.ASCII | re.DOTALL) is not None


TYPES: dict[str, Callable[[str], bool]] = {
    "GUID": matches(r"[0-9A-Za-z._/@-]{1,255}"),
    "String": matches(r".+"),
    "Date": is_date,
    "DateTime": matches(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    "Float": matches(r"-?\d+(\.\d+)?"),
    "Boolean": matches("true|false"),
    "Status": matches("active|tobedeleted"),
    "ScoreStatus": matches("exempt|fully graded|not submitted|partially graded|submitted"),
}

Tables = dict[str, list[dict[str, str]]]


def validated(files: dict[str, bytes]) -> Tables:
    """The rows of a bundle in which nothing is against the definitions."""
    assert set(files) == {*DEFINITIONS, "manifest.csv"}
    _check_manifest(_rows(files["manifest.csv"]), set(DEFINITIONS))
    bundle: Tables = {}
    for name, fields in DEFINITIONS.items():
        header, *rows = _rows(files[name])
        assert header == [one.name for one in fields]
        assert {len(row) for row in rows} == {len(fields)}
        for row in rows:
            for one, value in zip(fields, row, strict=True):
                assert value or not one.required, (name, one.name)
                assert not value or TYPES[one.holds](value), (name, one.name, value)
                # In bulk mode these two say nothing.
                assert not value or one.name not in {"status", "dateLastModified"}
        bundle[name] = [dict(zip(header, row, strict=True)) for row in rows]
        ids = [row["sourcedId"] for row in bundle[name]]
        assert len(set(ids)) == len(ids)
    _check_references(bundle)
    return bundle


def _rows(data: bytes) -> list[list[str]]:
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    text = data.decode("utf-8")
    unquoted = re.sub(r'"(?:[^"]|"")*"', "", text, flags=re.DOTALL)
    assert unquoted.count("\n") == unquoted.count("\r\n") == unquoted.count("\r")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def _check_manifest(rows: list[list[str]], there: set[str]) -> None:
    header, *pairs = rows
    assert header == ["propertyName", "value"]
    assert [name for name, _ in pairs] == PROPERTIES
    values = dict(pairs)
    assert (values["manifest.version"], values["oneroster.version"]) == ("1.0", "1.2")
    for name, value in pairs:
        if name.startswith("file."):
            file = name.removeprefix("file.") + ".csv"
            assert value == ("bulk" if file in there else "absent")


def _check_references(bundle: Tables) -> None:
    line_items = {row["sourcedId"]: row for row in bundle["lineItems.csv"]}
    categories = {row["sourcedId"] for row in bundle["categories.csv"]}
    for row in line_items.values():
        assert row["categorySourcedId"] in categories
        assert row["assignDate"] <= row["dueDate"]
        assert float(row["resultValueMin"]) <= float(row["resultValueMax"])
    seats = set()
    for row in bundle["results.csv"]:
        line_item = line_items[row["lineItemSourcedId"]]
        assert row["classSourcedId"] == line_item["classSourcedId"]
        assert row["score"] or row["textScore"]
        if row["score"]:
            least, most = line_item["resultValueMin"], line_item["resultValueMax"]
            assert float(least) <= float(row["score"]) <= float(most)
        seats.add((row["lineItemSourcedId"], row["studentSourcedId"]))
    assert len(seats) == len(bundle["results.csv"])


def read(path: Path) -> Tables:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            return validated({name: archive.read(name) for name in archive.namelist()})
    return validated({one.name: one.read_bytes() for one in path.iterdir() if one.name[0] != "."})


def delivered(exams: Graded, bundle: Tables) -> dict[tuple[str, str], str]:
    """By flow, from its class, and person what the bundle says."""
    assert set(exams.flows) >= {row["classSourcedId"] for row in bundle["results.csv"]}
    rows = bundle["results.csv"]
    return {(row["classSourcedId"], row["studentSourcedId"]): row["textScore"] for row in rows}


@pytest.fixture
def exams(office: Office) -> Graded:
    return set_out(office, 2, 12, "A-F")


def export(
    exams: Graded, to: str = "out/", fields: dict[str, Any] | None = None, **more: Any
) -> Tables:
    """The bundle, after a run."""
    exams.export(to={"oneroster_csv": to, **more}, **(fields or {}))
    code, said = exams.run()
    assert code == 0, said
    return read(exams.office.root / to)


def state(exams: Graded, **fields: Any) -> None:
    """States more of exam-1."""
    entries = [{"key": key, **(fields if key == "exam-1" else {})} for key in exams.flows]
    exams.office.write(json.dumps({"flows": entries}), "flows.yaml")


def by_flow(bundle: Tables) -> dict[str, dict[str, str]]:
    return {row["classSourcedId"]: row for row in bundle["lineItems.csv"]}


@pytest.mark.parametrize("to", ["out/", "out/grades.zip"])
def test_a_bundle_is_as_the_definitions_want_it(exams: Graded, to: str) -> None:
    bundle = export(exams, to)
    assert delivered(exams, bundle) == due(exams)
    assert {row["scoreStatus"] for row in bundle["results.csv"]} == {"fully graded"}
    assert not [row for row in bundle["results.csv"] if row["score"]]  # Letters are no numbers.
    assert {row["schoolSourcedId"] for row in bundle["lineItems.csv"]} == {"wiseflow"}
    title = {row["title"] for row in bundle["lineItems.csv"]}
    assert title == {f"Cohort {number}" for number in exams.flows.values()}


@pytest.mark.parametrize("to", ["out/", "out/grades.zip"])
def test_ids_stay_through_runs_and_corrections(exams: Graded, to: str) -> None:
    def ids(bundle: Tables) -> set[tuple[str, str, str]]:
        """With what each stands for: the class of a line item, and the person of a result too."""
        return {
            (row["sourcedId"], row.get("classSourcedId", ""), row.get("studentSourcedId", ""))
            for rows in bundle.values()
            for row in rows
        }

    first = ids(export(exams, to))
    seat = exams.graded("exam-1")[0]
    exams.grade(seat, admin_grade="A" if seat["assessment"].get("adminGrade") != "6" else "B")
    bundle = export(exams, to)
    assert ids(bundle) == first
    assert delivered(exams, bundle) == due(exams)


def test_the_same_grades_are_the_same_bytes(exams: Graded) -> None:
    export(exams, "out/grades.zip")
    path = exams.office.root / "out" / "grades.zip"
    first = path.read_bytes()
    for one in path.parent.iterdir():
        one.unlink()
    export(exams, "out/grades.zip")
    assert path.read_bytes() == first


KEY = "Personal Organisation Id"
TITLE = 'Prøve "A", del 1;\u00a0再試験 — 𝔘'


def entitle(exams: Graded, key: str, **fields: str) -> None:
    path = f"/flows/{exams.flows[key]}/metadata"
    there = exams.office.stage.by_hand("GET", path)["data"]
    exams.office.stage.by_hand("PUT", path, there | fields)


def test_titles_are_quoted_and_kept(exams: Graded) -> None:
    entitle(exams, "exam-1", title=TITLE, subtitle='one\ntwo, "three"')
    entitle(exams, "exam-2", title="æ" * 255, subtitle="")
    rows = by_flow(export(exams))
    assert rows["exam-1"]["title"] == TITLE
    assert rows["exam-1"]["description"] == 'one\ntwo, "three"'
    assert rows["exam-2"]["title"] == "æ" * 255


def test_numbers_are_scores_between_their_bounds(office: Office) -> None:
    exams = set_out(office, 1, 6, "7-point scale")
    bundle = export(exams)
    assert [row for row in bundle["results.csv"] if row["score"]]
    for row in bundle["results.csv"]:
        assert float(row["score"]) == float(row["textScore"])
    (line_item,) = bundle["lineItems.csv"]
    assert (line_item["resultValueMin"], line_item["resultValueMax"]) == ("-3", "12")


def test_decimals_are_scores_too(office: Office) -> None:
    exams = set_out(office, 1, 3, "Percentage")
    seat = exams.graded("exam-1")[0]
    exams.grade(seat, grade="89.99")
    rows = export(exams)["results.csv"]
    (mine,) = [row for row in rows if row["studentSourcedId"] == number_of(seat)]
    assert (mine["score"], mine["textScore"]) == ("89.99", "89.99")


def test_codes_that_are_numbers_widen_the_bounds(exams: Graded) -> None:
    """Also the code of a word, which no scale knows."""
    codes = {"A": "5,5", "B": "4", "C": "3", "D": "2", "E": "1", "Fx": "0", "F": "0"}
    seat = exams.graded("exam-1")[0]
    exams.grade(seat, admin_grade="Sick")
    fields = {"codes": {"A-F": codes}, "alternative_codes": {"Sick": "-1"}}
    bundle = export(exams, "out/", fields)
    assert by_flow(bundle)["exam-1"]["resultValueMin"] == "-1"
    assert by_flow(bundle)["exam-2"]["resultValueMin"] == "0"
    assert {row["resultValueMax"] for row in bundle["lineItems.csv"]} == {"5.5"}


def test_a_word_is_text_alone(exams: Graded) -> None:
    seat = exams.graded("exam-1")[0]
    exams.grade(seat, admin_grade="Sick")
    rows = export(exams)["results.csv"]
    (mine,) = [
        row
        for row in rows
        if (row["studentSourcedId"], row["classSourcedId"]) == (number_of(seat), "exam-1")
    ]
    assert (mine["score"], mine["textScore"]) == ("", "Sick")


def test_terms_and_classes_are_ids(exams: Graded) -> None:
    state(exams, term="Autumn 2026", code="MATH 101/é")
    bundle = export(exams, classes="flow_code", school="org-42")
    rows = by_flow(bundle)
    assert set(rows) == {"MATH-101/-", "exam-2"}
    assert rows["MATH-101/-"]["gradingPeriodSourcedId"] == "Autumn-2026"
    assert {row["schoolSourcedId"] for row in rows.values()} == {"org-42"}


def test_without_a_term_there_is_a_period_all_the_same(exams: Graded) -> None:
    rows = export(exams)["lineItems.csv"]
    assert {row["gradingPeriodSourcedId"] for row in rows} == {"no-term"}


def test_days_are_those_of_the_exam(office: Office) -> None:
    """At half past midnight in Auckland it is still yesterday in UTC."""
    settings = office.root / "wisectl.yaml"
    text = settings.read_text(encoding="utf-8").replace("UTC", "Pacific/Auckland")
    settings.write_text(text, encoding="utf-8")
    exams = set_out(office, 1, 3, "A-F")
    moments = {"start": 1_794_825_000, "end": 1_794_835_000}  # 2026-11-16 10:30 UTC
    path = f"/flows/{exams.flows['exam-1']}/dates"
    office.stage.by_hand("PATCH", path, {"participation": moments})
    (row,) = export(exams)["lineItems.csv"]
    dates = (row["assignDate"], row["dueDate"])
    assert dates == ("2026-11-16", "2026-11-17")


def test_whoever_has_no_sourced_id_is_held_back_and_told(exams: Graded) -> None:
    """A changed identifier would be somebody else's, a wrong one would have all refused."""
    seat = exams.graded("exam-1")[0]
    kinds = exams.office.stage.by_hand("GET", "/license/user-data-types")["data"]
    kind = next(one["id"] for one in kinds if one["name"] == KEY)
    path = f"/users/{seat['userId']}/user-data"
    held = exams.office.stage.by_hand("GET", path)["data"]
    (row,) = [one for one in held if one["userDataTypeId"] == kind]
    exams.office.stage.by_hand("DELETE", f"{path}/{row['userDataId']}")
    odd = "robin+1@northfield.example"
    exams.office.stage.by_hand("POST", path, [{"userDataTypeId": kind, "value": odd}])
    exams.export(to={"oneroster_csv": "out/"}, known_by=KEY)
    code, document = exams.told()
    assert code == 8
    assert {one["participant"] for one in document["problems"]} == {seat["number"]}
    (message,) = {one["message"] for one in document["problems"]}
    assert message == f"has a {KEY} that cannot be a sourcedId"
    rows = read(exams.office.root / "out")["results.csv"]
    assert len(rows) == len(due(exams)) - len(document["problems"])


@pytest.mark.parametrize(
    ("graded", "starts", "ends", "dates"),
    [
        ((1_780_000_000, 1_790_000_000), "", "", ("2026-05-28", "2026-05-28")),
        ((1_780_000_000, None), "", "2026-05-20", ("2026-05-20", "2026-05-20")),
        ((None, None), "", "", ("2027-01-11", "2027-01-11")),
        ((None, None), "2026-05-19", "", ("2026-05-19", "2026-05-19")),
    ],
)
def test_dates_that_are_required_are_there_where_wiseflow_has_none(
    tmp_path: Path,
    graded: tuple[int | None, ...],
    starts: str,
    ends: str,
    dates: tuple[str, str],
) -> None:
    facts = FlowFacts(title="Oral", starts=starts, ends=ends, read="2027-01-11")._asdict()
    lines = [
        Line("oral", f"s{at}", at, 1, {"code": "A", "graded": moment}, facts)
        for at, moment in enumerate(graded)
    ]
    ledger = LedgerFile(tmp_path / "here" / "ledger", "staging/sis", lambda: None)
    to = Destination("oneroster_csv", "out/", Location("exports.yaml"))
    with ledger.writing() as opened:
        opened.write(lines, {})
        files = {name: "".join(rows).encode() for name, rows in Bundle(to).files(opened)}
    ledger.close()
    (row,) = validated(files)["lineItems.csv"]
    assert (row["assignDate"], row["dueDate"]) == dates
