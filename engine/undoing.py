"""From the journal of a run to the state before it, as far as the journal knows it. Pure.

What comes out is a desired state like that of the manifests, so that a reverse plan is planned,
guarded, held and applied as every other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.errors import Location
from engine.journal import as_kept
from engine.model import (
    BY_NUMBER,
    INDIVIDUAL,
    PERIOD_OF,
    ROOM_OF,
    Address,
    Adoption,
    Desired,
    DesiredRole,
    DesiredSeat,
    DesiredState,
    Owner,
    Person,
    Stated,
)
from engine.periods import what_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.model import Value
    from engine.plan import Change

NAMED = "named"
"""A membership: exactly those leave whom the role names as leaving."""

ONE_WAY = {
    "activation": "an activation cannot be taken back, and people were messaged",
    "ects": "WISEflow does not answer what it was: state it as it was, and apply",
    "archive": "an archived flow comes back only by `unarchive`, which moves its marking end",
    "key": "a key is moved back by an entry of `moved`, the other way round",
    "unarchive": "its marking end moved to today: state another one, or lifecycle: archived",
}
"""Parts of flows that nobody takes back, each with what there is instead."""

COUNTED = frozenset({"done", "already done", "unknown"})
"""Results after which a change may have left its mark."""


GROUPS = "assessor_groups"
SECRET_FIELDS = frozenset({"secret", "secret_version", "old webhook"})
"""Fields of webhooks that have no way back: nobody kept the secret that was there before."""


@dataclass(slots=True)
class Undone:
    """The state to go back to, and what of the run has no way back, with the reason."""

    state: DesiredState
    impossible: list[tuple[str, str]] = field(default_factory=list)


def undo(rows: Iterable[Mapping[str, Any]], file: str) -> Undone:
    """The state before a run, for what the run changed and nothing else."""
    rows = list(rows)
    results = {row["id"]: row["result"] for row in rows if row["type"] == "outcome"}
    place = Location(file)
    impossible: list[tuple[str, str]] = []
    resources: dict[Address, Desired] = {}
    for row in rows:
        if row["type"] != "change" or results.get(row["id"], "unknown") not in COUNTED:
            continue
        address = _address(row["id"])
        reasons = list(_no_way_back(row, address))
        impossible += [(row["id"], reason) for reason in reasons]
        if row["action"] == "update" and not _is_one_way(row):
            before = resources.get(address, Desired(address, place, {}))
            resources[address] = _with(before, row, place)
    known = {a: d for a, d in resources.items() if d.fields or d.roles}
    return Undone(DesiredState(known, {}, {}), impossible)


def changed_since(rows: Iterable[Mapping[str, Any]], changes: Iterable[Change]) -> list[str]:
    """Fields that hold neither what the run found nor what it wrote: somebody else changed them."""
    written = {
        (_address(row["id"]), one["path"]): one["after"]
        for row in rows
        if row["type"] == "change"
        for one in row["fields"]
        if "after" in one
    }
    return sorted(
        f"{change.address}: {one.path}"
        for change in changes
        for one in change.fields
        if (place := (change.address, one.path)) in written
        and as_kept(one.before) != written[place]
    )


def as_adopted(state: DesiredState, manifests: DesiredState) -> DesiredState:
    """The state, with the numbers by which the manifests know flows that carry no key."""
    resources = {
        address: replace(one, adopted=_adopted(one, manifests.resources.get(address)))
        for address, one in state.resources.items()
    }
    return replace(state, resources=resources)


def _adopted(before: Desired, now: Desired | None) -> Adoption | None:
    if now is None or now.adopted is None:
        return None
    return replace(now.adopted, titles=now.adopted.titles | before.titles)


def _is_one_way(row: Mapping[str, Any]) -> bool:
    """Whether the journal does not say what was there, or nothing leads back to it."""
    is_individual = row.get("seats", {}).get("role") in INDIVIDUAL
    return is_individual or row["id"].partition(":")[2] in ONE_WAY


def _address(change_id: str) -> Address:
    kind, _, rest = change_id.partition("/")
    return Address(kind, rest.rpartition(":")[0] or rest)


def _no_way_back(row: Mapping[str, Any], address: Address) -> Iterable[str]:
    if row["action"] == "create" and address.kind == "user":
        yield "a user cannot be deleted: disable the login, or take the roles away"
    elif row["id"].endswith(":reopen"):
        yield "it was reopened: delete it in WISEflow, if nobody needs it"
    elif row["action"] == "create":
        what = "the draft" if address.kind == "flow" else "it"
        yield f"it was created: delete {what} in WISEflow, if nobody needs it"
    elif address.kind == "flow" and (way := ONE_WAY.get(row["id"].partition(":")[2])):
        yield way
    if row.get("seats", {}).get("role") in INDIVIDUAL:
        yield "the journal keeps no times and exam ids of people: revert the commit and apply"
    is_update = address.kind == "webhook" and row["action"] == "update"
    if is_update and any(one["path"] in SECRET_FIELDS for one in row["fields"]):
        yield "a secret cannot be taken back: state another secret_version, and apply"
    if any(one["path"] == GROUPS for one in row["fields"]):
        yield "a group that was deleted cannot be brought back: state it, and apply"
    yield from _as_a_whole(row, address)
    hidden = [one["path"] for one in row["fields"] if "before" not in one]
    if hidden and row["action"] == "update":
        names = ", ".join(sorted(hidden))
        yield f"the journal keeps no values of people ({names}): revert the commit and apply"


def _as_a_whole(row: Mapping[str, Any], address: Address) -> Iterable[str]:
    """What went as a whole."""
    if any(one["path"].startswith(ROOM_OF) and not one["after"] for one in row["fields"]):
        yield "who sat in the room is in no journal: state them again, and apply"
    if any(_is_period(one["path"]) and not one["after"] for one in row["fields"]):
        yield "who had a slot in the period is in no journal: state them again, and apply"
    if row["action"] == "remove" and row["id"] == str(address) and address.kind != "flow":
        yield "it was deleted: put its entry back, and apply"


def _is_period(path: str) -> bool:
    return path.startswith(PERIOD_OF) and not what_of(path)


def _with(desired: Desired, row: Mapping[str, Any], place: Location) -> Desired:
    fields = dict(desired.fields)
    for one in row["fields"]:
        if (
            "before" in one
            and one["path"] != GROUPS
            and not (desired.address.kind == "webhook" and one["path"] in SECRET_FIELDS)
        ):
            fields.setdefault(one["path"], Stated(_value(one["path"], one["before"]), place))
    exact = desired.exact | ({"roles"} if "roles" in fields else set())
    roles = dict(desired.roles)
    if "seats" in row:
        name = row["seats"]["role"]
        role = roles.get(name, DesiredRole(name, (), NAMED, place, owner=_owner(row["seats"])))
        roles[name] = _role_with(role, row["seats"], place)
    return Desired(desired.address, place, fields, frozenset(exact), None, roles)


def _value(path: str, value: Value) -> Value:
    if isinstance(value, str) and path.partition(".")[0] in ("participation", "marking"):
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


def _owner(seats: Mapping[str, Any]) -> Owner | None:
    """Whose allocation it was, which the run changed."""
    role = seats["role"].partition(".")[0]
    if "group" in seats:
        return Owner(role, group=seats["group"])
    return Owner(role, Person(BY_NUMBER, str(seats["of"]))) if seats.get("of") else None


def _role_with(role: DesiredRole, seats: Mapping[str, Any], place: Location) -> DesiredRole:
    """Who came leaves, who left comes back, who was changed is as before."""
    back = [_seat(one, place) for verb in ("remove", "change") for one in seats.get(verb, ())]
    awake = {"active": Stated(True, place)}
    back += [_seat(one, place, awake) for one in seats.get("deactivate", ())]
    gone = [_person(one) for verb in ("add", "reactivate") for one in seats.get(verb, ())]
    return DesiredRole(
        role.role,
        (*role.seats, *(seat for seat in back if seat)),
        NAMED,
        place,
        leaving=(*role.leaving, *(person for person in gone if person)),
        owner=role.owner,
    )


def _person(one: Mapping[str, Any]) -> Person | None:
    return Person(BY_NUMBER, str(one["user"])) if one.get("user") else None


def _seat(
    one: Mapping[str, Any], place: Location, flags: Mapping[str, Stated] | None = None
) -> DesiredSeat | None:
    person = _person(one)
    stated = {name: Stated(value, place) for name, value in one.get("flags", {}).items()}
    return DesiredSeat(person, place, {**stated, **(flags or {})}) if person else None
