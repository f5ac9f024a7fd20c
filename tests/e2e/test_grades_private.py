"""What an export says: no grade, no secret, and in CI nobody who can be recognised."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.graded import Graded, number_of, set_out

if TYPE_CHECKING:
    from tests.e2e.office import Office

ODD = {"A": "ZQ-A", "B": "ZQ-B", "C": "ZQ-C", "D": "ZQ-D", "E": "ZQ-E", "Fx": "ZQ-F", "F": "ZQ-G"}
"""Codes that stand nowhere by chance."""


@pytest.fixture
def exams(office: Office) -> Graded:
    """One exam with a change, a withdrawal, and somebody without an identifier."""
    exams = set_out(office, 1, 12, "A-F")
    exams.export(codes={"A-F": ODD}, columns=["flow", "person", "grade", "data.External User Id"])
    return exams


def troubled(exams: Graded) -> list[dict[str, Any]]:
    """Delivers, then lets something happen to three people; everybody who has a grade."""
    seats = exams.graded("exam-1")
    exams.run()
    changed, gone, nobody = [one for one in seats if not one["assessment"].get("adminGrade")][:3]
    exams.grade(changed, admin_grade="A")
    exams.grade(gone, grade=None)
    path = f"/users/{nobody['userId']}/user-data"
    for row in exams.office.stage.by_hand("GET", path)["data"]:
        if row["value"] == number_of(nobody):
            exams.office.stage.by_hand("DELETE", f"{path}/{row['userDataId']}")
    exams.grade(nobody, grade="B")
    return seats


def words(seats: list[dict[str, Any]]) -> set[str]:
    """What would tell who somebody is."""
    ids = {one["value"] for seat in seats for one in seat["user"]["externalIds"]}
    names = {f"{seat['user']['firstName']} {seat['user']['lastName']}" for seat in seats}
    return ids | names


@pytest.mark.parametrize("flags", [(), ("--dry-run",), ("--json",), ("--json", "--dry-run")])
@pytest.mark.parametrize("loud", [(), ("-v",)])
def test_in_ci_nobody_is_recognised(
    exams: Graded,
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
    loud: tuple[str, ...],
) -> None:
    seats = troubled(exams)
    monkeypatch.setenv("CI", "true")
    code, said = exams.office.call(*loud, "grades", "export", *flags)
    assert code == 8, said
    assert "problem" in said
    assert [word for word in words(seats) if word in said] == []
    assert "ZQ-" not in said


@pytest.mark.parametrize("flags", [(), ("--dry-run",), ("--json",)])
def test_what_is_no_terminal_is_a_log(exams: Graded, flags: tuple[str, ...]) -> None:
    """A line of cron, or a file that output is sent to, stays longer than anybody thinks."""
    seats = troubled(exams)
    code, said = exams.office.call("-v", "grades", "export", *flags)
    assert code == 8, said
    assert [word for word in words(seats) if word in said] == []
    assert "ZQ-" not in said


def test_an_institution_may_say_that_nothing_is_masked(exams: Graded) -> None:
    seats = troubled(exams)
    settings = exams.office.root / "wisectl.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("    wiseflow:", "    mask: off\n    wiseflow:"), "utf-8")
    document = exams.told("--dry-run")[1]
    (gone,) = document["withdrawn"]
    assert gone["person"] in {number_of(seat) for seat in seats}


def test_the_document_for_machines_says_who_is_withdrawn(exams: Graded) -> None:
    troubled(exams)
    numbers = {one["number"] for one in exams.seats("exam-1") if not one["assessment"].get("grade")}
    for flags in ((), ("--dry-run",)):
        (gone,) = exams.told(*flags)[1]["withdrawn"]
        assert gone["flow"] == "exam-1"
        assert gone["participant"] in numbers
        assert gone["person"].endswith("•••")


def test_on_a_terminal_people_are_named_and_grades_only_where_asked(
    exams: Graded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.commands.grades._is_terminal", lambda: True)
    seats = troubled(exams)
    changed = next(one for one in seats if not one["assessment"].get("adminGrade"))
    code, said = exams.run("--dry-run")
    assert code == 8
    assert f"participant {changed['number']} ({number_of(changed)})   changed" in said
    assert "ZQ-" not in said
    said = exams.office.call("-v", "grades", "export", "--dry-run")[1]
    assert "→ ZQ-A" in said


def test_the_document_for_machines_never_has_a_grade(exams: Graded) -> None:
    troubled(exams)
    for loud in ((), ("-v",)):
        said = exams.office.call(*loud, "grades", "export", "--json")[1]
        assert "ZQ-" not in json.dumps(json.JSONDecoder().raw_decode(said[said.index("{") :])[0])


@pytest.mark.parametrize(
    "value",
    [
        "postgresql+psycopg://grader:s3cret-of-the-sis@127.0.0.1:1/sis",
        "no url at all: s3cret-of-the-sis",
        "oracle+nothing://grader:s3cret-of-the-sis@127.0.0.1:1/sis",
    ],
)
def test_no_secret_is_shown_where_a_destination_fails(
    exams: Graded, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SIS", value)
    exams.export(to={"sql": {"url": "${SIS}"}})
    code, said = exams.run()
    assert code == 1, said
    assert "s3cret" not in said
    assert "Traceback" not in said


def test_a_variable_that_is_not_set_is_a_problem_at_its_place(exams: Graded) -> None:
    exams.export(to={"sql": {"url": "${NO_SUCH_DATABASE}"}})
    code, said = exams.run()
    assert code == 3
    assert "the environment variable NO_SUCH_DATABASE is not set" in said
    assert "manifests/exports.yaml:1:" in said


def test_a_list_that_cannot_be_read_fails_its_flow_alone(office: Office) -> None:
    exams = set_out(office, 2, 6, "A-F")
    exams.export()
    office.stage.checked = False
    path = "/flow/{flowId}/assessments"
    fault = {"method": "GET", "path": path, "kind": "status", "status": 500, "times": 1}
    office.stage.control("POST", "faults", [fault])
    code, document = exams.told()
    failed = [one for one in document["flows"] if one["failed"]]
    assert code == 8
    assert [one["flow"] for one in failed] == ["exam-1"]
    assert "could not be read" in failed[0]["failed"]
    assert exams.told()[0] == 0


def test_a_list_that_comes_short_takes_nothing_away(exams: Graded) -> None:
    exams.run()
    count = len(exams.graded("exam-1"))
    exams.office.stage.checked = False
    path = "/flow/{flowId}/assessments"
    fault = {"method": "GET", "path": path, "kind": "truncate", "times": 9}
    exams.office.stage.control("POST", "faults", [fault])
    code, _ = exams.told()
    assert code != 0
    exams.office.stage.control("POST", "faults", [])
    text = (exams.office.root / "out" / "grades.csv").read_text(encoding="utf-8")
    assert len(text.splitlines()) == count + 1
