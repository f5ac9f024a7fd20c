"""A plan as a file: format 1.0, sealed with a key, and read back byte for byte or not at all. Pure.

The file is the document of `plan --json`, in which no value of a person stands, with what binds it:

    created   when, until when, and the commit of the manifests
    licence, scope                           what it was made for
    bound     for each planned change its object, what comes first, its hazards
    objects   for each object its items, as `stated.before.after.verb.change`
    seal      an HMAC over every other byte of the file
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine.binding import BoundPlan, Digester, Item
from engine.errors import ExpiredError, Location, Problem, StaleError
from engine.guards import Allowance
from engine.model import Address, Value
from engine.plan import (
    VERBS,
    Action,
    Change,
    FieldChange,
    Guard,
    Hazard,
    Note,
    Plan,
    Seat,
    SeatsChange,
    Status,
)
from engine.redaction import without_secrets
from engine.render.as_json import FORMAT, digest_of, moment_text, plan_document, render
from engine.strict_json import MALFORMED, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.render.style import Style

LIFETIME = timedelta(days=7)
"""How long a saved plan can be applied."""

FUTURE = timedelta(minutes=5)
"""Two clocks differ by less; a plan from later was made for another time."""

SEAL = "hmac-sha256:"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a plan was made for."""

    environment: str
    licence: str
    commit: str | None = None
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    undo: str | None = None
    """The run that the plan reverses: its journal says what is desired, not the manifests."""
    base: str | None = None
    """The commit whose manifests the plan was compared with."""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan file that was read whole and whose seal holds."""

    plan: Plan
    origin: Origin
    created: datetime
    document: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return str(self.document["digest"])

    def check(self, environment: str) -> None:
        """Raises: StaleError, where it was made for another environment."""
        if self.origin.environment != environment:
            message = f"the plan was made for {self.origin.environment}, not for {environment}"
            raise StaleError(f"{message}; nothing was written")

    def check_live(self, licence: str, now: datetime) -> None:
        """Raises: StaleError for another licence, ExpiredError for a plan older than a week."""
        if self.origin.licence != licence:
            message = f"the plan was made for licence {self.origin.licence}, this is {licence}"
            raise StaleError(f"{message}; nothing was written")
        if now > self.created + LIFETIME:
            raise ExpiredError("the plan is more than 7 days old: plan again, nothing was written")
        if now < self.created - FUTURE:
            raise StaleError("the plan comes from later than now; nothing was written")


# ---- writing -----------------------------------------------------------------------------------


def plan_bytes(plan: Plan, bound: BoundPlan, origin: Origin, style: Style, key: bytes) -> bytes:
    """The file's bytes. `style` must be private: what it shows stands in the file."""
    ids = {change.id: number for number, change in enumerate(bound.changes)}
    position = {change.id: number for number, change in enumerate(plan.changes)}
    shown = without_secrets(plan_document(plan, style))
    document = shown | {
        "digest": digest_of(shown),
        "licence": origin.licence,
        "undo": origin.undo,
        "scope": {"targets": list(origin.targets), "excludes": list(origin.excludes)},
        "allowances": [[one.name, one.address, one.up_to] for one in bound.allowances],
        "starts": {key: moment_text(value) for key, value in plan.starts.items()},
        "bound": [
            {
                "change": position[change.id],
                "object": _object(bound.digester, change.address),
                "needs": [ids[name] for name in change.needs if name in ids],
                "after": [ids[name] for name in change.after if name in ids],
                "let_through": list(bound.let_through.get(change.id, ())),
            }
            for change in bound.changes
        ],
        "objects": {
            _object(bound.digester, address): {
                name: _item_text(item, ids)
                for name, item in binding.items()
                if item.verb or item.stated != bound.digester.of(name, None)
            }
            for address, binding in bound.objects.items()
        },
        "created": {
            "at": moment_text(plan.now),
            "expires": moment_text(plan.now + LIFETIME),
            "commit": origin.commit,
        },
    }
    return render(document | {"seal": _seal(document, key)}).encode()


def _object(digester: Digester, address: Address) -> str:
    return digester.of("object", str(address))


def _item_text(item: Item, ids: Mapping[str, int]) -> str:
    change = str(ids[item.change]) if item.change in ids else ""
    return ".".join((item.stated, item.before, item.after, item.verb, change))


def _seal(document: Mapping[str, Any], key: bytes) -> str:
    return SEAL + hmac.digest(key, render(document).encode(), "sha256").hex()


# ---- reading -----------------------------------------------------------------------------------


def read_plan(data: bytes, key: bytes) -> SavedPlan:
    """The plan in these bytes. Raises: StaleError, where they are not what was written."""
    saved = unsealed(data)
    document = {name: value for name, value in saved.document.items() if name != "seal"}
    seal = saved.document.get("seal")
    expected = _seal(document, key)
    if not isinstance(seal, str) or not hmac.compare_digest(seal.encode(), expected.encode()):
        raise StaleError(
            "the plan file was changed, or made with another plan_key; nothing was written"
        )
    if render(saved.document).encode() != data:
        raise StaleError("the plan file was changed; nothing was written")
    return saved


def unsealed(data: bytes) -> SavedPlan:
    """The plan in these bytes, its seal not verified: enough to show it, not to apply it.

    Raises: StaleError, where it is no plan file of this format.
    """
    document = read_json(data)
    if document is MALFORMED or not isinstance(document, dict):
        raise StaleError("this is no plan file, or not all of it; nothing was written")
    if document.get("format_version") != FORMAT:
        raise StaleError(
            f"the plan file has another format than {FORMAT}: plan again, nothing was written"
        )
    if document.get("digest") != digest_of(document):
        raise StaleError("the plan file was changed after it was made; nothing was written")
    try:
        return _saved(document)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise StaleError("this is no whole plan file; nothing was written") from None


def _saved(document: Mapping[str, Any]) -> SavedPlan:
    scope, created = document["scope"], document["created"]
    origin = Origin(
        document["environment"],
        document["licence"],
        created["commit"],
        tuple(scope["targets"]),
        tuple(scope["excludes"]),
        document["undo"],
        document["base"],
    )
    return SavedPlan(_plan(document), origin, _moment(created["at"]), document)


def bound_plan(saved: SavedPlan, addresses: Iterable[Address], key: bytes) -> BoundPlan:
    """The plan with real addresses: those of the manifests that its digests name."""
    digester = Digester(key)
    known = {_object(digester, address): address for address in addresses}
    rows = saved.document["bound"]
    shown = [saved.plan.changes[row["change"]] for row in rows]
    where = [
        known.get(row["object"], change.address) for row, change in zip(rows, shown, strict=True)
    ]
    ids = [_renamed(change, address).id for change, address in zip(shown, where, strict=True)]
    changes = [
        _renamed(change, address, [ids[n] for n in row["needs"]], [ids[n] for n in row["after"]])
        for change, address, row in zip(shown, where, rows, strict=True)
    ]
    places = {row["object"]: address for row, address in zip(rows, where, strict=True)}
    objects = {
        places[name]: {item: _item(text, ids) for item, text in items.items()}
        for name, items in saved.document["objects"].items()
    }
    allowances = tuple(Allowance(*row) for row in saved.document["allowances"])
    through = {name: row["let_through"] for name, row in zip(ids, rows, strict=True)}
    return BoundPlan(changes, objects, digester, allowances, through)


def _renamed(
    change: Change, address: Address, needs: Iterable[str] = (), after: Iterable[str] = ()
) -> Change:
    return Change(
        address,
        change.part,
        change.action,
        change.location,
        change.fields,
        change.seats,
        change.hazards,
        tuple(needs),
        tuple(after),
    )


def _item(text: str, ids: list[str]) -> Item:
    stated, before, after, verb, change = text.split(".")
    return Item(stated, before, after, verb, ids[int(change)] if change else "")


# ---- the plan as it is shown -------------------------------------------------------------------


def _plan(document: Mapping[str, Any]) -> Plan:
    return Plan(
        environment=document["environment"],
        now=_moment(document["now"]),
        changes=tuple(_change(row) for row in document["changes"]),
        guards=tuple(Guard(**row) for row in document["guards"]),
        problems=tuple(
            Problem(_location(row["location"]), row["field"], row["message"], row["hint"])
            for row in document["problems"]
        ),
        notes=tuple(
            Note(_address(row["address"]), row["message"], row["hint"]) for row in document["notes"]
        ),
        unchanged=document["summary"]["unchanged"],
        reads=document["reads"],
        starts={key: _moment(value) for key, value in document["starts"].items()},
        complete=document["complete"],
        base=document["base"],
        no_base=document["no_base"],
    )


def _change(row: Mapping[str, Any]) -> Change:
    return Change(
        address=_address(row["address"]),
        part=row["part"],
        action=Action(row["action"]),
        location=_location(row["location"]),
        fields=tuple(
            FieldChange(f["path"], _value(f["before"]), _value(f["after"]), f["written"])
            for f in row["fields"]
        ),
        seats=_seats(row["seats"]) if row["seats"] else None,
        hazards=tuple(Hazard(**hazard) for hazard in row["hazards"]),
        needs=tuple(row["needs"]),
        status=Status(row["status"]),
        reasons=tuple(row["reasons"]),
        origin=row["origin"],
    )


def _seats(row: Mapping[str, Any]) -> SeatsChange:
    people: dict[str, Any] = {name: tuple(_seat(one) for one in row[name]) for name in VERBS}
    return SeatsChange(row["role"], row["before"], row["after"], **people, of=row.get("of", ""))


def _seat(row: Mapping[str, Any]) -> Seat:
    flags, before = (
        tuple((name, _value(value)) for name, value in sorted(pairs.items()))
        for pairs in (row["flags"], row.get("before", {}))
    )
    return Seat(row["person"], flags, row["written"], before)


def _address(text: str) -> Address:
    kind, _, key = text.partition("/")
    return Address(kind, key)


def _location(row: Mapping[str, Any]) -> Location:
    through = _location(row["through"]) if "through" in row else None
    return Location(row["file"], row["line"], row["column"], through)


def _value(value: Value) -> Value:
    """Dates come back as dates, lists as tuples, so that they look as they did."""
    if isinstance(value, list):
        return tuple(_value(one) for one in value)
    if isinstance(value, str) and len(value) == len("2027-01-11T08:00:00Z") and value[-1] == "Z":
        try:
            return _moment(value)
        except ValueError:
            return value
    return value


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
