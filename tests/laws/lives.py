"""What a term says of flows on their way through life: adopted, renamed, archived, brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.laws.scene import FLOWS, RENAMED, THERE

if TYPE_CHECKING:
    from tests.laws.terms import Term

_FEW = st.sampled_from([False] * 5 + [True])
_HALF = st.booleans()
_NUMBERS = st.permutations(THERE)


def rename(draw: st.DrawFn, term: Term, before: Term | None) -> None:
    """At times a flow of the term before stands under another key now, and `moved` says so."""
    term.entries["moved"] = []
    old = before.one_by_one["flows"] if before else []
    known = {flow["key"] for flow in old} - {RENAMED}
    found = [flow["key"] for flow in term.entries["flows"] if flow["key"] in known]
    if not found or not draw(_FEW):
        return
    key = draw(st.sampled_from(found))
    for flow in term.entries["flows"]:
        if flow["key"] == key:
            term.entries["flows"][term.entries["flows"].index(flow)] = flow | {"key": RENAMED}
    for number, flow in enumerate(term.entries["flows"]):
        copied: dict[str, Any] = flow.get("copy_from") or {}
        if copied.get("flow") == key:
            term.entries["flows"][number] = flow | {"copy_from": copied | {"flow": RENAMED}}
    term.entries["role_assignments"] = [
        entry | {"flows": [RENAMED]} if entry["flows"] == [key] else entry
        for entry in term.entries["role_assignments"]
    ]
    term.entries["moved"] = [{"from": f"flow/{key}", "to": f"flow/{RENAMED}"}]


def say(draw: st.DrawFn, term: Term) -> None:
    """Adoptions of flows that are there or were never, and flows that come from the archive."""
    keys = [flow["key"] for flow in term.entries["flows"]]
    numbers = draw(_NUMBERS)
    term.entries["adopt"] = [
        {"flow": key, "environment": "sandbox", "server_id": number, "title": title}
        for key, (number, title) in zip(keys, numbers, strict=False)
        if draw(_FEW)
    ]
    if not term.entries["moved"] and FLOWS[0] in keys and draw(_FEW):
        # A key that WISEflow never held: the flow is made under its new one.
        term.entries["moved"] = [{"from": "flow/never", "to": f"flow/{FLOWS[0]}"}]
    back = [
        f"flow/{flow['key']}"
        for flow in term.entries["flows"]
        if flow.get("lifecycle") != "archived" and draw(_HALF)
    ]
    if back:
        term.entries["unarchive"] = back
