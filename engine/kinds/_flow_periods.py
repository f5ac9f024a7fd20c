"""When an oral exam is held: the periods of a flow, stated and live. Pure.

A period is known by its start, so that one at another time is another one: it is made first, who
is examined in the old one moves over, and the old one goes last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.diff import changed_fields
from engine.kinds._flow_plan import type_to_be
from engine.kinds._flow_sis import is_left, note_sis
from engine.kinds._flow_slots import Slots
from engine.kinds._flow_within import SOON, left_behind
from engine.model import IN_SLOTS, PERIOD_OF, PERIODS
from engine.periods import (
    ORAL,
    SHORTENING,
    is_oral,
    moment,
    period_of,
    periods_in,
    said_locally,
    what_of,
)
from engine.plan import Action, Change, FieldChange, Hazard, Status
from engine.seats import starts_soon

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.errors import Location
    from engine.model import Desired, Live, Stated
    from engine.wiseflow.periods import Period
    from engine.world import Findings, World

LEAVE, BLOCKED = f"{PERIODS}.leave", f"{PERIODS}.blocked"
MINUTES = (*SHORTENING, "voting")
"""What moves everyone who comes later, where it changes."""


def with_periods(
    desired: Desired, live: Live | None, changes: list[Change], world: World, findings: Findings
) -> list[Change]:
    """The changes and those of periods and slots, which come after the people of the flow."""
    _note_let_go(desired, findings)
    reason = world.unread.get((desired.address, PERIODS))
    if not is_oral(desired):
        if reason:
            hint = "when the exam is, is not known: it counts as one that has started"
            findings.problem(desired.location, PERIODS, reason, hint)
        return changes
    periods = _Periods(desired, live, changes, world, findings)
    if reason:
        findings.problem(periods.where, PERIODS, reason, "its periods and slots are left alone")
        return changes
    if reason := periods.no_oral():
        findings.problem(periods.where, PERIODS, reason)
        return [*changes, *periods.all_blocked(reason)]
    coming, going = list(periods.coming()), periods.going()
    slots = Slots(desired, live, changes, coming, going, world, findings)
    seated = list(slots.changes())
    return [*changes, *coming, *seated, *periods.leaving(going, seated)]


def _note_let_go(desired: Desired, findings: Findings) -> None:
    was = desired.base is not None and PERIODS in desired.base.fields
    if was and PERIODS not in desired.fields:
        message = f"{PERIODS}: stood at base and is stated no more: released, none is taken away"
        findings.note(desired.address, message, f"`{PERIODS}: []` would take all away")


@dataclass(slots=True)
class _Periods:
    """Plans the periods of one flow, whose roles are planned already."""

    desired: Desired
    live: Live | None
    changes: list[Change]
    world: World
    findings: Findings

    @property
    def where(self) -> Location:
        """Where periods are stated, else slots."""
        stated = self.desired.fields.get(PERIODS) or self.desired.roles.get(IN_SLOTS)
        return (stated or self.desired).location

    def _paths(self) -> list[tuple[str, Stated]]:
        found = self.desired.fields.items()
        return sorted((path, one) for path, one in found if path.startswith(PERIOD_OF))

    def _there(self) -> dict[str, list[Period]]:
        found: dict[str, list[Period]] = self.live.facts.get(PERIODS, {}) if self.live else {}
        return found

    # ---- what is not possible --------------------------------------------------------------------

    def no_oral(self) -> str:
        """Why the flow has no periods at all."""
        is_new = self.live is None or self.live.facts["marked"]
        live = self.live.fields.get("type") if self.live else None
        kind = type_to_be(self.desired, self.world) if is_new else live
        if kind == ORAL:
            return ""
        return f"only a {ORAL} has periods; {self.desired.address} is {kind or 'of no known type'}"

    def all_blocked(self, reason: str) -> Iterator[Change]:
        """What is stated, for people to see that it does not come about."""
        stated = [(path, one) for path, one in self._paths() if one.value is not None]
        if stated:
            fields = (FieldChange(path, None, s.value, str(s.location)) for path, s in stated)
            yield self._change(BLOCKED, fields, reasons=(reason,))

    def _reasons(self, period: str) -> tuple[str, ...]:
        """Why WISEflow would refuse the period, or nobody knows which one is meant."""
        there = self._there().get(period, [])
        start = said_locally(period, self.world.zone)
        if len(there) > 1:
            return (f"{len(there)} periods start on {start}: delete all but one in WISEflow",)
        if there:
            return ()
        if PERIOD_OF + period not in self.desired.fields:
            return (f"the period of {start} is not there any more",)
        if moment(period) <= self.world.now:
            return (f"the period of {start} would start in the past",)
        return ()

    # ---- what comes, and what it has -------------------------------------------------------------

    def coming(self) -> Iterator[Change]:
        """One change for what can be written, and one with reasons for what cannot."""
        undone = self._undone()
        paths = [path for path, _ in self._paths() if period_of(path) not in undone]
        live = self.live.fields if self.live else {}
        changed = changed_fields(self.desired.fields, live, paths)
        if changed and self.live and is_left(self.live, PERIODS):
            note_sis(self.desired, (one.path for one in changed), self.findings, self.world)
            return
        why = {one: self._reasons(one) for one in {period_of(field.path) for field in changed}}
        free = [one for one in changed if not why[period_of(one.path)]]
        refused = [one for one in changed if why[period_of(one.path)]]
        if free:
            yield self._change(PERIODS, free, hazards=tuple(self._hazards(free)))
        if refused:
            reasons = dict.fromkeys(one for period in sorted(why) for one in why[period])
            yield self._change(BLOCKED, refused, reasons=tuple(reasons))

    def _change(
        self,
        part: str,
        fields: Iterable[FieldChange],
        *,
        hazards: tuple[Hazard, ...] = (),
        reasons: tuple[str, ...] = (),
    ) -> Change:
        is_new = self.live is None or self.live.facts["marked"]
        return Change(
            address=self.desired.address,
            part=part,
            action=Action.UPDATE,
            location=self.where,
            fields=tuple(fields),
            hazards=hazards,
            needs=(str(self.desired.address),) if is_new else (),
            status=Status.BLOCKED if reasons else Status.PLANNED,
            reasons=reasons,
        )

    def _hazards(self, fields: Iterable[FieldChange]) -> Iterator[Hazard]:
        """A new period takes nothing away; other minutes move everyone who comes later."""
        old = [one for one in fields if what_of(one.path) in MINUTES and one.before is not None]
        if any(one.after < one.before for one in old if what_of(one.path) in SHORTENING):
            yield Hazard("shorter", "somebody is examined or prepares for a shorter time", True)
        if any(starts_soon(moment(period_of(one.path)), self.world.now) for one in old):
            yield SOON

    # ---- what goes -------------------------------------------------------------------------------

    def _undone(self) -> set[str]:
        """Periods that are to go, as undoing a run says."""
        whole = ((path, one) for path, one in self._paths() if not what_of(path))
        return {period_of(path) for path, one in whole if one.value is None}

    def going(self) -> list[str]:
        """Those that base named, or all where there must be none; others are told.

        What is left alone of an exam that has started stands in the manifests all the same.
        """
        there, undone, listed = set(self._there()), self._undone(), self._listed()
        if self.live is None:
            return []
        whole = self.world.desired[self.desired.address].fields
        named = {*periods_in(self.desired.fields), *periods_in(whole)} - undone
        strangers = there - named
        base = periods_in(self.desired.base.fields) if self.desired.base else ()
        is_empty = listed is not None and not listed.value
        going = {one for one in strangers if is_empty or one in undone or (listed and one in base)}
        if is_left(self.live, PERIODS):
            if going:
                gone = (PERIOD_OF + one for one in sorted(going))
                note_sis(self.desired, gone, self.findings, self.world)
            return []
        if listed is not None and (stay := sorted(strangers - going)):
            shown = ", ".join(said_locally(one, self.world.zone) for one in stay)
            hint = f"to keep them, add them at {listed.location}; `{PERIODS}: []` takes all away"
            message = f"{PERIODS}: in WISEflow but not stated: {shown}"
            self.findings.note(self.desired.address, message, hint)
        return sorted(going)

    def _listed(self) -> Stated | None:
        return self.desired.fields.get(PERIODS)

    def leaving(self, going: list[str], seated: list[Change]) -> Iterator[Change]:
        """The change by which periods go, after whoever moves away from them."""
        if not going or self.live is None:
            return
        where, fields = str(self.where), self.live.fields
        paths = [path for path in sorted(fields) if path.startswith(PERIOD_OF)]
        yield Change(
            address=self.desired.address,
            part=LEAVE,
            action=Action.UPDATE,
            location=self.where,
            fields=tuple(
                FieldChange(path, fields[path], None, where)
                for path in paths
                # What a new one has anyway need not be said.
                if period_of(path) in going and fields[path]
            ),
            hazards=tuple(self._leave_hazards(going, seated, self.live)),
            needs=tuple(sorted(one.id for one in seated if one.part == IN_SLOTS)),
            after=tuple(sorted(one.id for one in seated if one.part != IN_SLOTS)),
        )

    def _leave_hazards(
        self, going: list[str], seated: list[Change], live: Live
    ) -> Iterator[Hazard]:
        there = self._there()
        sit = {one for period in going for each in there[period] for one in each.people}
        if count := left_behind(sit, self.changes, seated, live, self.world):
            people = f"{count} participant{'s' * (count != 1)}"
            yield Hazard("period", f"{people} would be without a slot", True)
        if any(starts_soon(moment(period), self.world.now) for period in going):
            yield SOON
