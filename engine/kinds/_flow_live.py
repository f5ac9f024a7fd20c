"""Flows on the live side: found by key, compared part by part, created by marker, activated last."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from engine.activation import is_due, plan_activation
from engine.diff import changed_fields, plainly_equal
from engine.errors import ApiError, UnknownOutcomeError
from engine.kind import RefusedError, Work
from engine.model import (
    Action,
    Address,
    Change,
    Desired,
    FieldChange,
    Hazard,
    Live,
    Stated,
    Status,
    Value,
)
from engine.seats import plan_role, starts_soon
from engine.wiseflow import flows as api_flows
from engine.wiseflow import seats as api_seats
from engine.wiseflow.creation import CopySource, NewFlow, create_flow
from engine.world import Findings, World, known

if TYPE_CHECKING:
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.flows import FlowRow

METADATA = ("title", "subtitle", "term", "code", "purpose", "examination_type")
DATES = ("participation.start", "participation.end", "marking.start", "marking.end")
CREATION = ("type", "copy_from", *METADATA, *DATES, "description")
"""What a creation sets, in the order in which a plan shows it."""

NOT_IN_SEARCH = {"term", "code"}
"""Metadata that the flow search does not answer: one more request a flow, where stated."""


@dataclass(frozen=True, slots=True)
class FlowLive:
    """The live side of `flows`, with the seats that `role_assignments` put on them."""

    async def read(self, api: WiseflowApi, world: World) -> None:
        flows = {a.key: d for a, d in world.desired.items() if a.kind == "flow"}
        if not flows:
            return
        wanted = set(flows) | {key for d in flows.values() if (key := _source_key(d))}
        found, sis = await asyncio.gather(
            api_flows.find_flows(api, world.keys, wanted), _read_sis(api)
        )
        rows = {key: rows[0] for key, rows in found.items() if len(rows) == 1}
        for key, candidates in found.items():
            if len(candidates) > 1:
                world.several[Address("flow", key)] = tuple(row.id for row in candidates)
        world.sources |= {key: row.id for key, row in rows.items()}
        await asyncio.gather(
            *(_read_flow(api, world, d, rows[key], sis) for key, d in flows.items() if key in rows)
        )
        await _read_source_content(api, world, [d for k, d in flows.items() if k not in rows])

    def plan(self, desired: Desired, world: World, findings: Findings) -> None:
        address = desired.address
        if numbers := world.several.get(address):
            shown = " and ".join(f"#{number}" for number in numbers)
            message = f"several flows in WISEflow carry this key: {shown}"
            findings.problem(desired.location, "key", message, "take the key away from all but one")
            return
        live = world.live.get(address)
        if live and live.facts["state"] == api_flows.ARCHIVED:
            findings.note(address, "archived in WISEflow: not compared, nothing is written")
            return
        changes = list(_own_changes(desired, live, world, findings))
        for role in api_seats.ROLES:
            if role in desired.roles:
                changes += plan_role(desired, desired.roles[role], live, world, findings)
        changes = _managers_with_creation(changes, live)
        changes += plan_activation(desired, live, changes, world)
        findings.changes += changes

    async def write(self, change: Change, work: Work) -> None:
        if change.action is Action.CREATE:
            await _write_create(change, work)
            return
        flow_id = work.server_id(change.address)
        if flow_id is None:
            raise RefusedError("the flow is not in WISEflow")
        if change.seats:
            await _write_seats(change, flow_id, work)
        else:
            await WRITERS[change.part](change, flow_id, work)


# ---- reading -------------------------------------------------------------------------------------


def _source_key(desired: Desired) -> str | None:
    copy_from = desired.fields.get("copy_from")
    return dict(copy_from.value)["flow"] if copy_from and copy_from.value else None


async def _read_sis(api: WiseflowApi) -> frozenset[int] | None:
    """The SIS-fed flows, or None where they could not be read: then every flow counts as fed."""
    try:
        return await api_flows.read_sis_flows(api)
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
        return None


async def _read_flow(
    api: WiseflowApi, world: World, desired: Desired, row: FlowRow, sis: frozenset[int] | None
) -> None:
    address = desired.address
    fields = dict(row.fields)
    marked = row.subtitle == api_flows.marker(address.key)
    facts = {"state": row.state, "sis": sis is None or row.id in sis, "marked": marked}
    live = Live(address, row.id, fields, {}, facts)
    world.live[address] = live
    if row.state == api_flows.ARCHIVED:
        return
    if sis is None:
        world.unread[address, "sources"] = "whether a student information system feeds it"
    reads = [_read_fields(api, world, desired, live, fields)]
    reads += [_read_role(api, world, live, role) for role in _roles_to_read(desired, live, world)]
    if is_due(desired, live, world.now) and "content" not in desired.fields:
        reads.append(_read_content(api, world, live))
    await asyncio.gather(*reads)


def _roles_to_read(desired: Desired, live: Live, world: World) -> list[str]:
    """The stated roles; an activation must also know the managers and whom it messages."""
    stated = set(desired.roles)
    if is_due(desired, live, world.now):
        stated |= {"managers", "participants"}
    return [role for role in api_seats.ROLES if role in stated]


async def _read_fields(
    api: WiseflowApi, world: World, desired: Desired, live: Live, fields: dict[str, Value]
) -> None:
    try:
        if NOT_IN_SEARCH & set(desired.fields):
            metadata = await api_flows.read_metadata(api, live.server_id)
            fields |= {ours: metadata.get(theirs) for ours, theirs in api_flows.METADATA.items()}
        if "description" in desired.fields:
            fields["description"] = await api_flows.read_description(api, live.server_id)
    except ApiError as error:
        _unread(world, live.address, "", error)


async def _read_role(api: WiseflowApi, world: World, live: Live, name: str) -> None:
    role = api_seats.ROLES[name]
    try:
        seats = await api_seats.read_seats(
            api, role, live.server_id, world.licence, world.people.user_key
        )
    except ApiError as error:
        _unread(world, live.address, name, error)
    else:
        assert isinstance(live.roles, dict)  # noqa: S101  made in _read_flow
        live.roles[name] = seats


async def _read_content(api: WiseflowApi, world: World, live: Live) -> None:
    try:
        there = await api_flows.has_assignment(api, live.server_id)
    except ApiError as error:
        _unread(world, live.address, "content", error)
    else:
        assert isinstance(live.facts, dict)  # noqa: S101  made in _read_flow
        live.facts["content"] = there


def _unread(world: World, address: Address, part: str, error: ApiError) -> None:
    """One list that cannot be read blocks what it fills; refused credentials stop everything."""
    if error.exit_code != ApiError.exit_code:
        raise error
    world.unread[address, part] = f"could not be read: {error}"


async def _read_source_content(api: WiseflowApi, world: World, lacking: list[Desired]) -> None:
    """Whether a copy will have content is known from its source, once for each source."""
    keys = {key for d in lacking if is_due(d, None, world.now) and (key := _source_key(d))}
    numbers = sorted({world.sources[key] for key in keys if key in world.sources})
    answers = await asyncio.gather(*(api_flows.has_assignment(api, n) for n in numbers))
    world.source_content |= dict(zip(numbers, answers, strict=True))


# ---- planning ------------------------------------------------------------------------------------


def _own_changes(
    desired: Desired, live: Live | None, world: World, findings: Findings
) -> Iterable[Change]:
    if live is None or live.facts["marked"]:
        yield _creation(desired, live, world, findings)
        return
    if reason := world.unread.get((desired.address, "")):
        findings.problem(desired.location, "", reason, "its fields are left alone")
        return
    yield from _type_change(desired, live, findings)
    parts = {"metadata": METADATA, "dates": DATES, "description": ("description",)}
    for part, paths in parts.items():
        changed = changed_fields(desired.fields, live.fields, paths, _equal)
        if not changed:
            continue
        if live.facts["sis"] and part != "description":
            _note_sis(desired, live, changed, findings, world)
            continue
        yield _update(desired, live, part, changed, world.now)


def _equal(stated: Value, live: Value) -> bool:
    """Texts are equal whatever white space ends them: YAML blocks end with a line feed."""
    if isinstance(stated, str) and isinstance(live, str):
        return stated.strip() == live.strip()
    return plainly_equal(stated, live)


def _type_change(desired: Desired, live: Live, findings: Findings) -> Iterable[Change]:
    """The type is create-only: a difference is blocked, never a replacement. These are exams."""
    changed = changed_fields(desired.fields, live.fields, ("type",))
    if changed:
        reason = f"the type of a flow cannot be changed; {desired.address} is {changed[0].before}"
        yield Change(
            address=desired.address,
            part="type",
            action=Action.UPDATE,
            location=desired.fields["type"].location,
            fields=changed,
            status=Status.BLOCKED,
            reasons=(reason,),
        )


def _note_sis(
    desired: Desired,
    live: Live,
    changed: tuple[FieldChange, ...],
    findings: Findings,
    world: World,
) -> None:
    names = ", ".join(field.path for field in changed)
    unread = (desired.address, "sources") in world.unread
    hint = "a student information system feeds this flow and owns these fields"
    if unread:
        hint = "it could not be read whether a student information system feeds this flow"
    findings.note(desired.address, f"differs and is left alone: {names}", hint)


def _update(
    desired: Desired, live: Live, part: str, changed: tuple[FieldChange, ...], now: datetime
) -> Change:
    reasons = ()
    if part == "dates" and live.fields.get("type") == "FLOWoral":
        reasons = ("a FLOWoral has periods instead of dates; set them in WISEflow",)
    return Change(
        address=desired.address,
        part=part,
        action=Action.UPDATE,
        location=desired.location,
        fields=changed,
        hazards=tuple(_date_hazards(desired, live, now)) if part == "dates" else (),
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=reasons,
    )


def _date_hazards(desired: Desired, live: Live, now: datetime) -> Iterable[Hazard]:
    before, after = live.fields, {path: stated.value for path, stated in desired.fields.items()}
    shorter = [w for w in ("participation", "marking") if _length(after, w) < _length(before, w)]
    if shorter:
        yield Hazard("shorter", f"{' and '.join(shorter)} becomes shorter", True)
    start, new_start = before.get("participation.start"), after["participation.start"]
    moved = start is not None and start != new_start
    earlier = _before(after["participation.end"], before.get("participation.end"))
    if (moved or earlier) and (starts_soon(start, now) or starts_soon(new_start, now)):
        yield Hazard("starts-soon", "the exam has started or starts within 48 hours", True)


def _length(fields: Mapping[str, Value], window: str) -> float:
    """Seconds; 0 where the live window is empty, so that nothing is shorter than it."""
    start, end = fields.get(f"{window}.start"), fields.get(f"{window}.end")
    return (end - start).total_seconds() if start and end else 0.0


def _before(value: datetime, other: datetime | None) -> bool:
    return other is not None and value < other


def _creation(desired: Desired, live: Live | None, world: World, findings: Findings) -> Change:
    reasons = list(_creation_blocks(desired, world, findings))
    needs = ()
    source = _source_key(desired)
    if live is None and source and source not in world.sources:
        needs = (f"flow/{source}",)
    return Change(
        address=desired.address,
        part="",
        action=Action.CREATE,
        location=desired.location,
        fields=changed_fields(desired.fields, None, CREATION),
        needs=needs,
        status=Status.BLOCKED if reasons else Status.PLANNED,
        reasons=tuple(reasons),
    )


def _creation_blocks(desired: Desired, world: World, findings: Findings) -> Iterable[str]:
    fields = desired.fields
    if not fields.get("title"):
        yield "a new flow needs a title"
    if "managers" not in desired.roles or not desired.roles["managers"].seats:
        yield "a new flow needs a manager: name one under role_assignments"
    end = fields.get("participation.end")
    if end and end.value <= world.now:
        yield "its participation has ended: it is not created any more"
    source = _source_key(desired)
    if not source:
        yield from _type_blocks(fields.get("type"), world, findings)
    elif source not in world.sources and Address("flow", source) not in world.desired:
        stated = fields["copy_from"]
        message = f'no flow "{source}" in the manifests or in WISEflow'
        findings.problem(stated.location, "copy_from", message, "give that flow its key first")
        yield f"there is no flow {source} to copy from"
    if _is_oral(fields) and any(path in fields for path in DATES):
        yield "a FLOWoral has periods instead of dates: state none, set them in WISEflow"


def _is_oral(fields: Mapping[str, Stated]) -> bool:
    return "type" in fields and fields["type"].value == "FLOWoral"


def _type_blocks(stated: Stated | None, world: World, findings: Findings) -> Iterable[str]:
    if stated is None:
        yield "a new flow needs a type, or a flow to copy from"
    elif stated.value not in world.licence.flow_types:
        hint = known(world.licence.flow_types)
        findings.problem(stated.location, "type", f'unknown flow type "{stated.value}"', hint)
        yield f"this licence has no {stated.value}"


def _managers_with_creation(changes: list[Change], live: Live | None) -> list[Change]:
    """A creation takes its managers along: they are shown with it and not planned twice."""
    if live is not None or not changes:
        return changes
    creation, *rest = changes
    managers = [change for change in rest if change.part == "managers"]
    if not managers:
        return changes
    merged = replace(creation, seats=managers[0].seats, after=managers[0].after)
    return [merged, *(change for change in rest if change.part != "managers")]


# ---- writing -------------------------------------------------------------------------------------


async def _write_create(change: Change, work: Work) -> None:
    after = {field.path: field.after for field in change.fields}
    managers, lacking = _seat_users(change, work)
    desired = work.world.desired[change.address]
    if not change.seats:
        people = [seat.person for seat in desired.roles["managers"].seats]
        numbers = [work.world.people.user_id(person) for person in people]
        managers = [number for number in numbers if number]
    if not managers:
        raise RefusedError("none of its managers is in WISEflow")
    new = NewFlow(
        key=change.address.key,
        title=after["title"],
        managers=tuple(managers),
        type_id=work.world.licence.flow_types.get(after.get("type")),
        copy_from=_copy_source(desired, work),
        fields={name: after[name] for name in METADATA if name in after},
        dates={path: after[path] for path in DATES if path in after},
        description=after["description"] if "description" in after else ...,
    )
    flow_id = await create_flow(work.api, work.world.keys, new, work.patience)
    work.server_ids[change.address] = flow_id
    if lacking:
        raise RefusedError(f"created without {', '.join(sorted(lacking))} as manager")


def _copy_source(desired: Desired, work: Work) -> CopySource | None:
    key = _source_key(desired)
    if not key:
        return None
    number = work.world.sources.get(key) or work.server_id(Address("flow", key))
    if number is None:
        raise RefusedError(f"there is no flow {key} to copy from")
    include = dict(desired.fields["copy_from"].value).get("include") or ()
    return CopySource(number, frozenset(include))


def _seat_users(change: Change, work: Work) -> tuple[list[int], list[str]]:
    """The numbers of those who are added, in the manifest's order, and who has none."""
    numbers, lacking = [], []
    for seat in change.seats.add if change.seats else ():
        number = work.user_number(seat.person)
        if number is None:
            lacking.append(seat.person)
        else:
            numbers.append(number)
    return numbers, lacking


async def _write_metadata(change: Change, flow_id: int, work: Work) -> None:
    fields = {field.path: field.after for field in change.fields}
    await api_flows.write_metadata(work.api, flow_id, fields)


async def _write_dates(change: Change, flow_id: int, work: Work) -> None:
    stated = work.world.desired[change.address].fields
    dates = {path: stated[path].value for path in DATES if path in stated}
    await api_flows.write_dates(work.api, flow_id, dates)


async def _write_description(change: Change, flow_id: int, work: Work) -> None:
    await api_flows.write_description(work.api, flow_id, change.fields[0].after)


async def _write_activation(change: Change, flow_id: int, work: Work) -> None:
    """Looks once more just before: what is activated cannot be taken back."""
    metadata = await api_flows.read_metadata(work.api, flow_id)
    if metadata.get("subtitle") == api_flows.marker(change.address.key):
        raise RefusedError("its creation is not finished: it still carries the marker")
    if await api_flows.read_state(work.api, flow_id) > api_flows.DRAFT:
        return
    if "content" not in work.world.desired[change.address].fields and not (
        await api_flows.has_assignment(work.api, flow_id)
    ):
        raise RefusedError("it has no assignment: add one in WISEflow, or state `content: none`")
    ids = {"flowId": flow_id}
    try:
        await work.api.call("PATCH", "/flows/{flowId}/activate", ids=ids, repeatable=True)
    except (UnknownOutcomeError, ApiError):
        if await api_flows.read_state(work.api, flow_id) == api_flows.DRAFT:
            raise


async def _write_seats(change: Change, flow_id: int, work: Work) -> None:
    seats = change.seats
    assert seats is not None  # noqa: S101  the caller asked
    role, world = api_seats.ROLES[seats.role], work.world
    if seats.remove or seats.deactivate:
        await _take_seats(change, flow_id, work)
        return
    flags = {seat.person: dict(seat.flags) for seat in seats.add}
    numbers = {person: work.user_number(person) for person in flags}
    new = [api_seats.NewSeat(n, flags[person]) for person, n in numbers.items() if n]
    refused = await api_seats.add_seats(work.api, role, flow_id, new, world.licence) if new else {}
    await _change_flags(change, flow_id, work)
    failures = [f"{person}: is not in WISEflow" for person, n in numbers.items() if n is None]
    failures += [f"{p}: {refused[n]}" for p, n in numbers.items() if n and n in refused]
    if failures:
        done = len(flags) - len(failures)
        raise RefusedError(f"{done} of {len(flags)} added; " + "; ".join(sorted(failures)))


async def _change_flags(change: Change, flow_id: int, work: Work) -> None:
    seats = change.seats
    if seats is None or not (seats.change or seats.reactivate):
        return
    role, world = api_seats.ROLES[seats.role], work.world
    there = {seat.user_id: seat for seat in world.live[change.address].roles[seats.role]}
    wanted = [(seat, dict(seat.flags)) for seat in seats.change]
    wanted += [(seat, {"active": True}) for seat in seats.reactivate]
    await asyncio.gather(
        *(
            api_seats.change_flags(work.api, role, flow_id, there[number], stated, world.licence)
            for seat, stated in wanted
            if (number := work.user_number(seat.person)) in there
        )
    )


async def _take_seats(change: Change, flow_id: int, work: Work) -> None:
    """Reads the list once more and takes only those who still stand on it."""
    seats = change.seats
    assert seats is not None  # noqa: S101  the caller asked
    role, world = api_seats.ROLES[seats.role], work.world
    there = await api_seats.read_seats(
        work.api, role, flow_id, world.licence, world.people.user_key
    )
    gone = {seat.person for seat in (*seats.remove, *seats.deactivate)}
    take = api_seats.deactivate if seats.deactivate else api_seats.remove_seat
    answers = await asyncio.gather(
        *(
            take(work.api, role, flow_id, seat.seat_id)
            for seat in there
            if world.people.name_of(seat.user_id, world.licence, seat.name) in gone
        ),
        return_exceptions=True,
    )
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    for error in errors:
        if not isinstance(error, ApiError):
            raise error
    if errors:
        raise RefusedError(f"{len(errors)} of {len(gone)} still there; first: {errors[0]}")


WRITERS = {
    "metadata": _write_metadata,
    "dates": _write_dates,
    "description": _write_description,
    "activation": _write_activation,
}
