"""What is attached to a flow one by one: SIS sources and references of other systems. Pure.

A source changes whose the flow is. The first comes after all else that is planned of the flow,
which it is the last moment for; with the last one gone the flow is compared as any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.activation import NOBODY_SAYS_WHEN
from engine.kinds._flow_plan import is_over_by
from engine.plan import Action, Change, FieldChange, Hazard, Status
from engine.wiseflow.flows import CONCLUDED
from engine.wiseflow.sources import Source
from engine.world import known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from engine.model import Desired, Live, Value
    from engine.world import Findings, World

SOURCES, REFERENCES = "sis_sources", "references"
LISTS = (REFERENCES, SOURCES)
"""The fields in manifests, and how the paths and parts of what is in them begin."""

ATTACHED = "attached"
"""The value of a path; None where it is to go."""

FROM = " ← "
"""Between the code and the integration of a source in its path."""

TAKES_OVER = (
    "the student information system takes this flow over: dates, title, timebox and who sits it "
    "are its own from then on; what manifests state of them is left alone, people are only added"
)
LETS_GO = (
    "nothing feeds this flow any more: what the manifests state of it is written again, "
    "and who came through the source is not kept up to date"
)
FEWER = "who came through this source is not kept up to date any more"
SAYS_WHEN = "its source says when the exam is: plan again once it is attached"
LOOSE = "another system finds the flow by this reference no more"


def name_of(source: Source) -> str:
    """A source as its path says it."""
    return f"{source.code}{FROM}{source.integration}"


def source_of(name: str) -> Source:
    """The source that a path names."""
    code, _, integration = name.rpartition(FROM)
    return Source(integration, code)


def is_stated(desired: Desired, what: str) -> bool:
    """Whether a list is stated, or what undoing a run says of its members."""
    return what in desired.fields or any(path.startswith(f"{what}.") for path in desired.fields)


def names_in(fields: Mapping[str, Value], what: str) -> dict[str, Value]:
    """From the name of each member of a list to what fields hold of it."""
    start = f"{what}."
    return {path.removeprefix(start): one for path, one in fields.items() if path.startswith(start)}


# ---- what comes and what goes --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _List:
    """One of the lists of a flow, stated and live."""

    what: str
    desired: Desired
    live: Live | None
    is_fed: bool
    world: World
    findings: Findings

    @property
    def there(self) -> set[str]:
        return set(names_in(self.live.fields, self.what)) if self.live else set()

    @property
    def stated(self) -> dict[str, Value]:
        return {n: one.value for n, one in names_in(self.desired.fields, self.what).items()}

    def coming(self) -> list[str]:
        there = self.there
        return sorted(n for n, value in self.stated.items() if value and n not in there)

    def going(self) -> list[str]:
        """Those that base named, or all where there must be none; others are told."""
        stated, base = self.stated, self.desired.base
        was = names_in(base.fields, self.what) if base else {}
        listed = self.desired.fields.get(self.what)
        is_empty = listed is not None and not listed.value
        strangers = {name for name in self.there if not stated.get(name)}
        going = {n for n in strangers if is_empty or n in stated or n in was}
        if listed is not None and (stay := sorted(strangers - going)):
            hint = f"to keep them, add them at {listed.location}; `{self.what}: []` takes all away"
            message = f"{self.what}: in WISEflow but not stated: {', '.join(stay)}"
            self.findings.note(self.desired.address, message, hint)
        return sorted(going)

    # ---- changes ---------------------------------------------------------------------------------

    def changes(self) -> Iterator[Change]:
        coming, going = self.coming(), self.going()
        refused = {name: why for name in coming if (why := self._refusal(name))}
        free = [name for name in coming if name not in refused]
        if free:
            yield self._change("", free)
        if refused:
            yield self._blocked("blocked", list(refused), refused)
        stuck = {name: why for name in going if (why := self._refusal_to_go(name))}
        if stuck:
            yield self._blocked("leave", going, stuck)
        elif going:
            is_last = not free and self.there <= {*going}
            change = self._change("leave", going, is_last=is_last)
            # The first that was attached is the master: there is no moment without any.
            yield replace(change, after=(f"{self.desired.address}:{self.what}",))

    def _change(self, end: str, names: Iterable[str], *, is_last: bool = False) -> Change:
        address, is_gone = self.desired.address, end == "leave"
        is_new = self.live is None or self.live.facts["marked"]
        return Change(
            address=address,
            part=f"{self.what}.{end}" if end else self.what,
            action=Action.UPDATE,
            location=self.desired.location,
            fields=tuple(self._field(name, is_gone=is_gone) for name in names),
            hazards=tuple(self._hazards(is_gone=is_gone, is_last=is_last)),
            needs=(str(address),) if is_new else (),
        )

    def _field(self, name: str, *, is_gone: bool) -> FieldChange:
        path = f"{self.what}.{name}"
        stated = self.desired.fields.get(path) or self.desired.fields[self.what]
        before, after = (ATTACHED, None) if is_gone else (None, ATTACHED)
        return FieldChange(path, before, after, str(stated.location))

    def _blocked(self, end: str, names: Iterable[str], why: Mapping[str, str]) -> Change:
        reasons = tuple(dict.fromkeys(why.values()))
        change = self._change(end, names)
        return replace(change, hazards=(), status=Status.BLOCKED, reasons=reasons)

    def _hazards(self, *, is_gone: bool, is_last: bool) -> Iterator[Hazard]:
        if self.what == REFERENCES:
            if is_gone:
                yield Hazard("reference", LOOSE, True)
        elif is_gone:
            yield Hazard("sis-remove", LETS_GO if is_last else FEWER, True)
        elif not self.there:
            yield Hazard("sis-attach", TAKES_OVER, True)

    # ---- what stands in the way ------------------------------------------------------------------

    def _refusal(self, name: str) -> str:
        """Why WISEflow would refuse to attach it, or nothing would come of it."""
        if self.what == REFERENCES:
            return self._fed()
        source = source_of(name)
        if unknown := self._unknown(name, source.integration):
            return unknown
        stay = [source_of(one) for one in self.there]
        other = next((one.integration for one in stay if one.code == source.code), "")
        if other:
            return f"{other} feeds this flow by the same code: take that source away first"
        if self._stays_concluded():
            return "the flow is concluded: no student information system feeds it any more"
        return ""

    def _stays_concluded(self) -> bool:
        """Whether it is over, and no later end is stated: that comes first."""
        end = self.desired.fields.get("marking.end")
        is_over = self.live is not None and self.live.facts["state"] >= CONCLUDED
        return is_over and (end is None or end.value <= self.world.now)

    def _refusal_to_go(self, name: str) -> str:
        if self.what == REFERENCES:
            return self._fed()
        return self._unknown(name, source_of(name).integration)

    def _fed(self) -> str:
        reason = "a student information system feeds it: WISEflow changes no references then"
        return reason if self.is_fed else ""

    def _unknown(self, name: str, integration: str) -> str:
        """Why an integration cannot be named; each is a problem, too."""
        numbers = self.world.licence.integrations.get(integration, ())
        if len(numbers) == 1:
            return ""
        path = f"{self.what}.{name}"
        stated = self.desired.fields.get(path) or self.desired.fields[self.what]
        message = f'unknown integration "{integration}"'
        if numbers:
            message = f'{len(numbers)} integrations are called "{integration}"'
        hint = known(self.world.licence.integrations)
        self.findings.problem(stated.location, "integration", message, hint)
        return f"this licence has no one integration {integration}"


# ---- among the other changes of the flow ---------------------------------------------------------


def attached_changes(
    desired: Desired, live: Live | None, world: World, findings: Findings
) -> list[Change]:
    """What comes to the lists of a flow and what goes; nothing of a list that was not read."""
    found: list[Change] = []
    for what in (SOURCES, REFERENCES):
        _note_let_go(desired, what, findings)
        if not is_stated(desired, what):
            continue
        if reason := world.unread.get((desired.address, what)):
            where = (desired.fields.get(what) or desired).location
            findings.problem(where, what, reason, "they are left alone")
            continue
        is_fed = live is not None and bool(live.facts["sis"]) and not is_freed(live, found)
        found += _List(what, desired, live, is_fed, world, findings).changes()
    return found


def _note_let_go(desired: Desired, what: str, findings: Findings) -> None:
    was = desired.base is not None and is_stated(desired.base, what)
    if was and not is_stated(desired, what):
        message = f"{what}: stood at base and is stated no more: released, nothing is taken away"
        findings.note(desired.address, message, f"`{what}: []` would take all away")


def is_freed(live: Live | None, attached: Iterable[Change]) -> bool:
    """Whether the last source of a flow goes, and none comes."""
    parts = {one.part: one for one in attached if one.status is Status.PLANNED}
    leave = parts.get(f"{SOURCES}.leave")
    if live is None or leave is None or SOURCES in parts:
        return False
    return {one.path for one in leave.fields} == {
        f"{SOURCES}.{name}" for name in names_in(live.fields, SOURCES)
    }


def as_freed(live: Live | None, attached: Iterable[Change]) -> Live | None:
    """The flow as it is compared: as any other where nothing feeds it any more."""
    if live is None or not is_freed(live, attached):
        return live
    return replace(live, facts={**live.facts, "sis": False})


def with_attached(
    changes: list[Change], live: Live | None, attached: list[Change], now: datetime
) -> list[Change]:
    """The changes of a flow and of what is attached to it, each in its turn."""
    leave = next((one.id for one in attached if one.part == f"{SOURCES}.leave"), "")
    if leave and is_freed(live, attached):
        changes = [one if _is_giving(one) else _needing(one, leave) for one in changes]
        attached = [
            _needing(one, leave) if one.part.startswith(REFERENCES) else one for one in attached
        ]
    if any(one.part == "dates" and is_over_by(one, now) for one in changes):
        attached = [_too_late(one) if one.part == SOURCES else one for one in attached]
    first = [one.id for one in (*changes, *attached) if not one.part.startswith(SOURCES)]
    return [
        *changes,
        *(
            replace(one, after=tuple(sorted({*one.after, *first} - {*one.needs})))
            if one.part == SOURCES
            else one
            for one in attached
        ),
    ]


def _too_late(change: Change) -> Change:
    """A source is attached last, and WISEflow may have archived a flow by then that is over."""
    reason = "by its new dates it is over: nothing could feed it any more"
    return replace(change, status=Status.BLOCKED, reasons=(*change.reasons, reason))


def with_source_to_come(changes: list[Change]) -> list[Change]:
    """What nobody can plan before a source that comes now has said when the exam is, told so."""
    if not any(one.part == SOURCES and one.status is Status.PLANNED for one in changes):
        return changes
    return [replace(one, reasons=tuple(map(_as_known, one.reasons))) for one in changes]


def _as_known(reason: str) -> str:
    return SAYS_WHEN if reason.startswith(NOBODY_SAYS_WHEN) else reason


def _needing(change: Change, other: str) -> Change:
    return replace(change, needs=tuple(dict.fromkeys((*change.needs, other))))


def _is_giving(change: Change) -> bool:
    """Whether somebody only comes, which a fed flow allows too."""
    seats = change.seats
    if seats is None:
        return False
    return not (seats.remove or seats.deactivate or seats.reactivate or seats.change)
