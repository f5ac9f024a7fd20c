"""The one shape in which manifests select flows -> their keys."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from engine.nodes import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.documents import Documents, Entry
    from engine.model import Desired


def selected_flows(documents: Documents, flows: Mapping[str, Desired], entry: Entry) -> list[str]:
    """The flows that `flows` of an entry selects; what selects none is a problem."""
    selector = entry.value.flows
    if isinstance(selector, list):
        documents.refuse_repeats(entry, "flows")
        return [key for n, text in enumerate(selector) for key in _one(documents, entry, n, text)]
    return _matching(documents, flows, entry, selector) if selector is not None else []


def _one(documents: Documents, entry: Entry, index: int, text: str) -> Iterator[str]:
    flow = documents.by_key("flows").get(text.casefold())
    if flow is not None and flow.key:
        yield flow.key
    else:
        where, name = entry.at("flows", index), entry.name("flows", index)
        documents.dangling("flows", text, where, name)


def _matching(
    documents: Documents, flows: Mapping[str, Desired], entry: Entry, selector: Any
) -> list[str]:
    wanted = {name: value for name, value in selector if value is not None}
    where, name = entry.at("flows"), entry.name("flows")
    table = entry.node.table("flows")
    if table is not None and table.faulty:
        return []
    if not wanted:
        documents.wrong(where, name, "selects nothing", "state key, term, code or purpose")
        return []
    found = [key for key, flow in flows.items() if _matches(flow, wanted)]
    if not found and "flows" not in documents.partial:
        said = ", ".join(f"{word} {shown(value)}" for word, value in wanted.items())
        hint = "check how the flows themselves are written"
        documents.wrong(where, name, f"no flow has {said}", hint)
    return sorted(found)


def _matches(flow: Desired, wanted: Mapping[str, str]) -> bool:
    for name, value in wanted.items():
        if name == "key":
            if not fnmatchcase(flow.address.key.casefold(), value.casefold()):
                return False
        else:
            stated = flow.fields.get(name)
            if stated is None or stated.value != value:
                return False
    return True
