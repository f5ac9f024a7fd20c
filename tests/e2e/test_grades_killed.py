"""An export that is cut off anywhere: the next run finishes it, and every grade is there once."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from engine.errors import LockedError
from engine.grades.ledger_file import LedgerFile
from tests.e2e.graded import Graded, due, number_of, set_out
from tests.e2e.killed import KILLED, Victims, ready
from tests.e2e.receiver import SECRET, Inbox, receiving
from tests.e2e.test_grades_oneroster import delivered as delivered_in
from tests.e2e.test_grades_oneroster import read as read_bundle
from tests.laws.server import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.office import Office

DEADLINE = 60.0
SECRETS = {"TEST_SECRET": "sandbox", "SIS_SECRET": SECRET}
CUT_OFF = "The last run did not end"
Grades = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def victims() -> Iterator[Victims]:
    with ready() as process:
        yield process


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with receiving() as one:
        yield one


@pytest.fixture
def exams(office: Office, monkeypatch: pytest.MonkeyPatch) -> Graded:
    monkeypatch.setenv("SIS_SECRET", SECRET)
    return set_out(office, 2, 6, "A-F")


@dataclass
class Place:
    """One destination, and how to look what is there."""

    exams: Graded
    inbox: Inbox
    kind: str

    @property
    def out(self) -> Path:
        return self.exams.office.root / "out"

    def state(self) -> None:
        to: dict[str, Any] = {
            "csv": {"csv": "out/grades.csv"},
            "jsonl": {"jsonl": "out/grades.jsonl"},
            "folder": {"oneroster_csv": "out"},
            "zip": {"oneroster_csv": "out/grades.zip"},
            "http": {
                "http": {
                    "url": self.inbox.url,
                    "secret": "${SIS_SECRET}",
                    "batch": 4,
                    "ledger": "out/.sis.ledger",
                }
            },
        }
        self.exams.export(to=to[self.kind])

    def delivered(self) -> Grades:
        """What the receiver has; nothing of it twice."""
        if self.kind == "http":
            assert self.inbox.twice() == []
            return self.inbox.grades()
        if self.kind == "folder":
            return delivered_in(self.exams, read_bundle(self.out))
        if self.kind == "zip":
            return delivered_in(self.exams, read_bundle(self.out / "grades.zip"))
        with (self.out / f"grades.{self.kind}").open(encoding="utf-8", newline="") as file:
            rows: list[dict[str, str]] = (
                list(csv.DictReader(file))
                if self.kind == "csv"
                else [json.loads(line) for line in file]
            )
        found = {(row["flow"], row["person"]): row["grade"] for row in rows}
        assert len(found) == len(rows)
        return found

    def ledger(self) -> tuple[Grades, int]:
        """What the ledger says was delivered, and how much of it is still on its way."""
        path = self.out / ".sis.ledger"
        if not path.exists():
            return {}, 0
        with closing(sqlite3.connect(path)) as connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            if "wisectl_deliveries" not in tables:
                return {}, 0
            rows = list(
                connection.execute("SELECT flow, person, content, batch FROM wisectl_deliveries")
            )
            bodies = "SELECT count(*) FROM wisectl_posts"
            kept = connection.execute(bodies).fetchone()[0] if "wisectl_posts" in tables else 0
        on_way = sum(batch is not None for *_, batch in rows)
        assert bool(kept) == bool(on_way) or self.kind != "http"
        grades = {
            (flow, person): json.loads(content)["grade"]["code"]
            for flow, person, content, _ in rows
        }
        return grades, on_way

    def left_over(self) -> set[str]:
        """Files that are neither a delivery nor what keeps account of it.

        SQLite leaves a journal of what a killed run had not committed until it writes again.
        """
        kept = {".gitignore", ".sis.ledger", ".sis.ledger-journal", ".sis.lock"}
        return {one.name for one in self.out.iterdir() if one.name[0] == "."} - kept

    def check(self, number: object) -> None:
        """Every grade is there once, with the right code, and the ledger says so."""
        at = f"killed at moment {number}"
        assert self.delivered() == due(self.exams), at
        assert self.ledger() == (due(self.exams), 0), at
        assert self.left_over() == set(), at
        assert (self.out / ".gitignore").read_text(encoding="utf-8") == "*\n", at

    def finish(self, number: object) -> str:
        """The next run, which says whether the last one had left something."""
        on_way = self.ledger()[1]
        code, said = self.exams.run()
        assert code == 0, (number, said)
        assert (CUT_OFF in said) == bool(on_way), (number, said)
        self.check(number)
        return said


KINDS = ["csv", "jsonl", "folder", "zip", "http"]


@pytest.fixture
def place(exams: Graded, inbox: Inbox, request: pytest.FixtureRequest) -> Place:
    place = Place(exams, inbox, request.param)
    place.state()
    return place


def correct(exams: Graded, which: int = 0) -> None:
    """Somebody's grade becomes another one."""
    seats = [one for one in exams.graded("exam-1") if not one["assessment"].get("adminGrade")]
    seat = seats[which]
    exams.grade(seat, grade="C" if seat["assessment"]["grade"] == "5" else "B")


def arguments(exams: Graded) -> list[str]:
    return ["--dir", str(exams.office.root), "--env", "staging", "grades", "export"]


def at_every_moment(place: Place, victims: Victims, prepare: Callable[[], None]) -> int:
    """Kills an export at one moment after the other; how many there are."""
    for number in count(1):
        prepare()
        ended = victims.die(arguments(place.exams), SECRETS, number)
        if ended != KILLED:
            assert ended == "0"
            place.check(number)
            return number - 1
        if number % 2:
            correct(place.exams, 1)
        place.finish(number)
    return 0


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_a_first_export_that_is_killed_at_any_moment(place: Place, victims: Victims) -> None:
    def prepare() -> None:
        shutil.rmtree(place.out, ignore_errors=True)
        place.inbox.taken.clear()
        place.inbox.posts.clear()

    assert at_every_moment(place, victims, prepare) > 10


@pytest.mark.parametrize("place", ["csv", "folder", "http"], indirect=True)
def test_a_later_export_that_is_killed_at_any_moment(place: Place, victims: Victims) -> None:
    """Each brings a correction of what the one before has delivered."""
    assert place.exams.run()[0] == 0

    def prepare() -> None:
        correct(place.exams)

    assert at_every_moment(place, victims, prepare) >= 6


@pytest.mark.parametrize("place", ["csv", "folder", "http"], indirect=True)
def test_one_that_is_killed_again_while_it_finishes_another(place: Place, victims: Victims) -> None:
    for number in range(1, 9):
        correct(place.exams)
        assert victims.die(arguments(place.exams), SECRETS, 4) == KILLED
        victims.die(arguments(place.exams), SECRETS, number)
        place.finish(number)


@pytest.mark.parametrize("place", ["http"], indirect=True)
def test_one_that_is_killed_while_it_parts_what_was_refused(place: Place, victims: Victims) -> None:
    """One grade is refused: whenever the run ends, the others arrive, each under one key."""
    person = number_of(place.exams.graded("exam-1")[1])
    for number in count(1):
        shutil.rmtree(place.out, ignore_errors=True)
        place.inbox.taken.clear()
        place.inbox.posts.clear()
        place.inbox.refuses = lambda grades: (
            422 * any((one["flow"], one["person"]) == ("exam-1", person) for one in grades)
        )
        ended = victims.die(arguments(place.exams), SECRETS, number)
        assert ended in (KILLED, "8")
        code, said = place.exams.run()
        assert code == 8, (number, said)
        left = set(due(place.exams)) - set(place.delivered())
        assert left == {("exam-1", person)}, number
        place.inbox.refuses = None
        assert place.exams.run()[0] == 0
        place.check(number)
        if ended != KILLED:
            break
    assert number > 30


# ---- two at once -----------------------------------------------------------------------------


def start(exams: Graded, *flags: str, root: Path | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "engine", *arguments(exams), *flags]
    command[command.index("--dir") + 1] = str(root or exams.office.root)
    return subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **SECRETS},
    )


@pytest.mark.parametrize("place", ["csv", "http"], indirect=True)
def test_of_two_at_once_none_delivers_twice(place: Place) -> None:
    """First where nobody has delivered yet, then where both have the same correction to tell."""
    place.inbox.seconds = 0.3
    for _ in range(2):
        both = [start(place.exams), start(place.exams)]
        said = [process.communicate(timeout=DEADLINE)[0] for process in both]
        codes = [process.returncode for process in both]
        assert set(codes) <= {0, 10}, said
        assert 0 in codes, said
        assert "Traceback" not in "".join(said)
        place.check(codes)
        correct(place.exams)


@pytest.mark.parametrize("place", ["csv", "http"], indirect=True)
def test_whoever_finds_another_at_work_is_told(place: Place) -> None:
    place.exams.run()
    correct(place.exams)
    before, stage = place.delivered(), place.exams.office.stage
    asked = "GET /flow/{flowId}/assessments"
    reads = stage.control("GET", "requests")[asked]
    with FileLock(place.out / ".sis.lock"):
        code, said = place.exams.run()
        assert stage.control("GET", "requests")[asked] == reads
        assert place.exams.run("--dry-run")[0] == 0
    assert code == 10
    assert "another run delivers grade_export/sis; wait until it has ended" in said
    assert place.delivered() == before
    place.finish("held")


def test_whoever_saw_no_ledger_and_finds_one_begins_again(tmp_path: Path) -> None:
    """What was compared with nothing would be delivered twice."""
    first, second = (LedgerFile(tmp_path / "out" / "it", "staging/sis", _free) for _ in range(2))
    assert first.delivered("exam-1") == second.delivered("exam-1") == {}
    with first.writing():
        pass
    with first.writing():
        pass
    with pytest.raises(LockedError, match="run it again"), second.writing():
        pass
    first.close()


def _free() -> None:
    """The other run has ended."""


def test_two_checkouts_that_write_to_one_folder_know_of_each_other(
    exams: Graded, inbox: Inbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shared = tmp_path_factory.mktemp("shared")
    root = exams.office.root
    settings = root / "wisectl.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text + f"    sources: {{sis: {shared}}}\n", encoding="utf-8")
    exams.export(to={"csv": "sis:marks/grades.csv"})
    other = tmp_path_factory.mktemp("other") / "checkout"
    shutil.copytree(root, other)
    both = [start(exams), start(exams, root=other)]
    said = [process.communicate(timeout=DEADLINE)[0] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 10]), said
    assert "Traceback" not in "".join(said)
    (root / "out").symlink_to(shared / "marks")
    Place(exams, inbox, "csv").check(codes)
    with FileLock(shared / "marks" / ".sis.lock"):
        process = start(exams, root=other)
        assert "another run delivers" in process.communicate(timeout=DEADLINE)[0]
        assert process.returncode == 10


# ---- Ctrl-C, SIGTERM -------------------------------------------------------------------------


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("place", ["http"], indirect=True)
def test_a_signal_while_a_post_is_on_its_way(place: Place, number: signal.Signals) -> None:
    place.inbox.seconds = 1.0
    process = start(place.exams)
    wait_for(lambda: bool(place.inbox.posts))
    process.send_signal(number)
    said, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, said
    assert "Interrupted. Run it again: nothing is delivered twice." in said
    assert "Traceback" not in said
    place.inbox.seconds = 0.0
    assert CUT_OFF in place.finish(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("place", ["csv"], indirect=True)
def test_a_signal_while_it_reads_leaves_one_document(place: Place, number: signal.Signals) -> None:
    stage, operation = place.exams.office.stage, "GET /flow/{flowId}/assessments"
    slow = {"method": "GET", "path": operation[4:], "kind": "delay", "seconds": 20, "times": 1}
    stage.control("POST", "faults", [slow])
    before = stage.control("GET", "requests").get(operation, 0)
    process = start(place.exams, "--json")
    wait_for(lambda: stage.control("GET", "requests").get(operation, 0) > before)
    process.send_signal(number)
    said, _ = process.communicate(timeout=DEADLINE)
    stage.control("POST", "faults", [])
    assert (process.returncode, "Traceback" in said) == (130, False), said
    assert json.JSONDecoder().raw_decode(said[said.index("{") :])[0]["interrupted"] is True
    place.finish(number)


# ---- nowhere to write ------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["csv", "folder", "zip"], indirect=True)
def test_a_full_disk_is_a_sentence_and_loses_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("engine.grades.files._to_disk", full)
        code, said = place.exams.run()
    assert code == 1
    assert "cannot be written: No space left on device" in said
    assert "Grades of sis: 0 new, 0 changed, 0 unchanged, 0 withdrawn. 1 problem." in said
    assert place.left_over() == set()
    assert CUT_OFF in place.finish("full")


@pytest.mark.parametrize("place", ["csv", "http"], indirect=True)
@pytest.mark.parametrize("blocks", [1, 40, 60])
def test_files_that_may_not_grow_are_a_sentence_too(place: Place, blocks: int) -> None:
    """So many kilobytes or half ones in a file: of the ledger, a part of it, or all of it."""
    command = [sys.executable, "-B", "-m", "engine", *arguments(place.exams)]
    ended = subprocess.run(  # noqa: S603 - our own command
        ["/bin/sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *command],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=DEADLINE,
        env={**os.environ, **SECRETS},
        check=False,
    )
    said = ended.stdout + ended.stderr
    assert "Traceback" not in said
    assert ended.returncode in {0, 1}, said
    place.finish(blocks)


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_a_file_in_the_way_of_the_folder_is_told(place: Place) -> None:
    place.out.write_text("mine", encoding="utf-8")
    code, said = place.exams.run()
    assert code == 1
    assert "/out cannot be written: " in said
    assert place.out.read_text(encoding="utf-8") == "mine"
    place.out.unlink()
    place.finish("in the way")


@pytest.mark.parametrize("place", ["csv", "zip"], indirect=True)
def test_a_folder_in_the_way_of_the_file_is_told(place: Place) -> None:
    there = place.out / f"grades.{place.kind}"
    there.mkdir(parents=True)
    code, said = place.exams.run()
    assert code == 1
    assert f"{there} is there already, and this export did not write it" in said
    there.rmdir()
    place.out.joinpath(".gitignore").write_text("*\n", encoding="utf-8")
    place.finish("in the way")
