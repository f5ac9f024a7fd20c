"""`grades export`: every grade is delivered once, to the right person, with the right code."""

from __future__ import annotations

import csv
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.graded import Graded, due, letter, number_of, set_out

if TYPE_CHECKING:
    from tests.e2e.office import Office


@pytest.fixture
def exams(office: Office) -> Graded:
    return set_out(office, 2, 30, "A-F")


def rows(exams: Graded, name: str = "out/grades.csv") -> list[dict[str, str]]:
    with (exams.office.root / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def delivered(exams: Graded) -> dict[tuple[str, str], str]:
    found = {(row["flow"], row["person"]): row["grade"] for row in rows(exams)}
    assert len(found) == len(rows(exams))
    return found


def test_every_grade_arrives_once_with_its_person_and_its_code(exams: Graded) -> None:
    exams.export()
    code, said = exams.run()
    assert code == 0, said
    assert len(due(exams)) > 40
    assert delivered(exams) == due(exams)


def test_an_export_with_nothing_new_sends_and_writes_nothing(exams: Graded) -> None:
    exams.export()
    exams.run()
    path = exams.office.root / "out" / "grades.csv"
    before = {one: one.stat().st_mtime_ns for one in path.parent.iterdir()}
    code, document = exams.told()
    assert code == 0
    assert document["summary"]["new"] == document["summary"]["changed"] == 0
    assert document["summary"]["unchanged"] == len(due(exams))
    assert document["written"] == []
    assert {one: one.stat().st_mtime_ns for one in path.parent.iterdir()} == before


def test_a_correction_arrives_as_one_change(exams: Graded) -> None:
    exams.export()
    exams.run()
    seat = next(one for one in exams.graded("exam-1") if not one["assessment"].get("adminGrade"))
    exams.grade(seat, grade="B" if letter(seat["assessment"]["grade"]) != "B" else "C")
    code, document = exams.told()
    assert code == 0
    assert document["summary"]["changed"] == 1
    assert document["summary"]["new"] == 0
    assert delivered(exams) == due(exams)
    assert exams.told()[1]["summary"]["changed"] == 0


def test_a_withdrawn_grade_is_told_and_not_deleted(exams: Graded) -> None:
    exams.export()
    exams.run()
    before = delivered(exams)
    seat = next(one for one in exams.graded("exam-1") if not one["assessment"].get("adminGrade"))
    exams.grade(seat, grade=None)
    for _ in range(2):
        code, document = exams.told()
        assert (code, document["summary"]["withdrawn"]) == (0, 1)
    assert delivered(exams) == before


def test_a_dry_run_says_what_would_be_delivered_and_writes_nothing(exams: Graded) -> None:
    exams.export()
    code, said = exams.run("--dry-run")
    assert code == 0, said
    count = len(due(exams))
    assert f"Grades of sis, dry run: {count} new, 0 changed, 0 unchanged, 0 withdrawn." in said
    assert not (exams.office.root / "out").exists()


def test_a_dry_run_tells_of_a_file_where_a_folder_is_to_be(exams: Graded) -> None:
    (exams.office.root / "out").write_text("Marks are put here.\n", encoding="utf-8")
    exams.export(to={"csv": "out/spring/grades.csv"})
    code, said = exams.run("--dry-run")
    assert code == 1
    assert "out/spring cannot be written: " in said
    assert "out is a file" in said


@pytest.mark.parametrize("flags", [(), ("--dry-run",)])
def test_a_ledger_that_is_damaged_is_told_and_left(exams: Graded, flags: tuple[str, ...]) -> None:
    exams.export()
    exams.run()
    ledger = exams.office.root / "out" / ".sis.ledger"
    damaged = b"SQLite format 3\0" + b"\xff" * 5000
    ledger.write_bytes(damaged)
    before = delivered(exams)
    code, said = exams.run(*flags)
    assert code == 1
    assert "ledger" in said
    assert "Traceback" not in said
    assert ledger.read_bytes() == damaged
    assert delivered(exams) == before


def test_a_user_data_type_that_the_licence_has_not_is_told_once(exams: Graded) -> None:
    exams.export(known_by="Studnet Number")
    for flags in (("--dry-run",), ()):
        code, said = exams.run(*flags)
        assert code == 1
        assert 'no user data type "Studnet Number"; it has' in said
        assert "Student Number" in said
        assert said.count("Studnet") == 1


def test_a_scale_that_codes_say_nothing_of_is_one_problem(exams: Graded) -> None:
    exams.export(flows=["exam-1"], codes={"7-point scale": {"12": "A"}})
    code, document = exams.told()
    (problem,) = document["problems"]
    assert code == 8
    count = sum(flow == "exam-1" for flow, _ in due(exams))
    message = f'nothing in codes is about the scale "A-F", and keeps back {count}'
    assert problem["message"] == message
    assert problem["hint"] == "see codes at manifests/exports.yaml:1"


def test_git_ignores_the_folder_that_we_make_and_not_that_of_somebody(exams: Graded) -> None:
    folders = [exams.office.root / name for name in ("out", "theirs")]
    folders[1].mkdir()
    (folders[1] / "README").write_text("Marks are put here.\n", encoding="utf-8")
    for folder in folders:
        exams.export(to={"csv": f"{folder.name}/grades.csv"})
        assert exams.run()[0] == 0
    assert [(one / ".gitignore").exists() for one in folders] == [True, False]


def test_before_marking_ends_nothing_is_delivered_unless_asked(office: Office) -> None:
    exams = set_out(office, 1, 10, "A-F")
    number = exams.flows["exam-1"]
    dates = office.stage.by_hand("GET", f"/flows/{number}/dates")["data"]
    later = {"marking": {"start": dates["marking"]["start"], "end": 1_900_000_000}}
    office.stage.by_hand("PATCH", f"/flows/{number}/dates", later)
    exams.export()
    code, said = exams.run()
    assert code == 0
    assert "waiting: it is past its end, marking ends" in said
    assert not (office.root / "out").exists()
    exams.export(before_marking_ends=True)
    exams.run()
    assert delivered(exams) == due(exams)


def test_what_keeps_a_grade_back_is_told_and_stops_nothing_else(exams: Graded) -> None:
    """No identifier, no code, one person twice: each with its participant, and exit 8."""
    seats = exams.graded("exam-1")
    kinds = exams.office.stage.by_hand("GET", "/license/user-data-types")["data"]
    kind = next(one["id"] for one in kinds if one["name"] == "Student Number")
    nobody, first, second = seats[0], seats[1], seats[2]
    for seat, value in ((nobody, None), (second, number_of(first))):
        path = f"/users/{seat['userId']}/user-data"
        held = exams.office.stage.by_hand("GET", path)["data"]
        (row,) = [one for one in held if one["userDataTypeId"] == kind]
        exams.office.stage.by_hand("DELETE", f"{path}/{row['userDataId']}")
        if value:
            body = [{"userDataTypeId": kind, "value": value}]
            exams.office.stage.by_hand("POST", path, body)
    exams.export(flows=["exam-1"], codes={"A-F": {"A": "1", "B": "2", "C": "3", "D": "4"}})
    code, document = exams.told()
    problems = {(one["participant"], one["message"]) for one in document["problems"]}
    assert code == 8
    assert (nobody["number"], "has no Student Number") in problems
    twice = f"participant {first['number']} and participant {second['number']} are one person"
    assert {number for number, said in problems if said.startswith(twice)} == {
        first["number"],
        second["number"],
    }
    lacking = [said for _, said in problems if "has no code" in said]
    assert lacking, problems
    kept = {number for number, _ in problems}
    assert len(rows(exams)) == len([one for one in seats if one["number"] not in kept])


def test_a_number_that_two_people_have_on_two_exams_is_told(office: Office) -> None:
    """A wrong digit must not put a grade on somebody else's record."""
    exams = set_out(office, 1, 8, "A-F")
    other = set_out(office, 1, 8, "A-F", keys=["other-1"])
    both = Graded(office, {**exams.flows, **other.flows})
    first, second = exams.graded("exam-1")[0], other.graded("other-1")[0]
    assert first["userId"] != second["userId"]
    known(office, second, number_of(first))
    office.write(json.dumps({"flows": [{"key": key} for key in both.flows]}), "flows.yaml")
    both.export(flows=list(both.flows))
    for _ in range(2):
        code, document = both.told()
        assert code == 8
        (problem,) = document["problems"]
        assert (problem["flow"], problem["participant"]) == ("other-1", second["number"])
        assert problem["message"] == "has the identifier of somebody else on exam-1"
        assert ("other-1", number_of(first)) not in delivered(both)
        assert len(delivered(both)) == len(due(both)) - 1


def known(office: Office, seat: dict[str, Any], number: str) -> None:
    """Somebody is known by another number from now on."""
    kinds = office.stage.by_hand("GET", "/license/user-data-types")["data"]
    kind = next(one["id"] for one in kinds if one["name"] == "Student Number")
    path = f"/users/{seat['userId']}/user-data"
    held = office.stage.by_hand("GET", path)["data"]
    (row,) = [one for one in held if one["userDataTypeId"] == kind]
    office.stage.by_hand("DELETE", f"{path}/{row['userDataId']}")
    office.stage.by_hand("POST", path, [{"userDataTypeId": kind, "value": number}])


def test_an_administrative_grade_overrules_and_a_word_has_a_code_of_its_own(exams: Graded) -> None:
    exams.export(alternative_codes={"Sick": "S"})
    seat, other = exams.graded("exam-1")[:2]
    exams.grade(seat, admin_grade="Sick")
    exams.grade(other, admin_grade="A")
    code, said = exams.run()
    assert code == 0, said
    found = delivered(exams)
    assert found["exam-1", number_of(seat)] == "S"
    assert found["exam-1", number_of(other)] == "A"


@pytest.mark.parametrize(
    ("stored", "shown"), [("8999", "89.99"), ("10000", "100.00"), ("0", "0.00")]
)
def test_numbers_are_told_as_they_were_entered(office: Office, stored: str, shown: str) -> None:
    exams = set_out(office, 1, 3, "Percentage")
    seat = exams.graded("exam-1")[0]
    exams.grade(seat, grade=shown)
    assert exams.graded("exam-1")[0]["assessment"]["grade"] == stored
    exams.export(columns=["flow", "person", "grade", "stored"])
    exams.run()
    row = next(one for one in rows(exams) if one["person"] == number_of(seat))
    assert (row["grade"], row["stored"]) == (shown, stored)


def test_ranges_of_numbers_have_codes(office: Office) -> None:
    exams = set_out(office, 1, 3, "Percentage")
    seats = exams.graded("exam-1")
    for seat, grade in zip(seats, ("85", "84.99", "12.5"), strict=False):
        exams.grade(seat, grade=grade)
    exams.export(codes={"Percentage": {"85 .. 100": "A", "50 .. 84.99": "B", "0 .. 49.99": "F"}})
    code, said = exams.run()
    assert code == 0, said
    found = delivered(exams)
    assert [found["exam-1", number_of(one)] for one in seats] == ["A", "B", "F"][: len(seats)]


def test_json_lines_hold_the_chosen_columns(exams: Graded) -> None:
    columns = {"student": "person", "exam": "flow", "mark": "grade", "key": "data.External User Id"}
    exams.export(to={"jsonl": "out/grades.jsonl"}, columns=columns)
    exams.run()
    text = (exams.office.root / "out" / "grades.jsonl").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = [json.loads(row) for row in text.splitlines()]
    assert {(one["exam"], one["student"]): one["mark"] for one in found} == due(exams)
    assert all([*one] == [*columns] for one in found)


def test_no_request_is_sent_for_a_person_whom_a_list_tells_of(exams: Graded) -> None:
    exams.export()
    before = exams.office.stage.control("GET", "requests")
    exams.run()
    after = exams.office.stage.control("GET", "requests")
    sent = {name: count - before.get(name, 0) for name, count in after.items()}
    sent = {name: count for name, count in sent.items() if count}
    assert not [name for name in sent if "{userId}" in name or "{participantId}" in name]
    assert sent["GET /flow/{flowId}/assessments"] == 2


def test_a_flow_that_may_not_be_the_one_is_not_exported(exams: Graded) -> None:
    """Adopted by number, under another title than it has."""
    adopted = {"flow": "exam-1", "environment": "staging", "server_id": exams.flows["exam-2"]}
    entry = json.dumps({"adopt": [{**adopted, "title": "Not this one"}]})
    exams.office.write(entry, "adopted.yaml")
    exams.export()
    code, document = exams.told()
    failed = {one["flow"]: one["failed"] for one in document["flows"] if one["failed"]}
    assert code == 8
    assert "nobody can say which flow it is" in failed["exam-1"]


def test_one_flow_under_two_keys_is_not_exported_twice(exams: Graded) -> None:
    number = exams.flows["exam-1"]
    reference = {"reference": "wisectl-exam-9"}
    exams.office.stage.by_hand("POST", f"/flows/{number}/external-sources", reference)
    entries = [{"key": key} for key in (*exams.flows, "exam-9")]
    exams.office.write(json.dumps({"flows": entries}), "flows.yaml")
    exams.export()
    code, document = exams.told()
    failed = {one["flow"]: one["failed"] for one in document["flows"] if one["failed"]}
    assert code == 8
    assert failed == {
        "exam-1": "it and flow/exam-9 are one in WISEflow",
        "exam-9": "it and flow/exam-1 are one in WISEflow",
    }
    assert {row["flow"] for row in rows(exams)} == {"exam-2"}


def test_archived_flows_are_exported_too(exams: Graded) -> None:
    exams.office.stage.by_hand("PATCH", f"/flows/{exams.flows['exam-1']}/archive")
    exams.export()
    code, said = exams.run()
    assert code == 0, said
    assert {row["flow"] for row in rows(exams)} == {"exam-1", "exam-2"}


def test_a_key_that_no_export_has_is_told(exams: Graded) -> None:
    exams.export()
    code, said = exams.run("sos")
    assert code == 1
    assert "no grade export sos: did you mean sis?" in said


@pytest.mark.parametrize(
    ("to", "there"),
    [
        ({"csv": "ex/roster.csv"}, "ex/roster.csv"),
        ({"csv": "manifests/flows.yaml"}, "manifests/flows.yaml"),
        ({"jsonl": "wisectl.yaml"}, "wisectl.yaml"),
        ({"oneroster_csv": "ex/"}, "ex/manifest.csv"),
        ({"oneroster_csv": "ex/grades.zip"}, "ex/grades.zip"),
    ],
)
@pytest.mark.parametrize("flags", [(), ("--dry-run",)])
def test_a_file_that_the_export_did_not_write_is_never_written_over(
    exams: Graded, to: dict[str, str], there: str, flags: tuple[str, ...]
) -> None:
    path = exams.office.root / there
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_text("somebody else's\n", encoding="utf-8")
    before = path.read_bytes()
    exams.export(to=to)
    code, said = exams.run(*flags)
    assert code == 1
    assert f"{there} is there already, and this export did not write it" in said
    assert path.read_bytes() == before


def test_a_file_that_is_gone_or_of_another_shape_is_written_anew(exams: Graded) -> None:
    exams.export()
    exams.run()
    exams.office.root.joinpath("out/grades.csv").unlink()
    for _ in range(2):
        code, document = exams.told()
        assert (code, document["summary"]["new"]) == (0, 0)
        assert delivered(exams) == due(exams)
    assert document["written"] == []
    exams.export(columns=["flow", "person", "grade", "title"])
    assert exams.told()[1]["written"] == ["out/grades.csv"]
    assert "title" in rows(exams)[0]
    exams.export(to={"csv": "out/other.csv"})
    assert exams.told()[1]["written"] == ["out/other.csv"]
    assert len(rows(exams, "out/other.csv")) == len(due(exams))


def test_grades_that_a_commit_would_take_along_are_told(exams: Graded) -> None:
    root = exams.office.root
    exams.export()
    said = "git does not ignore"
    assert said not in exams.run()[1]
    subprocess.run(["git", "init", "-q", str(root)], check=True)  # noqa: S603, S607
    assert said not in exams.run()[1]
    (root / "theirs").mkdir()
    (root / "theirs" / "README").write_text("Marks are put here.\n", encoding="utf-8")
    exams.export(key="more", to={"csv": "theirs/grades.csv"})
    for _ in range(2):
        assert f"{said} theirs/.more.ledger, theirs/grades.csv: " in exams.run()[1]
    (root / ".gitignore").write_text("theirs/\n", encoding="utf-8")
    assert said not in exams.run()[1]


@pytest.mark.parametrize("to", [{"csv": "out/grades.csv"}, {"oneroster_csv": "out/"}])
def test_a_file_that_somebody_has_changed_is_told_and_left(
    exams: Graded, to: dict[str, str]
) -> None:
    exams.export(to=to)
    exams.run()
    path = exams.office.root / "out" / ("grades.csv" if "csv" in to else "results.csv")
    ours = path.read_bytes()
    assert path.stat().st_mode & 0o007 == 0
    for theirs in (b"", ours + b"one more line\r\n", ours.replace(b"A", b"B")):
        path.write_bytes(theirs)
        for flags in (("--dry-run",), ()):
            code, said = exams.run(*flags)
            assert code == 1
            assert "is not as this export wrote it: move it away, and it is written anew" in said
        assert path.read_bytes() == theirs
    path.unlink()
    assert exams.run()[0] == 0
    assert path.read_bytes() == ours


def test_nobody_is_delivered_once_more_because_known_by_was_changed(exams: Graded) -> None:
    exams.export()
    exams.run()
    before = rows(exams)
    exams.export(known_by="Personal Organisation Id")
    code, document = exams.told()
    assert code == 8
    assert {"another identifier" in one["failed"] for one in document["flows"]} == {True}
    assert rows(exams) == before
