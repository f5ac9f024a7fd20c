"""Addresses as manifests name them, in lists that are about several kinds."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, RootModel

from engine.checking import Line
from engine.kinds import KINDS
from engine.nodes import shown
from engine.words import near

ADDRESS_LISTS = {
    "protect": "addresses: no hazard, no removal, whatever is allowed",
    "removed": "addresses: to be taken away, though they may never have stood in the manifests",
    "release": "addresses: to be forgotten; what is live stays as it is",
    "recreate": "addresses: to be made again, though they have vanished from WISEflow",
    "unarchive": "addresses of flows: to come back from the archive, which moves their marking end",
}
"""Words above lists of addresses, each with what it means for them."""

ADDRESSED = sorted(kind.name for kind in KINDS.values() if kind.live)


def _address(text: str) -> str:
    kind, _, key = text.partition("/")
    if not key.strip():
        raise ValueError(f"{shown(text)} is no address\nsuch as flow/math101-2027s")
    if kind not in ADDRESSED:
        raise ValueError(f"no address starts with {shown(kind)}\n{near(kind, ADDRESSED)}")
    return text


PATTERN = rf"^({'|'.join(ADDRESSED)})/.+$"


class Named(
    RootModel[
        Annotated[Line, AfterValidator(_address), Field(json_schema_extra={"pattern": PATTERN})]
    ]
):
    """One address: kind, slash, key."""

    model_config = ConfigDict(frozen=True)
