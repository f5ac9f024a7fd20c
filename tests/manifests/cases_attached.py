"""What is wrong with SIS sources and references of flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.manifests.repositories import Case

FLOW = "flows:\n  - key: law\n    {}\n"


def source(text: str) -> str:
    return FLOW.format(f"sis_sources: [{text}]")


def reference(text: str) -> str:
    return FLOW.format(f"references: [{text}]")


ATTACHED_CASES: dict[str, Case] = {
    "a source without an integration": (source("¶{code: A||B}"), 'lacks "integration"'),
    "a source without a code": (source("¶{integration: STADS}"), 'lacks "code"'),
    "a source code with a wildcard": (
        source('{¶code: "A||*||C", integration: STADS}'),
        "no whole source code … write each parameter",
    ),
    "a source code with a hole": (
        source('{¶code: "A||||C", integration: STADS}'),
        "no whole source code",
    ),
    "a source twice": (
        source('{code: "A||B", integration: STADS}, ¶{code: "a||b", integration: STADS}'),
        "stands twice in this list",
    ),
    "no list of sources": (FLOW.format("¶sis_sources: A||B||C"), "sis_sources"),
    "null for sources": (FLOW.format("¶sis_sources: null"), "sis_sources"),
    "a reference with a space": (reference('¶"a b"'), "letters, digits, - and _ only"),
    "a reference that is too long": (reference("¶" + "x" * 256), "255"),
    "a reference of a key": (reference("¶Wisectl-tax"), "cannot be stated … a flow's key"),
    "a number as a reference": (reference("¶4711"), 'must be text … "4711"'),
    "a reference twice": (reference("SITS-1, ¶sits-1"), "stands twice in this list"),
}
