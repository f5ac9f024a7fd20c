"""An exam with extra times, and what its participants have of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.rehearsal import Rehearsal

KIM, SAM, ANN, BOB = "kim@x.org", "sam@x.org", "ann@x.org", "bob@x.org"
USERS = "\n".join(
    f"  - {{key: {key}, first_name: Sam, last_name: Student}}" for key in (KIM, SAM, ANN, BOB)
)
TERM = f"""
users:
{USERS}
flows:
  - key: law
    type: FLOWassign
    title: Law
    content: none
    participation: {{start: 2027-05-03 09:00, length: 4h}}
    marking: {{start: 2027-05-05 12:00, end: 2027-05-24 12:00}}
role_assignments:
  - {{flows: [law], managers: [{KIM}], participants: [{SAM}, {ANN}, {BOB}]}}
accommodations:
  - {{people: [{SAM}], extra_time: 25%, flows: {{key: "*"}}}}
"""
"""SAM has an hour more than the others."""


def flow(rehearsal: Rehearsal, key: str = "law") -> dict[str, Any]:
    """The flow as the sandbox has it."""
    (row,) = rehearsal.flows(f"wisectl-{key}")
    state = rehearsal.control("GET", "state")["flows"]
    return next(one for one in state if one["id"] == row["flowId"])


def number(rehearsal: Rehearsal, person: str) -> int:
    users = rehearsal.control("GET", "state")["users"]
    (found,) = [u["id"] for u in users if person in [one["value"] for one in u["data"]]]
    return int(found)


def own(rehearsal: Rehearsal, person: str, key: str = "law") -> dict[str, Any]:
    """What a participant has, as the sandbox keeps it: None where it is that of the exam."""
    user, there = number(rehearsal, person), flow(rehearsal, key)["participants"]
    return next(one for one in there if one["userId"] == user)


def minutes_after(rehearsal: Rehearsal, person: str, key: str = "law") -> float | None:
    """How long after everybody else somebody's participation ends; None with no end of their own"""
    end = own(rehearsal, person, key)["participation"]["end"]
    general = flow(rehearsal, key)["participation"]["end"]
    return (end - general) / 60 if end else None
