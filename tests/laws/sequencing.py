"""Sequences of flows, drawn so that most of them can be made: in one order, from the start on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.laws.terms import Term

_HALF = st.booleans()
_OFTEN = st.sampled_from([True] * 3 + [False])


def arrange(draw: st.DrawFn, term: Term, before: Term | None) -> None:
    """At times some of the flows are a sequence; mostly as in the term before, or in their order.

    What the term before did not say can be said of flows only before they are there.
    """
    keys = [flow["key"] for flow in term.entries["flows"]]
    old = before.entries["sequences"] if before else []
    term.entries["sequences"] = []
    if old and draw(_OFTEN):
        main, there = old[0]["main"], [key for key in old[0]["parts"] if key in keys]
        others = [key for key in keys if key not in (main, *there)]
        parts = [*there, *(key for key in others if draw(_HALF))]
    elif len(keys) > 1 and draw(_HALF):
        main, *parts = keys if draw(_OFTEN) else draw(st.permutations(keys))
        parts = parts[: draw(st.integers(0, len(parts)))]
    else:
        return
    if main in keys:
        term.entries["sequences"] = [{"main": main, "parts": parts}]
        _without_circles(term, [main, *parts])


def _without_circles(term: Term, members: list[str]) -> None:
    """What is made in this order is copied from nothing that is made later."""
    flows = {flow["key"]: flow for flow in term.entries["flows"]}
    for at, key in enumerate(members):
        source = flows.get(key, {}).get("copy_from", {}).get("flow")
        if source in flows and source not in members[:at]:
            flows[key].pop("copy_from")
            flows[key]["type"] = "FLOWassign"


def reassess_once(term: Term) -> None:
    """Of each flow one other is the reassessment, which is a part of no sequence."""
    parts = {part for one in term.entries["sequences"] for part in (one["main"], *one["parts"])}
    done: set[str] = set()
    for number, flow in enumerate(term.entries["flows"]):
        copied = flow.get("copy_from") or {}
        if copied.get("reassessment"):
            source = copied["flow"].casefold()
            is_one = source not in done and flow["key"] not in parts
            done.add(source)
            # The term before may have the same entry.
            term.entries["flows"][number] = flow | {"copy_from": copied | {"reassessment": is_one}}
