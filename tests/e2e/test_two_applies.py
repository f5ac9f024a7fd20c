"""Two applies at once, from two folders that share nothing but the licence."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

import pytest

from engine.sandbox.serve import Options, running
from engine.wiseflow.creation import (
    FlowTraces,
    NewFlow,
    Patience,
    create_flow,
    give_up_leftovers,
)
from engine.wiseflow.flows import FlowKeys, find_flows, marker
from tests.e2e import rehearsal as stage
from tests.e2e.edges import open_wiseflow
from tests.e2e.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from engine.wiseflow.client import WiseflowApi

T = TypeVar("T")

PEOPLE = """
    users:
      - {key: kim@example.org, first_name: Kim, last_name: Larsen, emails: [kim@example.org]}
"""

SOURCE = """
    flows:
      - {key: source, type: FLOWassign, title: source, subtitle: Written}
    role_assignments:
      - {flows: [source], managers: [kim@example.org]}
"""

KEYS = ("math101", "math101-2", "math102")
"""One is a part of another: a search by parts finds both."""

FLOW = """
      - key: {key}
        {made}
        title: {key}
        participation: {{start: "2027-05-03 09:00", length: 4h}}
        marking: {{start: "2027-05-05 12:00", end: "2027-05-24 12:00"}}
"""

WAYS = {
    "new": "type: FLOWassign",
    "copy": "copy_from: {flow: source, include: [settings, assignments]}",
}
PATHS = {"new": "/license/create/flow", "copy": "/flows/{flowId}/copy"}

QUIRKS: list[dict[str, str]] = [
    {},
    {"visibility_delay": "0.2"},
    {
        "reference_search": "partial",
        "visibility_delay": "0.2",
        "user_search": "and",
        "copy_data": "object",
    },
]


def flows(way: str) -> str:
    made = "".join(FLOW.format(key=key, made=WAYS[way]) for key in KEYS)
    seats = f"\n      - {{flows: [{', '.join(KEYS)}], managers: [kim@example.org]}}\n"
    return "\n    flows:" + made + "    role_assignments:" + seats


def at_once(one: Rehearsal, other: Rehearsal) -> None:
    """Both plan and apply; a create takes its time, so that both look before either has made."""
    slow = [
        {"method": "POST", "path": path, "kind": "delay", "seconds": 0.2} for path in PATHS.values()
    ]
    one.control("POST", "faults", slow)
    begin = Barrier(2)

    def apply(machine: Rehearsal) -> None:
        begin.wait(20)
        machine.apply()

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(apply, machine) for machine in (one, other)]:
            done.result()
    one.control("POST", "faults", [])


def live_flows(machine: Rehearsal, key: str) -> list[int]:
    """The flows that carry the key or its marker, read from the sandbox's own store."""
    rows = machine.control("GET", "state")["flows"]
    return [
        row["id"]
        for row in rows
        if not row["deleted"] and (row["subtitle"] == marker(key) or row["title"] == key)
    ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("quirks", QUIRKS, ids=lambda q: " ".join(f"{k}={v}" for k, v in q.items()))
def test_two_applies_at_once_come_to_one_flow_for_each_key(
    tmp_path: Path, way: str, quirks: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "HURRY", Patience(lost_answer=0.0, between_looks=0.02))
    with running(Options(rate_limit=False, quirks=quirks)) as server:
        one, other = (Rehearsal(server.url, tmp_path / name) for name in ("one", "other"))
        for machine in (one, other):
            machine.write(PEOPLE, "people.yaml")
            machine.write(SOURCE, "source.yaml")
        one.apply()
        assert one.failures() == []
        for machine in (one, other):
            machine.write(flows(way), "term.yaml")
        before = sent(one, way)
        at_once(one, other)
        assert one.failures() + other.failures() == []
        assert sent(one, way) - before > len(KEYS), "the two did not meet"
        assert all(len(live_flows(one, key)) == 1 for key in KEYS)
        assert [flow for flow in one.control("GET", "state")["flows"] if is_marked(flow)] == []
        assert one.plan().changes == other.plan().changes == ()


def sent(machine: Rehearsal, way: str) -> int:
    return int(machine.control("GET", "requests").get(f"POST {PATHS[way]}", 0))


def is_marked(flow: dict[str, str]) -> bool:
    return not flow["deleted"] and flow["subtitle"] in {marker(key) for key in (*KEYS, "source")}


# ---- what crashes leave ----------------------------------------------------------------------


@pytest.fixture
def term(rehearsal: Rehearsal) -> Rehearsal:
    rehearsal.write(PEOPLE, "people.yaml")
    rehearsal.write(SOURCE, "source.yaml")
    return rehearsal


def leave_draft(machine: Rehearsal) -> int:
    """A flow as a crash leaves it just after the call that made it."""
    manager = machine.control("GET", "state")["users"][0]["id"]
    body = {
        "title": "Half made",
        "subTitle": marker("source"),
        "type": machine.by_hand("GET", "/license/flow-types")["data"][0]["id"],
        "managers": [manager],
    }
    return int(machine.by_hand("POST", "/license/create/flow", body)["flowId"])


def give_up(machine: Rehearsal) -> tuple[tuple[int, ...], list[int]]:
    """The drafts that a plan would name beside the flow, and those that were given up."""

    async def find_and_give_up(api: WiseflowApi) -> tuple[tuple[int, ...], list[int]]:
        found = await find_flows(api, FlowKeys(), ["source"])
        assert len(found["source"]) == 1
        gone = await give_up_leftovers(api, FlowKeys(), "source")
        return found["source"][0].leftovers, gone

    return run(machine, find_and_give_up)


def test_a_draft_beside_a_finished_flow_is_found_and_given_up(term: Rehearsal) -> None:
    term.apply()
    finished = live_flows(term, "source")
    draft = leave_draft(term)
    assert give_up(term) == ((draft,), [draft])
    assert live_flows(term, "source") == finished
    assert give_up(term) == ((), [])


def test_a_finished_flow_outlives_a_draft_with_a_lower_number(term: Rehearsal) -> None:
    draft = leave_draft(term)
    kept = leave_draft(term)
    body = {"reference": "wisectl-source", "description": ""}
    term.by_hand("POST", f"/flows/{kept}/external-sources", body)
    metadata = term.by_hand("GET", f"/flows/{kept}/metadata")["data"]
    term.by_hand("PUT", f"/flows/{kept}/metadata", metadata | {"subtitle": "Written"})
    assert give_up(term) == ((draft,), [draft])
    assert term.flows("wisectl-source")[0]["flowId"] == kept


def test_of_two_drafts_the_lower_is_finished_and_the_other_given_up(term: Rehearsal) -> None:
    lower, higher = leave_draft(term), leave_draft(term)
    finishing = next(change for change in term.plan().changes if change.id == "flow/source")
    assert finishing.after == ("user/kim@example.org",)
    term.apply()
    assert term.failures() == []
    assert live_flows(term, "source") == [lower]
    assert higher > lower
    assert term.plan().changes == ()


def test_a_draft_that_somebody_activated_is_never_deleted(term: Rehearsal) -> None:
    term.apply()
    draft = leave_draft(term)
    activate(term, draft)
    assert [problem.message for problem in term.plan().problems] == [
        f"several flows in WISEflow carry this key: #{min(live_flows(term, 'source'))} and #{draft}"
    ]


def test_nor_is_it_deleted_where_a_search_still_shows_a_draft(term: Rehearsal) -> None:
    draft = leave_draft(term)
    activate(term, draft)
    run(term, lambda api: FlowTraces(api, FlowKeys(), "source").give_up(draft))
    assert live_flows(term, "source") == [draft]


def test_a_deleted_flow_that_a_search_still_shows_is_made_anew(tmp_path: Path) -> None:
    with running(Options(rate_limit=False, quirks={"visibility_delay": "1"})) as server:
        machine = Rehearsal(server.url, tmp_path)
        kind = machine.by_hand("GET", "/license/flow-types")["data"][0]["id"]
        manager = machine.control("GET", "state")["users"][0]["id"]
        new = NewFlow("source", "source", (manager,), type_id=kind)
        patience = Patience(between_looks=0.02)
        first = run(machine, lambda api: create_flow(api, FlowKeys(), new, patience))
        machine.by_hand("DELETE", f"/flows/{first}")
        second = run(machine, lambda api: create_flow(api, FlowKeys(), new, patience))
        assert live_flows(machine, "source") == [second]


def run(machine: Rehearsal, work: Callable[[WiseflowApi], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with open_wiseflow(machine.url, read_only=False, checked=True) as api:
            return await work(api)

    return asyncio.run(opened())


def activate(machine: Rehearsal, flow_id: int) -> None:
    windows = {
        "participation": {"start": 1809331200, "end": 1809345600},
        "marking": {"start": 1809504000, "end": 1811145600},
    }
    machine.by_hand("PATCH", f"/flows/{flow_id}/dates", windows)
    machine.by_hand("PATCH", f"/flows/{flow_id}/activate")


def test_a_plan_shows_what_a_crash_left_and_an_apply_clears_it(term: Rehearsal) -> None:
    term.apply()
    finished, draft = live_flows(term, "source"), leave_draft(term)
    assert [(one.id, one.fields[0].before) for one in term.plan().changes] == [
        ("flow/source:leftovers", f"#{draft}")
    ]
    term.apply()
    assert term.failures() == []
    assert live_flows(term, "source") == finished
    assert term.plan().changes == ()


def test_nothing_is_copied_from_a_flow_that_is_not_finished(term: Rehearsal) -> None:
    leave_draft(term)
    term.write(flows("copy"), "term.yaml")
    copies = [one for one in term.plan().changes if one.address.key in KEYS and not one.part]
    assert copies
    assert all("flow/source" in one.needs for one in copies)
    term.apply()
    assert term.failures() == []
    assert all(len(live_flows(term, key)) == 1 for key in (*KEYS, "source"))
    state = term.control("GET", "state")["flows"]
    assert {flow["subtitle"] for flow in state if flow["title"] in KEYS} == {"Written"}
    assert term.plan().changes == ()
