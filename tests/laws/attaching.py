"""What other systems have to do with flows: sources that feed them, and references, drawn seldom.

A flow that is fed is left alone in much of what the laws are about.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Draw = st.DrawFn
Entry = dict[str, Any]

ATTACHED = frozenset({"sis_sources", "references"})
"""The fields of flows and templates that are drawn here."""

CODES = ("A||B||C", "A||B||D", "X||Ström & Søn")
INTEGRATIONS = (*("Northfield STADS",) * 8, "SITS")
"""The last is in no licence of the sandbox."""
REFERENCES = ("SITS-1", "b_2", "B_3")

_seldom = st.sampled_from([False] * 6 + [True])
_sources = st.lists(
    st.fixed_dictionaries(
        {"code": st.sampled_from(CODES), "integration": st.sampled_from(INTEGRATIONS)}
    ),
    unique_by=lambda one: one["code"],
    max_size=2,
)
_references = st.lists(st.sampled_from(REFERENCES), unique=True)


def attach(draw: Draw, entry: Entry) -> None:
    """Adds sources or references to what is stated of a flow or a template."""
    if draw(_seldom):
        entry["sis_sources"] = draw(_sources)
    if draw(_seldom):
        entry["references"] = draw(_references)
