"""Odd places for output, journals that were damaged, selectors that mean nothing."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from engine.__main__ import main as entry
from engine.journal import read, runs
from tests.cli.test_saved_plans import SETTINGS, Office, office, served

__all__ = ["office", "served"]

FULL = Path("/dev/full")
COMMAND = (sys.executable, "-m", "engine")


def wisectl(
    office: Office, *arguments: str, stdout: int | None
) -> subprocess.CompletedProcess[str]:
    """The real command with an output of its own; None for one that is closed."""
    command = [*COMMAND, "--dir", str(office.root), "--env", "staging"]
    return subprocess.run(  # noqa: S603 - our own command
        [*command, *arguments],
        stdout=subprocess.DEVNULL if stdout is None else stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        preexec_fn=(lambda: os.close(1)) if stdout is None else None,
    )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["plan"], ["plan", "--json"], ["journal", "--json"]])
def test_an_output_that_cannot_be_written_is_an_error_without_a_traceback(
    office: Office, arguments: list[str]
) -> None:
    with FULL.open("w") as full:
        ended = wisectl(office, *arguments, stdout=full.fileno())
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "No space left" in ended.stderr


@pytest.mark.parametrize("size", [0, 600, 900])
def test_what_no_journal_can_tell_of_is_not_sent(office: Office, size: int) -> None:
    """A limit on the size of files stands for a disk that is full."""

    def few_bytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    office.plan()
    before = office.writes()
    ended = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "--dir", str(office.root), "--env", "staging", "apply", "--json", "monday.plan"],
        cwd=office.root,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        preexec_fn=few_bytes,
    )
    document = json.loads(ended.stdout)
    *_, path = runs(office.root / ".wisectl" / "journal" / "staging")
    told = [row for row in read(path) if row["type"] == "call"]
    assert office.writes() - before <= len(told)
    if size == 0:
        assert (ended.returncode, "cannot be written" in document["error"]["message"]) == (1, True)
    else:
        results = {one["result"] for one in document["outcomes"]}
        assert results - {"done"}
        assert ended.returncode == (8 if "done" in results else 1), results
        assert "cannot be written: File too large" in ended.stdout
    assert office.call("apply", "--auto-approve").code == 0


def test_a_closed_output_is_told_nothing_and_breaks_nothing(office: Office) -> None:
    ended = wisectl(office, "plan", stdout=None)
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_plan_replaces_no_device(office: Office) -> None:
    ended = office.call("plan", "--out", str(FULL))
    assert ended.code == 1
    assert "is no plain file" in ended.err
    assert FULL.is_char_device()


def test_a_plan_goes_where_a_link_leads(office: Office) -> None:
    link, place = office.root / "link.plan", office.root / "real.plan"
    link.symlink_to(place)
    assert office.call("plan", "--out", str(link)).code == 0
    assert link.is_symlink()
    assert office.call("apply", str(place)).code == 0


def test_a_file_where_the_work_folder_must_be_is_an_error(office: Office) -> None:
    folder = office.root / ".wisectl"
    folder.rename(office.root / "elsewhere")
    folder.write_text("", encoding="utf-8")
    ended = office.call("apply", "--auto-approve")
    assert ended.code == 1
    assert ".wisectl is in the way" in ended.err


def test_a_port_that_is_none_is_a_problem_of_the_settings(office: Office) -> None:
    text = SETTINGS.format(url="http://127.0.0.1:99999")
    (office.root / "wisectl.yaml").write_text(text, encoding="utf-8")
    assert office.call("plan").code == 3


@pytest.mark.parametrize("option", ["--target", "--exclude"])
def test_a_selector_that_matches_nothing_is_an_error(office: Office, option: str) -> None:
    for command in (["plan"], ["apply", "--auto-approve"]):
        ended = office.call(*command, option, "flow/lwa")
        assert ended.code == 1
        assert f"{option} flow/lwa matches nothing" in ended.err


@pytest.mark.parametrize("command", ["journal", "undo"])
@pytest.mark.parametrize(
    "harm",
    [
        *("", "[]\n", "{}\n", "cut"),
        *('"id": -> "di":', '"result": -> "r":', '"path": "t -> "path": 7, "x": "t'),
        *('"fields": [ -> "fields": [7, ', '"role": -> "lore":', '"type": "change" -> "type": "c"'),
    ],
)
def test_a_damaged_journal_is_not_taken_for_the_truth(
    office: Office, command: str, harm: str
) -> None:
    assert office.call("apply", "--auto-approve").code == 0
    path = sorted((office.root / ".wisectl" / "journal" / "staging").glob("*.jsonl"))[-1]
    lines = path.read_bytes().splitlines(keepends=True)
    if harm == "cut":
        lines = [one[: len(one) // 2] + b"\n" if b'"change"' in one else one for one in lines]
        harm = b"".join(lines).decode()
    elif harm:
        harm = b"".join(lines).decode().replace(*harm.split(" -> ")) if " -> " in harm else harm
    path.write_bytes(harm.encode())
    ended = office.call(command)
    assert ended.code == 1
    assert "is damaged" in ended.err


def test_a_last_line_that_a_crash_cut_in_two_is_no_damage(office: Office) -> None:
    assert office.call("apply", "--auto-approve").code == 0
    path = sorted((office.root / ".wisectl" / "journal" / "staging").glob("*.jsonl"))[-1]
    path.write_bytes(path.read_bytes()[:-5])
    assert office.call("journal").code == 0


def test_what_could_not_be_read_is_not_said_to_match(office: Office) -> None:
    path = {"path": "/flows/{flowId}/participants", "method": "GET"}
    office.write(
        (office.root / "manifests" / "term.yaml").read_text().replace("Company law", "Law")
    )
    office.sandbox("POST", "faults", [{**path, "kind": "status", "status": 404, "times": 50}])
    ended = office.call("plan")
    office.sandbox("POST", "faults", [])
    assert ended.code == 1
    assert "matches the manifests" not in ended.out
    assert "not everything could be read" in ended.out


def test_without_any_input_apply_wants_a_plan(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    ended = office.call("apply")
    assert ended.code == 1
    assert "off a terminal apply needs a plan file" in ended.err


@pytest.mark.parametrize("as_json", [True, False])
def test_an_interruption_while_it_loads_ends_as_any_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    loading = ModuleType("engine.main")

    def interrupted() -> None:
        raise KeyboardInterrupt

    loading.main = interrupted  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "engine.main", loading)
    monkeypatch.setattr(sys, "argv", ["wisectl", "plan", *(["--json"] if as_json else [])])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        entry()
    said = capsys.readouterr()
    assert ended.value.code == 130
    assert said.err == "wisectl: Interrupted before it began.\n"
    assert (json.loads(said.out)["error"]["exit_code"] == 130) if as_json else said.out == ""
