"""Ctrl-C, SIGTERM and SIGKILL in the middle of an apply, on the real command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_saved_plans import office, served

if TYPE_CHECKING:
    from tests.cli.test_saved_plans import Office

__all__ = ["office", "served"]

SLOW = {"method": "POST", "path": "/flows/{flowId}/participants", "kind": "delay", "times": 1}
DEADLINE = 60.0


def start(
    office: Office, *arguments: str, seconds: float, slow: dict[str, Any] = SLOW
) -> subprocess.Popen[str]:
    """An apply of the saved plan that waits for the answer to its slowest request."""
    office.sandbox("POST", "faults", [{**slow, "seconds": seconds}])
    command = [sys.executable, "-m", "engine", "--dir", str(office.root), "--env", "staging"]
    return subprocess.Popen(  # noqa: S603 - our own command
        [*command, "apply", str(office.root / "monday.plan"), "--parallelism", "1", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def wait_for_the_slow_request(office: Office, before: int) -> None:
    until = time.monotonic() + DEADLINE
    while office.sandbox("GET", "requests").get("POST /flows/{flowId}/participants", 0) == before:
        assert time.monotonic() < until


def sent(office: Office) -> int:
    return int(office.sandbox("GET", "requests").get("POST /flows/{flowId}/participants", 0))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_finishes_what_is_in_flight(office: Office, number: signal.Signals) -> None:
    office.plan()
    before = sent(office)
    process = start(office, "--json", seconds=1.5)
    wait_for_the_slow_request(office, before)
    process.send_signal(number)
    out, err = process.communicate(timeout=DEADLINE)
    results = {row["id"]: row["result"] for row in json.loads(out)["outcomes"]}
    assert results["flow/law:participants"] == "done", err
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "Once more stops at once" in err


def test_what_was_not_tried_is_said_and_done_by_the_same_plan(office: Office) -> None:
    office.write(office.later_with_everybody())
    office.plan()
    before = sent(office)
    process = start(office, "--json", seconds=1.5)
    wait_for_the_slow_request(office, before)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=DEADLINE)
    results = {row["id"]: row["result"] for row in json.loads(out)["outcomes"]}
    assert process.returncode == 130
    assert results["user/kim@example.org:roles"] == "not tried"
    assert results["flow/law:reviewers"] == "blocked by"  # The licence role comes first.
    assert "exit code 130" in office.call("journal").out
    assert office.call("apply", str(office.root / "monday.plan")).code == 0
    assert "No changes." in office.call("plan").out


def interrupted_twice(office: Office) -> dict[str, str]:
    """The results by change of an apply that was told twice to stop, at its slow request."""
    before = sent(office)
    process = start(office, "--json", seconds=30)
    wait_for_the_slow_request(office, before)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "finishing what is in flight" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, err
    return {row["id"]: row["result"] for row in json.loads(out)["outcomes"]}


def test_a_second_signal_stops_at_once_and_the_same_plan_goes_on(office: Office) -> None:
    office.plan()
    assert interrupted_twice(office)["flow/law:participants"] == "unknown"
    assert "flow/law:participants" in office.call("journal").out
    office.sandbox("POST", "faults", [])
    assert office.call("apply", str(office.root / "monday.plan")).code == 0
    assert "No changes." in office.call("plan").out


def test_a_signal_while_it_still_reads_ends_it_at_once(office: Office) -> None:
    office.plan()
    reading = {"method": "POST", "path": "/flows/search", "kind": "delay", "times": 1}
    before = int(office.sandbox("GET", "requests").get("POST /flows/search", 0))
    process = start(office, seconds=30, slow=reading)
    until = time.monotonic() + DEADLINE
    while office.sandbox("GET", "requests").get("POST /flows/search", 0) == before:
        assert time.monotonic() < until
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    office.sandbox("POST", "faults", [])
    assert (process.returncode, "Traceback" in err) == (130, False), err


def test_after_a_second_signal_only_what_was_sent_is_unknown(office: Office) -> None:
    office.write(office.later_with_everybody().replace("Open book.", "Closed book."))
    office.plan()
    results = interrupted_twice(office)
    assert {name for name, one in results.items() if one == "unknown"} == {"flow/law:participants"}
    assert results["flow/law:reviewers"] == "not tried"


def test_a_killed_apply_leaves_a_journal_and_no_lock(office: Office) -> None:
    office.plan()
    before = sent(office)
    process = start(office, seconds=30)
    wait_for_the_slow_request(office, before)
    while_it_runs = office.call("apply", str(office.root / "monday.plan"))
    assert while_it_runs.code == 10
    assert f"process {process.pid}" in while_it_runs.err
    assert f"process {process.pid}" in office.call("journal").out
    assert json.loads(office.call("journal", "--json").out)["running"] is True
    process.kill()
    process.communicate(timeout=DEADLINE)
    told = office.call("journal").out
    assert "It was cut off" in told
    assert json.loads(office.call("journal", "--json").out)["running"] is False
    assert "! no answer  POST /flows/{flowId}/participants" in told
    office.sandbox("POST", "faults", [])
    assert office.call("apply", str(office.root / "monday.plan")).code == 0
    assert "No changes." in office.call("plan").out
