"""What is left of an export that was killed, that failed on its way, or that was not alone."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from engine.grades import exporting
from engine.grades.sql import Table
from tests.e2e.cut_off import Ended, Exports, Moment, exports
from tests.e2e.databases import Database, Server, sqlite, with_password
from tests.e2e.graded import Graded, due, number_of, set_out
from tests.e2e.test_grades_sql import COLUMNS, OWN, TO, correct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.grades.ledger import Ledger, Line
    from tests.e2e.office import Office

SECRET = "wrong-horse-battery"


@pytest.fixture
def exams(office: Office) -> Graded:
    found = set_out(office, 3, 12, "A-F")
    found.export(to=TO)
    return found


@pytest.fixture(scope="module")
def forked() -> Iterator[Exports]:
    with exports() as process:
        yield process


def at_once(forked: Exports, exams: Graded, *moments: Moment) -> list[Ended]:
    """Exports in processes of their own, each with the moment at which it is killed, if at all."""
    place = ("--dir", str(exams.office.root), "--env", "staging")
    return forked.run([*place, "grades", "export"], *moments)


def killed(forked: Exports, exams: Graded, what: str, number: int = 1) -> None:
    """An export that ends at the moment, and at no other."""
    (ended,) = at_once(forked, exams, Moment(what, number))
    assert ended.code == -signal.SIGKILL, (what, ended.said)


def whole(exams: Graded, database: Database) -> set[str]:
    """The flows that are there; each is as a whole, in the table and in the ledger alike."""
    there = database.grades() if "wisectl_grades" in database.tables() else {}
    ledger = database.ledger() if "wisectl_deliveries" in database.tables() else set()
    flows = {flow for flow, _ in there}
    assert set(there) == ledger == {key for key in due(exams) if key[0] in flows}
    return flows


def test_a_run_that_is_killed_leaves_whole_flows_and_the_next_one_ends_it(
    exams: Graded, database: Database, forked: Exports
) -> None:
    """Each is killed where the last one had left off; what is last is a run that ends."""
    moments: tuple[tuple[str, int, int], ...] = (
        ("before insert wisectl_exports", 1, 0),
        ("before insert wisectl_grades", 1, 0),
        ("after insert wisectl_grades", 1, 0),
        ("before insert wisectl_deliveries", 1, 0),
        ("after insert wisectl_deliveries", 1, 0),
        ("before commit", 1, 0),
        ("after commit", 1, 1),
        ("before insert wisectl_deliveries", 2, 2),
    )
    for moment, number, flows in moments:
        killed(forked, exams, moment, number)
        assert len(whole(exams, database)) == flows, moment
    code, document = exams.told()
    assert (code, document["summary"]["new"]) == (0, len(whole_of(exams, "exam-3")))
    assert database.grades() == due(exams)
    assert database.ledger() == set(due(exams))


def whole_of(exams: Graded, key: str) -> list[tuple[str, str]]:
    return [one for one in due(exams) if one[0] == key]


def test_a_change_that_is_cut_off_comes_once(
    exams: Graded, database: Database, forked: Exports
) -> None:
    exams.run()
    before = database.grades()
    person, grade = correct(exams, "exam-2")
    for moment in (
        "before update wisectl_grades",
        "after update wisectl_grades",
        "before update wisectl_deliveries",
        "before commit",
    ):
        killed(forked, exams, moment)
        assert database.grades() == before, moment
    killed(forked, exams, "after commit")
    assert database.grades() == before | {("exam-2", person): grade} == due(exams)
    assert exams.told()[1]["summary"]["changed"] == 0
    (row,) = [one for one in database.table("wisectl_deliveries") if one["version"] == 2]
    assert (row["flow"], row["person"]) == ("exam-2", person)


def test_of_two_at_once_neither_doubles_nor_loses(
    exams: Graded, database: Database, forked: Exports
) -> None:
    """Also the very first two, which both would make the tables."""
    for _ in range(2):
        ended = at_once(forked, exams, *(Moment() for _ in range(4)))
        assert [one.code for one in ended] == [0, 0, 0, 0], ended
        assert database.grades() == due(exams)
        assert database.ledger() == set(due(exams))
        for key in exams.flows:
            correct(exams, key)
    assert {row["version"] for row in database.table("wisectl_deliveries")} == {1, 2}


def test_whoever_comes_second_sees_what_the_first_has_written(
    exams: Graded, database: Database, forked: Exports, tmp_path: Path
) -> None:
    """The first waits, before it writes, for a second that must not come so far."""
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    moments = [Moment("before insert wisectl_grades", 1, str(meeting))] * 2
    ended = at_once(forked, exams, *moments)
    assert [one.code for one in ended] == [0, 0], ended
    assert database.grades() == due(exams)
    assert database.ledger() == set(due(exams))


def test_an_older_reading_is_never_written_over_a_newer_one(
    exams: Graded, database: Database, forked: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our reading and our turn a grade is corrected once more, and another run has it."""
    exams.run()
    correct(exams)
    read = exporting.read_flow
    readings: list[object] = []

    async def late(api: Any, flow: int, *others: Any) -> Any:
        reading = await read(api, flow, *others)
        if flow == exams.flows["exam-1"]:
            readings.append(reading)
        if len(readings) == 1:
            readings.append(correct(exams))
            assert at_once(forked, exams, Moment())[0].code == 0
        return reading

    monkeypatch.setattr(exporting, "read_flow", late)
    code, document = exams.told()
    assert (code, document["summary"]["changed"], len(readings)) == (0, 0, 3)
    assert database.grades() == due(exams)


# ---- what the database refuses -------------------------------------------------------------------


def test_a_row_that_is_refused_keeps_back_no_other(exams: Graded, database: Database) -> None:
    """By a constraint of the table, such as that the student is on record there."""
    people = sorted({person for _, person in due(exams)})
    known = ", ".join(f"('{person}')" for person in people[1:])
    database.run(
        "CREATE TABLE people (person VARCHAR(20) PRIMARY KEY)",
        f"INSERT INTO people VALUES {known}",  # noqa: S608
        "CREATE TABLE results (student VARCHAR(20), exam VARCHAR(40), mark VARCHAR(2),"
        f" CONSTRAINT by_rule CHECK (exam <> 'exam-2' OR student <> '{people[-1]}'),"
        + (" FOREIGN KEY (student) REFERENCES people (person)" if database.is_postgresql else "")
        + ("" if database.is_postgresql else f" CHECK (student <> '{people[0]}')")
        + ")",
    )
    exams.export(to=OWN, columns=COLUMNS)
    wrong = {(flow, people[0]) for flow in exams.flows} | {("exam-2", people[-1])}
    there = {key: grade for key, grade in due(exams).items() if key not in wrong}
    for _ in range(2):
        code, said = exams.run("--json")
        assert code == 8
        assert said.count("the database refused: ") == 2 * len(wrong & set(due(exams)))
        assert "by_rule" in said
        assert not [person for person in people if person in said]
        rows = {(row["exam"], row["student"]): row["mark"] for row in database.table("results")}
        assert rows == there
        assert database.ledger() == set(there)
    if not database.is_postgresql:
        return
    database.run(f"INSERT INTO people VALUES ('{people[0]}')")  # noqa: S608
    assert exams.run()[0] == 8
    assert len(database.table("results")) == len(due(exams)) - 1


def test_where_all_is_refused_it_is_not_tried_row_by_row(
    exams: Graded, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.run(
        "CREATE TABLE results (student VARCHAR(20), exam VARCHAR(40), mark VARCHAR(2),"
        " CONSTRAINT by_rule CHECK (mark = 'never'))"
    )
    monkeypatch.setattr("engine.grades.rows.IN_A_ROW", 2)
    exams.export(to=OWN, columns=COLUMNS)
    code, document = exams.told()
    assert (code, len(document["problems"])) == (8, len(due(exams)))
    assert database.table("results") == []
    assert database.ledger() == set()


def dropping(database: Database, person: str) -> None:
    """From now on a trigger drops what is inserted of a person, without a word."""
    if database.is_postgresql:
        database.run(
            "CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN IF NEW.student = '{person}' THEN RETURN NULL; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER dropping BEFORE INSERT ON results"
            " FOR EACH ROW EXECUTE FUNCTION drop_it()",
        )
    else:
        database.run(
            f"CREATE TRIGGER dropping BEFORE INSERT ON results WHEN NEW.student = '{person}'"
            " BEGIN SELECT RAISE(IGNORE); END"
        )


DROPPED = "the database refused: a trigger or a rule of the table drops the row"


def test_a_row_that_a_trigger_drops_without_a_word_is_not_delivered(
    exams: Graded, database: Database
) -> None:
    person = min(person for _, person in due(exams))
    database.run("CREATE TABLE results (student VARCHAR(20), exam VARCHAR(40), mark VARCHAR(2))")
    dropping(database, person)
    exams.export(to=OWN, columns=COLUMNS)
    for _ in range(2):
        code, document = exams.told()
        assert code == 8
        assert {one["message"] for one in document["problems"]} == {DROPPED}
        assert database.ledger() == {key for key in due(exams) if key[1] != person}
    database.run(f"DROP TRIGGER dropping{' ON results' if database.is_postgresql else ''}")
    assert exams.run()[0] == 0
    assert {(row["exam"], row["student"]) for row in database.table("results")} == set(due(exams))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_correction_that_a_rule_ignores_is_not_delivered(
    exams: Graded, database: Database
) -> None:
    database.run("CREATE TABLE results (student VARCHAR(20), exam VARCHAR(40), mark VARCHAR(2))")
    exams.export(to=OWN, columns=COLUMNS)
    exams.run()
    database.run("CREATE RULE nothing AS ON UPDATE TO results DO INSTEAD NOTHING")
    correct(exams)
    for _ in range(2):
        code, document = exams.told()
        assert (code, document["summary"]["changed"]) == (8, 0)
        assert [one["message"] for one in document["problems"]] == [DROPPED]
    database.run("DROP RULE nothing ON results")
    code, document = exams.told()
    assert (code, document["summary"]["changed"]) == (0, 1)
    rows = {(row["exam"], row["student"]): row["mark"] for row in database.table("results")}
    assert rows == due(exams)


def test_a_run_is_partly_done_where_only_one_of_its_exports_fails(
    exams: Graded, database: Database
) -> None:
    database.run("CREATE TABLE results (student VARCHAR(20))")
    entry = {"flows": {"key": "exam-*"}, "known_by": "Student Number"}
    rows = [
        {"key": "a-file", **entry, "to": {"csv": "out/grades.csv"}},
        {"key": "b-table", **entry, "to": OWN, "columns": COLUMNS},
    ]
    exams.office.write(json.dumps({"grade_exports": rows}), "exports.yaml")
    assert [exams.run("--dry-run")[0], exams.run()[0], exams.run()[0]] == [1, 8, 1]


def test_what_a_trigger_says_of_a_grade_is_not_told(exams: Graded, server: Server) -> None:
    database = server.database()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIS_DATABASE", database.url)
        database.run(
            "CREATE TABLE results (student VARCHAR(20), exam VARCHAR(40), mark VARCHAR(2))",
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION '% may not have %', NEW.student, NEW.mark; END $$",
            "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON results DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION no()",
        )
        exams.export(to=OWN, columns=COLUMNS)
        code, said = exams.run()
    assert code == 1
    assert "the database refused: RaiseException: P0001" in said
    assert "may not have" not in said
    assert not [person for _, person in due(exams) if person in said]
    assert database.ledger() == set()


# ---- nothing is written --------------------------------------------------------------------------


def test_a_dry_run_makes_no_table_and_counts_right(exams: Graded, database: Database) -> None:
    count = len(due(exams))
    code, said = exams.run("--dry-run")
    assert (code, f"dry run: {count} new, 0 changed, 0 unchanged" in said) == (0, True), said
    assert database.tables() == set()
    exams.run()
    correct(exams)
    before = database.state()
    code, said = exams.run("--dry-run")
    assert (code, f"dry run: 0 new, 1 changed, {count - 1} unchanged" in said) == (0, True), said
    assert database.state() == before


def test_a_dry_run_makes_no_file(
    exams: Graded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIS_DATABASE", sqlite(tmp_path / "sub").url)
    assert exams.run("--dry-run")[0] == 0
    monkeypatch.setenv("SIS_DATABASE", sqlite(tmp_path).url)
    assert exams.run("--dry-run")[0] == 0
    assert not list(tmp_path.glob("**/receiver.db"))


# ---- a database that is not to be had ------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"nothing at all {SECRET}", "the database's URL is none"),
        (f"postgresql+psycopg://sis:{SECRET}@127.0.0.1:port/x", "the database's URL is none"),
        (f"postgresql+psycopg://sis:{SECRET}@127.0.0.1:1/x", "the database refused: Operational"),
        (f"postgresql+psycopg://sis:{SECRET}@127.0.0.1/x?colour=red", "the database refused: Prog"),
        (f"postgresql+psycopg2://sis:{SECRET}@127.0.0.1/x", "the driver psycopg2 is not installed"),
        (f"mysql+pymysql://sis:{SECRET}@127.0.0.1/x", "the driver pymysql is not installed"),
        (f"wallpaper://sis:{SECRET}@127.0.0.1/x", "the driver that its URL names is not installed"),
        (f"sqlite:////nowhere/at/all/{SECRET}.db", "the database refused: OperationalError"),
        (f"sqlite:///{SECRET}.db?timeout=soon", "the database's URL is none"),
    ],
)
def test_a_database_that_is_not_to_be_had_is_one_sentence(
    exams: Graded, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("SIS_DATABASE", url)
    code, text = exams.run("--json")
    assert (code, said in text) == (1, True), text
    assert SECRET not in text
    assert "Traceback" not in text


def test_a_wrong_password_and_a_reader_are_told(
    exams: Graded, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = server.database()
    monkeypatch.setenv("SIS_DATABASE", database.url)
    assert exams.run()[0] == 0
    before = database.state()
    with_password(server, "reader", "right-horse-battery")
    database.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    for password, reason in ((SECRET, "OperationalError: "), ("right-horse-battery", "denied")):
        url = database.engine.url.set(username="reader", password=password)
        monkeypatch.setenv("SIS_DATABASE", url.render_as_string(hide_password=False))
        code, text = exams.run()
        assert (code, reason in text, "Traceback" in text) == (1, True, False), text
        assert password not in text
    assert exams.run("--dry-run")[0] == 0
    assert database.state() == before
    assert number_of(exams.graded("exam-1")[0]) not in text


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_is_lost_is_told_and_the_next_run_ends_it(
    exams: Graded, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = Table.put
    flows: list[str] = []

    def cut(table: Table, ledger: Ledger, lines: list[Line], *known: Any) -> None:
        flows.append(lines[0].flow)
        if len(flows) == 2:
            (me,) = ledger.connection.execute(sa.text("SELECT pg_backend_pid()")).one()
            database.run(f"SELECT pg_terminate_backend({me})")
        fit(table, ledger, lines, *known)

    monkeypatch.setattr(Table, "put", cut)
    code, said = exams.run()
    assert code == 8, said
    assert "the connection to the database was lost: run it again" in said
    assert whole(exams, database) == {"exam-1"}
    assert exams.run()[0] == 0
    assert database.grades() == due(exams)
