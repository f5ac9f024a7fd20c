"""A grade that is withdrawn in WISEflow, and that the receiver has taken back by then."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.graded import Graded, due, letter, number_of, set_out
from tests.e2e.receiver import SECRET, Inbox, receiving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.databases import Database
    from tests.e2e.office import Office

Grades = dict[tuple[str, str], str]


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    monkeypatch.setenv("SIS_SECRET", SECRET)
    with receiving() as one:
        yield one


@pytest.fixture
def exams(office: Office) -> Graded:
    return set_out(office, 2, 12, "A-F")


def withdraw(exams: Graded) -> tuple[dict[str, Any], str]:
    """Somebody's grade is taken away again; who it was and what."""
    seat = next(one for one in exams.graded("exam-1") if not one["assessment"].get("adminGrade"))
    exams.grade(seat, grade=None)
    return seat, letter(seat["assessment"]["grade"])


def in_file(exams: Graded) -> Grades:
    path = exams.office.root / "out" / "grades.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["flow"], row["person"]): row["grade"] for row in csv.DictReader(file)}


def test_a_file_holds_it_until_the_manifest_says_that_it_was_taken_back(exams: Graded) -> None:
    exams.export()
    exams.run()
    seat, grade = withdraw(exams)
    gone = ("exam-1", number_of(seat))
    assert exams.told()[1]["summary"]["withdrawn"] == 1
    assert gone in in_file(exams)
    exams.export(taken_back={"exam-1": [number_of(seat)]})
    code, document = exams.told("--dry-run")
    assert (code, document["summary"]["taken_back"]) == (0, 1)
    assert gone in in_file(exams)
    code, said = exams.run()
    assert code == 0
    assert "0 withdrawn, 1 taken back." in said
    assert in_file(exams) == due(exams)
    code, document = exams.told()
    summary = document["summary"]
    assert (code, summary["withdrawn"], summary["taken_back"], document["written"]) == (0, 0, 0, [])
    exams.grade(seat, grade=grade)
    code, document = exams.told()
    assert (code, document["summary"]["new"]) == (8, 1)
    assert in_file(exams) == due(exams)
    (problem,) = document["problems"]
    assert problem["message"] == "stands under taken_back, and has a grade"
    assert problem["participant"] == seat["number"]
    exams.export()
    code, document = exams.told()
    assert (code, document["written"]) == (0, [])


def test_a_table_keeps_its_row_for_whoever_takes_it_back(exams: Graded, database: Database) -> None:
    exams.export(to={"sql": {"url": "${SIS_DATABASE}"}})
    exams.run()
    seat, grade = withdraw(exams)
    gone = ("exam-1", number_of(seat))
    exams.export(to={"sql": {"url": "${SIS_DATABASE}"}}, taken_back={"exam-1": [gone[1]]})
    assert exams.told()[1]["summary"]["taken_back"] == 1
    assert gone in database.grades()
    database.run(f"DELETE FROM wisectl_grades WHERE person = '{gone[1]}' AND flow = 'exam-1'")  # noqa: S608
    before = database.state()
    assert exams.told()[1]["summary"]["withdrawn"] == 0
    assert database.state() == before
    exams.grade(seat, grade=grade)
    assert exams.told()[1]["summary"]["new"] == 1
    assert database.grades() == due(exams)
    row = next(
        one for one in database.table("wisectl_deliveries") if (one["flow"], one["person"]) == gone
    )
    assert row["version"] == 2
    assert json.loads(row["content"])["grade"]["entered"] == grade


def test_a_post_of_it_counts_on_when_the_grade_is_back(exams: Graded, inbox: Inbox) -> None:
    """The receiver puts the higher version over the lower one, also of what it has taken back."""
    to = {"http": {"url": inbox.url, "secret": "${SIS_SECRET}"}}
    exams.export(to=to)
    exams.run()
    seat, grade = withdraw(exams)
    exams.export(to=to, taken_back={"exam-1": [number_of(seat)]})
    posts = len(inbox.posts)
    assert exams.told()[1]["summary"]["taken_back"] == 1
    assert exams.told()[1]["summary"]["taken_back"] == 0
    assert len(inbox.posts) == posts
    exams.grade(seat, grade=grade)
    exams.export(to=to)
    assert exams.run()[0] == 0
    mine = [one for one in inbox.deliveries() if one["person"] == number_of(seat)]
    first, second = (one["version"] for one in mine if one["flow"] == "exam-1")
    assert second == first + 1
    assert inbox.grades() == due(exams)


def test_what_is_still_there_is_not_taken_back_and_told(exams: Graded) -> None:
    """Nor what was never there: the next withdrawal would be believed to be done."""
    seat = exams.graded("exam-1")[0]
    exams.export(taken_back={"exam-1": [number_of(seat), "nobody"]})
    for flags in ((), ("--dry-run",), ()):
        code, document = exams.told(*flags)
        assert (code, document["summary"]["taken_back"]) == (8, 0)
        assert {(one["participant"], one["message"]) for one in document["problems"]} == {
            (seat["number"], "stands under taken_back, and has a grade"),
            (None, "stands under taken_back, and was never delivered"),
        }
        assert in_file(exams) == due(exams)


def test_a_line_that_is_about_a_grade_again_is_told_until_it_is_removed(exams: Graded) -> None:
    """Whoever removes it is told of the next withdrawal; a new line takes that one back too."""
    exams.export()
    exams.run()
    seat, grade = withdraw(exams)
    listed = {"exam-1": [number_of(seat)]}
    exams.export(taken_back=listed)
    assert exams.run()[0] == 0
    exams.grade(seat, grade=grade)
    for _ in range(2):
        code, document = exams.told()
        assert code == 8
        assert [one["hint"] for one in document["problems"]] == ["remove it there"]
    exams.export()
    assert exams.run()[0] == 0
    exams.grade(seat, grade=None)
    for _ in range(2):
        assert exams.told()[1]["summary"]["withdrawn"] == 1
        assert ("exam-1", number_of(seat)) in in_file(exams)
    exams.export(taken_back=listed)
    assert exams.told()[1]["summary"]["taken_back"] == 1
    assert in_file(exams) == due(exams)


def test_an_identifier_that_was_mended_is_a_problem_until_the_old_one_is_taken_back(
    exams: Graded,
) -> None:
    exams.export()
    exams.run()
    seat = exams.graded("exam-1")[0]
    old = number_of(seat)
    kinds = exams.office.stage.by_hand("GET", "/license/user-data-types")["data"]
    kind = next(one["id"] for one in kinds if one["name"] == "Student Number")
    path = f"/users/{seat['userId']}/user-data"
    (row,) = [
        one
        for one in exams.office.stage.by_hand("GET", path)["data"]
        if one["userDataTypeId"] == kind
    ]
    exams.office.stage.by_hand("DELETE", f"{path}/{row['userDataId']}")
    exams.office.stage.by_hand("POST", path, [{"userDataTypeId": kind, "value": "99887766"}])
    for _ in range(2):
        code, document = exams.told()
        assert code == 8
        assert {one["hint"] for one in document["problems"]} == {
            "have that one taken back where it was delivered to, then state taken_back"
        }
    flows = [flow for flow, person in in_file(exams) if person == old]
    exams.export(taken_back={flow: [old] for flow in flows})
    for _ in range(2):
        assert exams.run()[0] == 0
    assert in_file(exams) == due(exams)


def test_a_flow_that_is_not_there_is_told(exams: Graded) -> None:
    exams.export(taken_back={"exam-9": ["04100000"]})
    code, said = exams.run()
    assert code == 3
    assert 'no flow "exam-9"' in said
