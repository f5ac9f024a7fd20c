"""Grades in a table: each once, by upsert, and the ledger in the same transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from tests.e2e.graded import Graded, due, letter, number_of, set_out

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.databases import Database
    from tests.e2e.office import Office

TO: dict[str, Any] = {"sql": {"url": "${SIS_DATABASE}"}}
OWN: dict[str, Any] = {"sql": {"url": "${SIS_DATABASE}", "table": "results"}}
COLUMNS = {"student": "person", "exam": "flow", "mark": "grade"}


@pytest.fixture
def exams(office: Office) -> Graded:
    found = set_out(office, 2, 12, "A-F")
    found.export(to=TO)
    return found


def correct(exams: Graded, key: str = "exam-1", at: int = 0) -> tuple[str, str]:
    """Corrects somebody's grade by hand; the student number and the new grade."""
    seats = [one for one in exams.graded(key) if not one["assessment"].get("adminGrade")]
    grade = "B" if letter(seats[at]["assessment"]["grade"]) != "B" else "C"
    exams.grade(seats[at], grade=grade)
    return number_of(seats[at]), grade


# ---- once ----------------------------------------------------------------------------------------


def test_every_grade_is_there_once_and_in_the_ledger(exams: Graded, database: Database) -> None:
    code, said = exams.run()
    assert code == 0, said
    assert "Written: table wisectl_grades" in said
    assert len(due(exams)) > 15
    assert database.grades() == due(exams)
    assert database.ledger() == set(due(exams))
    assert database.url not in said


def test_with_nothing_new_nothing_is_written(exams: Graded, database: Database) -> None:
    exams.run()
    before = database.state()
    code, document = exams.told()
    assert (code, document["written"]) == (0, [])
    assert document["summary"]["unchanged"] == len(due(exams))
    assert database.state() == before


def test_a_correction_changes_one_row(exams: Graded, database: Database) -> None:
    exams.run()
    before = database.state()
    person, grade = correct(exams)
    code, document = exams.told()
    assert (code, document["summary"]["changed"], document["summary"]["new"]) == (0, 1, 0)
    assert database.grades() == due(exams)
    assert database.grades()["exam-1", person] == grade
    gone = [row for row in before if row not in database.state()]
    assert {row["table"] for row in gone} == {"wisectl_grades", "wisectl_deliveries"}
    assert [row["person"] for row in gone] == [person, person]


def test_a_withdrawn_grade_stays_and_is_told(exams: Graded, database: Database) -> None:
    exams.run()
    before = database.state()
    seat = next(one for one in exams.graded("exam-1") if not one["assessment"].get("adminGrade"))
    exams.grade(seat, grade=None)
    for _ in range(2):
        code, document = exams.told()
        assert (code, document["summary"]["withdrawn"]) == (0, 1)
    assert database.state() == before


def test_an_environment_does_not_write_where_another_does(
    exams: Graded, database: Database
) -> None:
    exams.run()
    database.run("UPDATE wisectl_exports SET export = 'production/sis'")
    before = database.state()
    for flag in ("--json", "--dry-run"):
        code, said = exams.run(flag)
        assert code == 1
        assert "the environment production" in said
    assert database.state() == before


# ---- another place -------------------------------------------------------------------------------


def test_another_table_does_not_count_as_the_one_that_has_the_grades(
    exams: Graded, database: Database
) -> None:
    exams.run()
    exams.export(to=OWN)
    before = database.state()
    for flag in ("--dry-run", "--json"):
        code, said = exams.run(flag)
        assert code == 1
        assert "what was delivered went to wisectl_grades, and nothing says" in said
    assert database.state() == before
    moved = {"sql": {**OWN["sql"], "moved_from": "wisectl_grades"}}
    exams.export(to=moved)
    for flag in ("--dry-run", "--json"):
        code, said = exams.run(flag)
        assert code == 1
        assert "moved_from says wisectl_grades, and that table is still there" in said
    assert database.state() == before
    database.run(
        "ALTER TABLE wisectl_grades RENAME TO elsewhere",
        "CREATE TABLE results (flow VARCHAR(40), person VARCHAR(20), grade VARCHAR(9),"
        " counts_as VARCHAR(20), graded VARCHAR(40))",
    )
    assert "and the table results is empty" in exams.run()[1]
    database.run("DROP TABLE results", "ALTER TABLE elsewhere RENAME TO results")
    correct(exams)
    code, document = exams.told()
    assert (code, document["summary"]["changed"]) == (0, 1)
    assert database.grades("results") == due(exams)
    assert exams.told()[1]["written"] == []
    exams.export(to=OWN)
    assert exams.run()[0] == 0
    assert "wisectl_grades" not in database.tables()


def test_where_nothing_was_delivered_yet_the_table_may_be_another(
    exams: Graded, database: Database
) -> None:
    exams.export(to=TO, known_by="User Alias")
    assert exams.run()[0] == 8
    assert database.table() == []
    exams.export(to={"sql": {"url": "${SIS_DATABASE}", "table": "marks"}})
    assert exams.run()[0] == 0
    assert database.grades("marks") == due(exams)


@pytest.mark.parametrize("moved_from", [{}, {"moved_from": "wisectl_grades"}])
def test_a_table_that_is_gone_is_not_made_anew_and_empty(
    exams: Graded, database: Database, moved_from: dict[str, str]
) -> None:
    exams.run()
    database.run("DROP TABLE wisectl_grades")
    table = "results" if moved_from else "wisectl_grades"
    exams.export(to={"sql": {"url": "${SIS_DATABASE}", "table": table, **moved_from}})
    for flag in ("--dry-run", "--json"):
        code, said = exams.run(flag)
        assert code == 1
        assert f"the table {table} is gone, with what was delivered" in said
    assert table not in database.tables()
    exams.export(key="again", to=TO)
    code, document = exams.told()
    assert (code, document["summary"]["new"]) == (0, len(due(exams)))
    assert database.grades() == due(exams)


def test_another_key_delivers_everything_once_more_into_the_same_rows(
    exams: Graded, database: Database
) -> None:
    exams.run()
    (person, _), wrong = correct(exams), "?"
    database.run(
        f"DELETE FROM wisectl_grades WHERE person = '{person}'",  # noqa: S608
        f"UPDATE wisectl_grades SET grade = '{wrong}'",  # noqa: S608
    )
    exams.export(key="again", to=TO)
    assert exams.run()[0] == 0
    assert database.grades() == due(exams)


def test_a_path_of_sqlite_begins_where_all_paths_of_manifests_do(
    exams: Graded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    exams.export(to={"sql": {"url": "sqlite:///grades.db"}})
    assert exams.run()[0] == 0
    assert (exams.office.root / "grades.db").exists()
    assert not any(elsewhere.iterdir())
    exams.export(to={"sql": {"url": "sqlite:///nowhere/grades.db"}})
    for flag in ("--dry-run", "--json"):
        code, said = exams.run(flag)
        assert code == 1
        assert "there is no folder nowhere for the database: make it" in said
    exams.export(to={"sql": {"url": "sqlite://"}})
    code, said = exams.run()
    assert code == 1
    assert "a database in memory keeps nothing" in said


# ---- a table of the receiver's own ---------------------------------------------------------------


def test_a_table_has_columns_of_its_own_types(exams: Graded, database: Database) -> None:
    time = "TIMESTAMP WITH TIME ZONE" if database.is_postgresql else "DATETIME"
    database.run(
        "CREATE TABLE results (student VARCHAR(20) NOT NULL, exam VARCHAR(40), mark VARCHAR(2),"
        f" set_at {time}, local_at TIMESTAMP, day DATE, points NUMERIC(6, 2), seat BIGINT,"
        " source VARCHAR(9) NOT NULL DEFAULT 'wiseflow', note TEXT, PRIMARY KEY (student, exam))"
    )
    more = {"set_at": "graded", "local_at": "graded", "day": "graded", "seat": "participant"}
    exams.export(to=OWN, columns={**COLUMNS, **more, "points": "stored"})
    code, said = exams.run()
    assert code == 0, said
    rows = database.table("results")
    assert {(row["exam"], row["student"]): row["mark"] for row in rows} == due(exams)
    assert len(rows) == len(due(exams))
    assert {row["source"] for row in rows} == {"wiseflow"}
    texts = [(str(row["set_at"])[:19], str(row["local_at"])[:19], str(row["day"])) for row in rows]
    assert {(at, at[:10]) for at, _, _ in texts} == {(at, day) for _, at, day in texts}
    assert all(row["points"] is not None and row["seat"] for row in rows)


def test_what_others_wrote_into_a_row_stays(exams: Graded, database: Database) -> None:
    """The table has somebody's row on the exam: it gets the grade, and keeps all else."""
    database.run(
        "CREATE TABLE results (id INTEGER, student VARCHAR(20), exam VARCHAR(40), mark VARCHAR(2),"
        " note VARCHAR(20))"
    )
    (_, person), grade = next((key, one) for key, one in due(exams).items() if key[0] == "exam-1")
    database.run(
        f"INSERT INTO results VALUES (1, '{person}', 'exam-1', NULL, 'kept')",  # noqa: S608
        f"INSERT INTO results VALUES (2, '{person}', 'elsewhere', 'X', 'kept')",  # noqa: S608
    )
    exams.export(to=OWN, columns=COLUMNS)
    assert exams.run()[0] == 0
    for _ in range(2):
        rows = [row for row in database.table("results") if row["note"] == "kept"]
        assert sorted((row["id"], row["exam"], row["mark"]) for row in rows) == [
            (1, "exam-1", grade),
            (2, "elsewhere", "X"),
        ]
        assert len(database.table("results")) == len(due(exams)) + 1
        assert exams.run()[0] == 0


def test_padded_columns_do_not_hide_a_row(exams: Graded, database: Database) -> None:
    """CHAR(n) gives its values back with spaces behind."""
    database.run("CREATE TABLE results (student CHAR(30), exam CHAR(30), mark CHAR(4))")
    exams.export(to=OWN, columns=COLUMNS)
    exams.run()
    person, grade = correct(exams)
    code, said = exams.run()
    assert code == 0, said
    rows = database.table("results")
    assert len(rows) == len(due(exams))
    mine = [row for row in rows if row["student"].strip() == person]
    assert grade in {row["mark"].strip() for row in mine if row["exam"].strip() == "exam-1"}


def test_several_rows_of_one_person_are_left_alone(exams: Graded, database: Database) -> None:
    database.run("CREATE TABLE results (student VARCHAR(20), exam VARCHAR(40), mark VARCHAR(2))")
    flow, person = next(iter(due(exams)))
    row = f"INSERT INTO results VALUES ('{person}', '{flow}', '?')"  # noqa: S608
    database.run(row, row)
    exams.export(to=OWN, columns=COLUMNS)
    code, document = exams.told()
    assert code == 8
    (problem,) = document["problems"]
    assert problem["message"] == "has several rows on this flow in the table results"
    assert [row["mark"] for row in database.table("results")].count("?") == 2


@pytest.mark.parametrize("kind", ["INTEGER", "NUMERIC(4, 1)", "BOOLEAN", "DATE"])
def test_a_grade_that_does_not_fit_is_told_and_the_others_go_on(
    exams: Graded, database: Database, kind: str
) -> None:
    database.run(f"CREATE TABLE results (student VARCHAR(20), exam VARCHAR(40), mark {kind})")
    codes = dict.fromkeys(("A", "B", "C", "D", "E", "Fx"), "7") | {"F": "1.25"}
    exams.export(to=OWN, columns=COLUMNS, codes={"A-F": codes})
    exams.grade(exams.graded("exam-1")[0], grade="F", admin_grade=None)
    code, said = exams.run()
    assert code == 8, said
    assert "does not fit the column mark, which is" in said
    failed = [one for one in due(exams).values() if one == "F"]
    wrong = len(failed) if kind in ("INTEGER", "NUMERIC(4, 1)") else len(due(exams))
    assert len(database.table("results")) == len(due(exams)) - wrong == len(database.ledger())
    assert "1.25" not in said


def test_too_long_a_value_is_told_without_it(exams: Graded, database: Database) -> None:
    database.run("CREATE TABLE results (student VARCHAR(20), exam VARCHAR(40), mark VARCHAR(3))")
    codes = dict.fromkeys(("B", "C", "D", "E", "Fx", "F"), "ok") | {"A": "EXCELLENT"}
    exams.grade(exams.graded("exam-1")[0], grade="A", admin_grade=None)
    exams.export(to=OWN, columns=COLUMNS, codes={"A-F": codes})
    code, said = exams.run()
    assert code == 8
    assert "does not fit the column mark, which is VARCHAR(3)" in said
    assert "EXCELLENT" not in said
    assert {row["mark"] for row in database.table("results")} == {"ok"}


def test_two_people_who_become_one_in_a_column_are_told(exams: Graded, database: Database) -> None:
    """Also where one of them was delivered before."""
    database.run("CREATE TABLE results (student CHAR(9), exam VARCHAR(40), mark VARCHAR(2))")
    exams.export(to=OWN, columns=COLUMNS, known_by="User Alias")
    first, second, third, fourth = exams.graded("exam-1")[:4]
    for seat, alias in ((first, "71"), (second, "72"), (third, "72  ")):
        call(exams, seat, alias)
    assert collisions(exams) == {second["number"], third["number"]}
    assert {row["student"].strip() for row in database.table("results")} == {"71"}
    call(exams, fourth, "71 ")
    assert fourth["number"] in collisions(exams)
    assert {row["student"].strip() for row in database.table("results")} == {"71"}


def test_a_number_never_loses_a_zero_on_its_way_into_a_column(
    exams: Graded, database: Database
) -> None:
    """As numbers 041 and 41 are one person; as texts they may be two."""
    database.run("CREATE TABLE results (student INTEGER, exam VARCHAR(40), mark VARCHAR(2))")
    exams.export(to=OWN, columns=COLUMNS, known_by="User Alias")
    first, second = exams.graded("exam-1")[:2]
    call(exams, first, "41")
    call(exams, second, "041")
    for flag in ("--dry-run", "--json"):
        problems = exams.told(flag)[1]["problems"]
        unfit = {one["participant"] for one in problems if "does not fit" in one["message"]}
        assert unfit == {second["number"]}
    assert {row["student"] for row in database.table("results")} == {41}


def test_a_dry_run_tells_what_columns_will_not_take(exams: Graded, database: Database) -> None:
    database.run("CREATE TABLE results (student VARCHAR(20), exam VARCHAR(40), mark VARCHAR(1))")
    exams.export(to=OWN, columns=COLUMNS, codes={"A-F": dict.fromkeys("ABCDE", "P") | LONG})
    failed = [one for one in due(exams).values() if one in LONG]
    tried = exams.told("--dry-run")
    assert database.table("results") == []
    assert len(tried[1]["problems"]) == len(failed) > 0
    done = exams.told()
    for member in ("summary", "problems"):
        assert done[1][member] == tried[1][member]
    assert exams.told("--dry-run")[1]["problems"] == tried[1]["problems"]


LONG = {"Fx": "fail", "F": "FAIL"}


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (
            "student VARCHAR(20), exam VARCHAR(40),"
            " mark VARCHAR(60) GENERATED ALWAYS AS (student || exam) STORED",
            "the database makes mark of the table results itself",
        ),
        (
            "id INTEGER PRIMARY KEY, student VARCHAR(20), exam VARCHAR(40), mark VARCHAR(2),"
            " term VARCHAR(9) NOT NULL, source VARCHAR(9) NOT NULL DEFAULT 'w'",
            "the table results wants term in every row: add it under columns",
        ),
    ],
)
def test_a_table_that_takes_no_row_of_ours_is_told_at_once(
    exams: Graded, database: Database, columns: str, told: str
) -> None:
    database.run(f"CREATE TABLE results ({columns})")
    exams.export(to=OWN, columns=COLUMNS)
    for flag in ("--json", "--dry-run"):
        code, said = exams.run(flag)
        assert code == 1
        assert told in said
    assert "wisectl_deliveries" not in database.tables()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_table_that_differs_in_letters_alone_is_another(
    exams: Graded, database: Database
) -> None:
    """So it is in PostgreSQL, as many tables as there are spellings."""
    exams.run()
    exams.export(to={"sql": {**OWN["sql"], "table": "Wisectl_Grades"}})
    code, said = exams.run()
    assert code == 1
    assert "what was delivered went to wisectl_grades" in said


def test_a_schema_that_is_not_there_is_told(exams: Graded, database: Database) -> None:
    exams.export(to={"sql": {**OWN["sql"], "table": "nowhere.results"}})
    for flag in ("--json", "--dry-run"):
        code, said = exams.run(flag)
        assert code == 1
        assert "the database has no schema nowhere" in said


def collisions(exams: Graded) -> set[int]:
    said = "is one person with another in the column student"
    problems = exams.told()[1]["problems"]
    return {one["participant"] for one in problems if one["message"] == said}


def call(exams: Graded, seat: dict[str, Any], alias: str) -> None:
    """Gives a participant an identifier that may be any text."""
    kinds = exams.office.stage.by_hand("GET", "/license/user-data-types")["data"]
    kind = next(one["id"] for one in kinds if one["name"] == "User Alias")
    body = [{"userDataTypeId": kind, "value": alias}]
    exams.office.stage.by_hand("POST", f"/users/{seat['userId']}/user-data", body)


def test_odd_identifiers_arrive_as_they_are(exams: Graded, database: Database) -> None:
    exams.export(to=TO, known_by="User Alias")
    odd = ("Ø-学生 'x' \"y\"; DROP TABLE %s :a", "n" * 255, "back\\slash\tand 🎓")
    for seat, alias in zip(exams.graded("exam-1"), odd, strict=False):
        call(exams, seat, alias)
    for _ in range(2):
        code, said = exams.run()
        assert code == 8, said
        assert {person for _, person in database.grades()} == {*odd}
        assert {person for _, person in database.ledger()} == {*odd}


def test_a_column_that_is_not_there_is_told(exams: Graded, database: Database) -> None:
    database.run("CREATE TABLE results (student VARCHAR(20), exam VARCHAR(40))")
    exams.export(to=OWN, columns=COLUMNS)
    for flag in ("--json", "--dry-run"):
        code, said = exams.run(flag)
        assert code == 1
        assert "the table results has no column mark: add it, or name another under columns" in said
    assert database.table("results") == []


def test_a_table_of_types_that_nobody_knows_is_written(exams: Graded, database: Database) -> None:
    """What is not ours in it is not looked at."""
    odd = "POINT" if database.is_postgresql else "GEOGRAPHY"
    database.run(
        f"CREATE TABLE results (place {odd}, student VARCHAR(20), exam VARCHAR(40),"
        " mark VARCHAR(2))"
    )
    exams.export(to=OWN, columns=COLUMNS)
    code, said = exams.run()
    assert code == 0, said
    assert len(database.table("results")) == len(due(exams))


def test_a_table_may_be_in_a_schema(exams: Graded, database: Database) -> None:
    """Its ledger is there too."""
    exams.export(to={"sql": {**OWN["sql"], "table": "sis.results"}})
    if not database.is_postgresql:
        code, said = exams.run()
        assert (code, "Traceback" in said) == (1, False)
        return
    database.run("CREATE SCHEMA sis")
    code, said = exams.run("--dry-run")
    assert (code, f"{len(due(exams))} new" in said) == (0, True)
    assert sa.inspect(database.engine).get_table_names("sis") == []
    for _ in range(2):
        code, said = exams.run()
        assert code == 0, said
        assert database.grades("sis.results") == due(exams)
        assert len(database.table("sis.wisectl_deliveries")) == len(due(exams))
    assert database.tables() == set()
    correct(exams)
    assert exams.run()[0] == 0
    assert database.grades("sis.results") == due(exams)


# ---- what tells flows apart ----------------------------------------------------------------------


def codes(exams: Graded, *codes: str) -> None:
    """Flows with codes, of which the receiver's table has no other key."""
    rows = [{"key": f"exam-{at}", "code": code} for at, code in enumerate(codes, 1) if code]
    rows += [{"key": f"exam-{at}"} for at, code in enumerate(codes, 1) if not code]
    exams.office.write(json.dumps({"flows": rows}), "flows.yaml")
    columns = {"student": "person", "exam": "flow_code", "mark": "grade"}
    exams.export(to=OWN, columns=columns)


def test_flows_that_the_receiver_takes_for_one_are_not_delivered(
    exams: Graded, database: Database
) -> None:
    codes(exams, "MATH-1", "MATH-1")
    code, document = exams.told()
    assert code == 8
    assert [one["failed"] for one in document["flows"]] == [
        'its flow_code is that of exam-2 too, and nothing else tells them apart in "exam"',
        'its flow_code is that of exam-1 too, and nothing else tells them apart in "exam"',
    ]
    assert database.tables() == set()
    codes(exams, "MATH-1", "")
    code, document = exams.told()
    assert code == 8
    assert [one["failed"] for one in document["flows"]] == [
        None,
        'it has no flow_code, and nothing else tells it from others in "exam"',
    ]
    assert {row["exam"] for row in database.table("results")} == {"MATH-1"}


def test_nor_are_flows_with_one_subtitle(exams: Graded, database: Database) -> None:
    exams.export(to=OWN, columns={"student": "person", "exam": "subtitle", "mark": "grade"})
    code, document = exams.told("--dry-run")
    assert code == 8
    assert [one["failed"].split(",")[0] for one in document["flows"]] == [
        "its subtitle is that of exam-2 too",
        "its subtitle is that of exam-1 too",
    ]
    assert database.tables() == set()


def test_a_flow_does_not_take_the_rows_of_an_earlier_one(exams: Graded, database: Database) -> None:
    """Next term's exam has the same code, and last term's is in no manifest any more."""
    for key in ("exam-1", "exam-2"):
        codes(exams, "MATH-1", "ART-1")
        entry = {"key": key, "code": "MATH-1"}
        exams.office.write(json.dumps({"flows": [entry]}), "flows.yaml")
        code, document = exams.told()
    (row,) = document["flows"]
    assert (code, row["flow"]) == (8, "exam-2")
    assert row["failed"] == "exam-1 was delivered under its flow_code before"
    assert len(database.table("results")) == len([one for one, _ in due(exams) if one == "exam-1"])
    assert {flow for flow, _ in database.ledger()} == {"exam-1"}


def test_a_change_finds_its_row_under_the_code_of_before(exams: Graded, database: Database) -> None:
    codes(exams, "MATH-1", "ART-1")
    assert exams.run()[0] == 0
    codes(exams, "MATH-9", "ART-1")
    person, grade = correct(exams)
    code, said = exams.run()
    assert code == 0, said
    rows = [one for one in database.table("results") if one["exam"].startswith("MATH")]
    assert len(rows) == len([key for key, _ in due(exams) if key == "exam-1"])
    assert [(one["student"], one["mark"]) for one in rows if one["exam"] == "MATH-9"] == [
        (person, grade)
    ]
