"""What is held is told with the flag for a terminal and the entries for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.checking import check
from engine.guards import parse_allowance
from engine.kinds.allow import Allow
from engine.manifest import parse_yaml
from engine.nodes import Sequence, Table
from engine.plan import Status
from engine.planner import Options
from engine.render.style import Style
from engine.render.terminal import render_plan
from tests.core.worlds import Licensed, days, flow, role

if TYPE_CHECKING:
    from engine.nodes import Node

SOON = {"participation__start": days(1), "participation__end": days(1.2)}
LIVE = {"title": "Maths", **SOON, "marking__start": days(3), "marking__end": days(9)}


def world(key: str = "math") -> Licensed:
    """A flow that starts tomorrow: everyone leaves, and its window becomes shorter."""
    found = Licensed().person(1, "s1").person(2, "s2")
    found.live_flow(key, 7, 0, {"participants": [1, 2]}, **LIVE)
    shorter = {**LIVE, "participation__end": days(1.1)}
    found.desired = [flow(key, role("participants", membership="exact"), **shorter)]
    return found


def block(text: str) -> Table:
    """The YAML that the text proposes, from its first line on."""
    lines = text[text.index("\nallow:\n") + 1 :].splitlines()
    entries = [one for one in lines if one.startswith("  - ")]
    node, problems = parse_yaml("\n".join(["allow:", *entries]), "m.yaml")
    assert problems == []
    assert isinstance(node, Table)
    return node


def entries(node: Table) -> tuple[Node, ...]:
    listed = node.entries["allow"]
    assert isinstance(listed, Sequence)
    return listed.items


def test_the_entries_can_be_pasted_and_every_one_is_valid() -> None:
    text = render_plan(world().plan(), Style())
    found = entries(block(text))
    assert [check(entry, Allow)[0] for entry in found] == [[], [], []]
    assert "remove: participants, flows: [math], up_to: 2, until: 2027-01-25" in text
    assert "hazard: shorter, flows: [math], until: 2027-01-25" in text
    assert "--allow empty:flow/math:2" in text


def test_keys_that_yaml_reads_as_something_else_are_quoted() -> None:
    for key in ("101", "1e5", "null", "yes", "0x1F", "-", "2027-05-03"):
        text = render_plan(world(key).plan(), Style())
        assert f'flows: ["{key}"]' in text
        assert all(check(entry, Allow)[0] == [] for entry in entries(block(text)))


def test_the_flags_that_are_printed_let_everything_through() -> None:
    plan = world().plan()
    held = [change for change in plan.changes if change.status is Status.HELD]
    words = " ".join(reason for change in held for reason in change.reasons).split()
    flags = [words[n + 1] for n, word in enumerate(words) if word == "--allow"]
    allowed = tuple(parse_allowance(flag.strip("'")) for flag in flags)
    after = world().plan(Options(allowances=allowed))
    assert {change.status for change in after.changes} == {Status.PLANNED}
    assert "Held until allowed" not in render_plan(after, Style())
