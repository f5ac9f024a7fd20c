"""P11: the exit code of every command in every outcome, and with --json one document, always."""

from __future__ import annotations

import io
import itertools
import json
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from engine.render.as_json import digest_of, moment_text, render
from engine.retrying import RetryPolicy
from engine.wiseflow.client import open_wiseflow
from tests.cli.test_saved_plans import LATER, TERM, office, served

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.test_saved_plans import Office

__all__ = ["office", "served"]

HASTE = RetryPolicy(first_wait=0.001, longest_wait=0.002)
PARTICIPANTS = {"method": "POST", "path": "/flows/{flowId}/participants", "times": 100}
NOBODY = TERM.replace("participants: [s1@example.org]", "participants: [], membership: exact")
FILE = "{file}"
"""Stands in a command for a plan file that was made before anything was done to the place."""

PLAN, DETAILED = ("plan",), ("plan", "--detailed-exitcode")
APPLY, SAVED, REVIEWED = ("apply", "--auto-approve"), ("apply", FILE), ("apply", "--reviewed", FILE)
READING = (PLAN, DETAILED, ("undo",), ("doctor",))
WRITING = (APPLY, SAVED, REVIEWED)


def nothing(_: Office, __: pytest.MonkeyPatch) -> None:
    """The place as it is: changes are planned."""


def up_to_date(place: Office, _: pytest.MonkeyPatch) -> None:
    place.write(TERM)


def broken(place: Office, _: pytest.MonkeyPatch) -> None:
    place.write("flows: [{key: law, typo: 1}]\n")


def no_variable(_: Office, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("TEST_SECRET")


def refused(_: Office, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("TEST_SECRET", "wrong")


def storm(place: Office, _: pytest.MonkeyPatch) -> None:
    place.sandbox("POST", "faults", [{"method": "*", "path": "*", "kind": "status", "status": 503,
                                      "times": 10_000}])  # fmt: skip


def emptied(place: Office, _: pytest.MonkeyPatch) -> None:
    place.write(NOBODY)


def moved(place: Office, _: pytest.MonkeyPatch) -> None:
    place.write(LATER.replace("Company law", "Law of the sea"))


def altered(place: Office, _: pytest.MonkeyPatch) -> None:
    """It means what it meant, and is not what was reviewed."""
    path = place.root / "monday.plan"
    document = json.loads(path.read_bytes())
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")


def rejuvenated(place: Office, _: pytest.MonkeyPatch) -> None:
    """It is said to be younger than it is, by somebody who knows all but the key."""
    path = place.root / "monday.plan"
    document = json.loads(path.read_bytes())
    made = datetime.fromisoformat(document["created"]["at"]) + timedelta(minutes=1)
    document["created"]["at"] = moment_text(made)
    path.write_text(render(document | {"digest": digest_of(document)}), encoding="utf-8")


def one_call_fails(place: Office, _: pytest.MonkeyPatch) -> None:
    place.sandbox("POST", "faults", [{**PARTICIPANTS, "kind": "status", "status": 400}])


def old(place: Office, _: pytest.MonkeyPatch) -> None:
    created = json.loads((place.root / "monday.plan").read_bytes())["created"]["at"]
    assert created.startswith("2027-01-1")
    place.sandbox("POST", "clock", {"now": 1_801_000_000})


def bug(_: Office, patch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyError("secret-value")

    for module in ("plan", "apply", "undo"):
        patch.setattr(f"engine.commands.{module}.make", crash)
    patch.setattr("engine.commands.apply.read_plan", crash)


Setup = "Callable[[Office, pytest.MonkeyPatch], None]"
ROWS: list[tuple[int, Any, tuple[tuple[str, ...], ...]]] = [
    (0, nothing, (PLAN, *WRITING, ("validate",), ("show", FILE), ("journal",), ("undo",))),
    (0, up_to_date, (PLAN, DETAILED, APPLY)),
    (1, nothing, (("apply",), ("apply", "nowhere.plan"), ("journal", "norun"))),
    (2, nothing, (DETAILED,)),
    (3, broken, (PLAN, DETAILED, *WRITING, ("validate",))),
    (3, no_variable, (*READING, *WRITING)),
    (4, refused, (*READING, *WRITING)),
    (5, storm, (*READING, *WRITING)),
    (6, emptied, (DETAILED, APPLY)),
    (7, moved, (SAVED, REVIEWED)),
    (7, altered, (SAVED, REVIEWED)),
    (7, rejuvenated, (SAVED, REVIEWED)),
    (8, one_call_fails, WRITING),
    (9, old, (SAVED, REVIEWED)),
    (70, bug, (PLAN, *WRITING)),
]
CASES = [
    pytest.param(code, setup, command, as_json,
                 id=f"{code} {setup.__name__} {' '.join(command)}{' --json' if as_json else ''}")
    for code, setup, commands in ROWS
    for command, as_json in itertools.product(commands, (False, True))
]  # fmt: skip


@pytest.fixture(autouse=True)
def _haste(monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_wiseflow.__kwdefaults__ is not None
    monkeypatch.setitem(open_wiseflow.__kwdefaults__, "policy", HASTE)


@pytest.fixture
def file(office: Office) -> Path:
    return office.plan()


@pytest.mark.parametrize(("code", "setup", "command", "as_json"), CASES)
def test_the_exit_code_says_what_happened(
    office: Office,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    setup: Callable[[Office, pytest.MonkeyPatch], None],
    command: tuple[str, ...],
    as_json: bool,
) -> None:
    setup(office, monkeypatch)
    arguments = [str(file) if part == FILE else part for part in command]
    ended = office.call(*arguments, *(["--json"] if as_json else []))
    office.sandbox("POST", "faults", [])
    assert ended.code == code, ended.out + ended.err
    assert "Traceback" not in ended.out + ended.err
    if as_json:
        assert isinstance(json.loads(ended.out), dict)
    elif code not in (0, 2, 6, 7, 8):
        assert ended.err or command == ("doctor",)


@pytest.mark.parametrize("command", WRITING)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_held_lock_is_10(
    office: Office, file: Path, command: tuple[str, ...], as_json: bool
) -> None:
    arguments = [str(file) if part == FILE else part for part in command]
    with FileLock(office.root / ".wisectl" / "staging.lock"):
        ended = office.call(*arguments, *(["--json"] if as_json else []))
    assert ended.code == 10
    if as_json:
        assert json.loads(ended.out)["error"]["exit_code"] == 10


class Terminal(io.StringIO):
    """Somebody who types, or presses Ctrl-C."""

    def isatty(self) -> bool:
        return True

    def readline(self, *_: Any) -> str:
        line = super().readline()
        if line == "^C\n":
            raise KeyboardInterrupt
        return line


@pytest.mark.parametrize(("typed", "code"), [("no\n", 11), ("\n", 11), ("^C\n", 130), ("yes\n", 0)])
def test_what_is_answered_decides(
    office: Office, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    before = office.writes()
    assert office.call("apply").code == code
    assert (office.writes() == before) is (code != 0)
