"""What a plan and its outcomes come to: the numbers of the summary lines, and the lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.plan import Action, Change, Outcome, Plan, Result, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.model import Address

_RANK = {Action.CREATE: 0, Action.REMOVE: 1, Action.UPDATE: 2}
_DONE_WORD = {Action.CREATE: "created", Action.UPDATE: "updated", Action.REMOVE: "removed"}
_UNDONE_WORD = {
    Result.FAILED: "failed",
    Result.UNKNOWN: "unknown",
    Result.BLOCKED: "blocked",
    Result.NOT_TRIED: "not tried",
}

NO_CHANGES = "No changes. WISEflow matches the manifests."
NOT_ALL_READ = "No changes planned, but not everything could be read: see above."
UNSOLVED = "No changes planned, but there are problems: see above."


@dataclass(frozen=True, slots=True)
class Counts:
    """Addresses to create, update and remove; changes that are not planned now; seats."""

    create: int
    update: int
    remove: int
    unchanged: int
    held: int
    blocked: int
    waiting: int
    seats_add: int
    seats_remove: int

    @property
    def has_changes(self) -> bool:
        """Blocked and waiting alone are not changes; what is held is."""
        return bool(self.create or self.update or self.remove or self.held)


def count(plan: Plan) -> Counts:
    """The plan's numbers: held, blocked and waiting changes count only there."""
    planned = [c for c in plan.changes if c.status is Status.PLANNED]
    actions = Counter(action_by_address(planned).values())
    statuses = Counter(c.status for c in plan.changes)
    seats = [c.seats for c in planned if c.seats and not c.seats.is_within]
    return Counts(
        create=actions[Action.CREATE],
        update=actions[Action.UPDATE],
        remove=actions[Action.REMOVE],
        unchanged=plan.unchanged,
        held=statuses[Status.HELD],
        blocked=statuses[Status.BLOCKED],
        waiting=statuses[Status.WAITING],
        seats_add=sum(len(s.add) + len(s.reactivate) for s in seats),
        seats_remove=sum(len(s.remove) + len(s.deactivate) for s in seats),
    )


def action_by_address(changes: Iterable[Change]) -> Mapping[Address, Action]:
    """One action an address, of all its changes: create, else remove, else update."""
    actions: dict[Address, Action] = {}
    for change in changes:
        known = actions.get(change.address)
        if known is None or _RANK[change.action] < _RANK[known]:
            actions[change.address] = change.action
    return actions


def plan_summary(plan: Plan) -> list[str]:
    """The last lines of every plan: an interface, other programs read them."""
    counts = count(plan)
    if not counts.has_changes:
        return [NOT_ALL_READ if plan.incomplete else UNSOLVED if plan.problems else NO_CHANGES]
    return [
        f"Plan: {counts.create} to create, {counts.update} to update, {counts.remove} to remove.",
        f"Seats: {counts.seats_add} to add, {counts.seats_remove} to take away.",
    ]


def apply_summary(outcomes: Iterable[Outcome]) -> str:
    """The line with which every apply ends: an interface, other programs read it."""
    outcomes = list(outcomes)
    done = Counter(
        action_by_address(o.change for o in outcomes if o.result is Result.DONE).values()
    )
    made = ", ".join(f"{done[action]} {word}" for action, word in _DONE_WORD.items())
    results = Counter(o.result for o in outcomes)
    undone = [f"{results[r]} {word}" for r, word in _UNDONE_WORD.items() if results[r]]
    return (
        f"Apply incomplete: {made}; {', '.join(undone)}." if undone else f"Apply complete: {made}."
    )
