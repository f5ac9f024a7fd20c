"""Plans built by hand, small and large, for the renderers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from engine.errors import Location, Problem
from engine.model import Address
from engine.plan import (
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

NOW = datetime(2027, 5, 2, 21, 4, tzinfo=UTC)
START = datetime(2027, 5, 3, 7, 0, tzinfo=UTC)
DOMAIN = "northfield.example"


def plan(*changes: Change, **more: Any) -> Plan:
    return Plan("staging", NOW, tuple(changes), **more)


def flow(key: str = "math101-2027s") -> Address:
    return Address("flow", key)


def seat(name: str, written: str = "manifests/math.yaml:12:5", **flags: Any) -> Seat:
    return Seat(f"{name}@{DOMAIN}", tuple(sorted(flags.items())), written)


def seats(role: str, before: int, after: int, **people: Any) -> SeatsChange:
    return SeatsChange(role, before, after, **people)


def change(address: Address, part: str = "", **more: Any) -> Change:
    place = Location("manifests/math.yaml", 12, 3)
    return Change(address, part, more.pop("action", Action.UPDATE), place, **more)


def one_seat() -> Plan:
    added = seats("participants", 180, 181, add=(seat("s099"),))
    return plan(change(flow(), "participants", seats=added), starts={"math101-2027s": START})


def every_kind_of_change() -> Plan:
    """One flow with all that can happen to it, a person, and what is not part of the plan."""
    title = FieldChange("title", "Maths", "Mathematics 101", "manifests/math.yaml:13:5")
    emptied = FieldChange("subtitle", "Old", None, "manifests/math.yaml:14:5")
    end = FieldChange("marking.end", NOW, NOW + timedelta(days=30), "templates.yaml:7:3")
    panel = seats(
        "assessors",
        3,
        2,
        add=(seat("ada", type="Internal"),),
        change=(Seat(f"kim@{DOMAIN}", (("type", "External"),), "", (("type", "Internal"),)),),
        remove=(seat("grace", ""), seat("bob", "")),
    )
    held = change(
        flow("chem-2027s"),
        "dates",
        fields=(FieldChange("participation.end", NOW, NOW - timedelta(hours=1), "a.yaml:3:5"),),
        hazards=(Hazard("shorter", "participation becomes shorter", True),),
        status=Status.HELD,
        reasons=("a window becomes shorter; to allow it: --allow shorter:flow/chem-2027s",),
    )
    later = {"reasons": ("activates from Mon 19 Apr 08:00",), "status": Status.WAITING}
    stopped = {"reasons": ("no manager: state managers",), "status": Status.BLOCKED}
    return plan(
        change(flow(), "", fields=(title, emptied)),
        change(flow(), "dates", fields=(end,)),
        change(flow(), "assessors", seats=panel),
        change(
            flow(),
            "activation",
            hazards=(Hazard("activation", "messages 180 participants", False),),
        ),
        change(Address("user", f"new@{DOMAIN}"), action=Action.CREATE),
        held,
        change(flow("phys-2027s"), "activation", **later),
        change(flow("geo-2027s"), "activation", **stopped),
        guards=(Guard("removals", "the plan", "at most 25", "40", True, "removals:*:40"),),
        notes=(Note(flow(), f"stranger@{DOMAIN} sits and stands in no manifest", "adopt it"),),
        problems=(Problem(Location("a.yaml", 4, 5), "roles", "unknown role", "known: Author"),),
        unchanged=7,
    )


def moved_marking(number: int) -> Plan:
    """One line of a template moves the end of marking on many flows."""
    before = datetime(2027, 5, 24, 10, 0, tzinfo=UTC)
    moved = FieldChange("marking.end", before, before + timedelta(days=4), "templates.yaml:7:5")
    return plan(*(change(flow(f"e{n:04}-2027s"), "dates", fields=(moved,)) for n in range(number)))


def large(number: int) -> Plan:
    """A term's worth: creations, seats that come and go, titles, many of each."""
    changes = []
    for n in range(number):
        title = FieldChange("title", f"Old {n}", f"New {n}", "manifests/flows.csv:9:2")
        come = seats("participants", 10, 12, add=(seat(f"s{n:05}"), seat(f"t{n:05}")))
        go = seats("assessors", 3, 2, remove=(seat(f"a{n:05}", ""),))
        changes += [
            change(flow(f"f{n:05}"), "", fields=(title,)),
            change(flow(f"f{n:05}"), "participants", seats=come),
            change(flow(f"f{n:05}"), "assessors", seats=go),
            change(Address("user", f"s{n:05}@{DOMAIN}"), action=Action.CREATE),
        ]
    return plan(*changes)
