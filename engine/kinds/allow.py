"""Allowances: what of all that is held may be done, by when, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from engine.checking import Line, Shape
from engine.guards import GUARDS, HAZARDS
from engine.kind import Kind
from engine.kinds._people import Flows
from engine.kinds.role_assignment import RoleAssignment
from engine.nodes import Odd, shown
from engine.words import near

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from pydantic.config import JsonDict, JsonValue

NO_ROLES = ("flows", "membership", "assessor_groups", "room_bookings", "slots")
ROLES = tuple(name for name in RoleAssignment.model_fields if name not in NO_ROLES)

SUBJECTS = {
    "primary-email": "users",
    "updates": "kind",
    "uniweb": "profiles",
    "removals": "",
    "room-deletion": "rooms",
    "webhook-deletion": "webhooks",
}
"""What an entry must say beside a name; for all others it is flows."""
SELECTORS = ("flows", "users", "profiles", "kind", "rooms", "webhooks")


def _one_of(names: Collection[str], what: str) -> Callable[[str], str]:
    def known(word: str) -> str:
        if word not in names:
            raise ValueError(f"unknown {what} {shown(word)}\n{near(word, names)}")
        return word

    return known


def _words(names: Collection[str]) -> JsonDict:
    listed: list[JsonValue] = [*sorted(names)]
    return {"enum": listed}


def _until(value: Any) -> Any:
    if isinstance(value, int | float | Odd):
        raise ValueError("is no date\nwrite it as 2027-05-01, or as 2027-05-01 12:00")
    return value


_DAY = r"^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?\s*(Z|[+-]\d\d:?\d\d)?)?$"
Until = Annotated[Line, BeforeValidator(_until), Field(json_schema_extra={"pattern": _DAY})]
Hazard = Annotated[
    Line, AfterValidator(_one_of(HAZARDS, "hazard")), Field(json_schema_extra=_words(HAZARDS))
]
Guard = Annotated[
    Line, AfterValidator(_one_of(GUARDS, "guard")), Field(json_schema_extra=_words(GUARDS))
]
Role = Annotated[
    Line, AfterValidator(_one_of(ROLES, "role")), Field(json_schema_extra=_words(ROLES))
]


def _shapes() -> Iterator[JsonDict]:
    """For an editor, each way to write an entry: what goes with which names."""
    for way, names in {"remove": ROLES, "hazard": HAZARDS, "guard": GUARDS}.items():
        for subject in (*SELECTORS, ""):
            mine = [name for name in names if SUBJECTS.get(name, "flows") == subject]
            if mine:
                others = [one for one in ("remove", "hazard", "guard") if one != way]
                others += [one for one in SELECTORS if one != subject]
                properties: JsonDict = {way: _words(mine), **dict.fromkeys(others, False)}
                yield {"required": [way, subject] if subject else [way], "properties": properties}


EXAMPLES: list[JsonValue] = [
    {
        "remove": "participants",
        "flows": {"key": "nurs-*"},
        "up_to": 12,
        "until": "2027-05-01",
        "reason": "ticket 4711",
    },
    {"hazard": "shorter", "flows": ["law"], "until": "2027-05-01 12:00", "reason": "agreed"},
    {"hazard": "primary-email", "users": ["ada"], "until": "2027-05-01", "reason": "new address"},
    {"guard": "removals", "up_to": 60, "until": "2027-05-01", "reason": "end of term"},
    {"guard": "updates", "kind": "flow", "until": "2027-05-01", "reason": "new titles"},
    {"guard": "uniweb", "profiles": ["staff"], "until": "2027-05-01", "reason": "unit closed"},
]


class Allow(Shape):
    """One thing that is allowed, where, until when, and why; it never allows more than `up_to`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": list(_shapes()),
            "examples": EXAMPLES,
        }
    )

    remove: Role | None = Field(None, description="people may leave this role")
    hazard: Hazard | None = Field(None, description="this may be done although it is dangerous")
    guard: Guard | None = Field(None, description="this limit may be passed")
    flows: Flows | None = None
    users: Annotated[list[Line], Field(min_length=1)] | None = Field(None, description="user keys")
    profiles: Annotated[list[Line], Field(min_length=1)] | None = None
    rooms: Annotated[list[Line], Field(min_length=1)] | None = Field(
        None, description="keys of rooms that have left the manifests"
    )
    webhooks: Annotated[list[Line], Field(min_length=1)] | None = Field(
        None, description="keys of webhooks that have left the manifests"
    )
    kind: Literal["flow", "room", "user", "webhook"] | None = Field(
        None, description="with guard: updates"
    )
    up_to: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] | None = Field(
        None, description="how many people leave at most, else how many objects; all if not said"
    )
    until: Until = Field(description="a date, to its end, or a moment; then it has no effect")
    reason: Annotated[Line, Field(max_length=1000)] = Field(description="such as a ticket")


KIND = Kind("allowance", "allow", Allow)
