"""Flows on the live side: found by key, compared part by part, activated last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.activation import is_due, plan_activation
from engine.errors import ApiError
from engine.kinds._flow_adopted import REFERENCES, find_adopted, is_in_doubt, missing
from engine.kinds._flow_allocation import PART, roles_of_allocations, with_allocations
from engine.kinds._flow_allocation_io import read_allocations
from engine.kinds._flow_anonymity import with_anonymity
from engine.kinds._flow_archive import (
    as_unarchived,
    is_left_archived,
    is_to_be_archived,
    plan_archiving,
    with_unarchiving,
)
from engine.kinds._flow_assessor_types import with_assessor_types
from engine.kinds._flow_attached import (
    as_freed,
    attached_changes,
    with_attached,
    with_source_to_come,
)
from engine.kinds._flow_attached_io import read_attached
from engine.kinds._flow_moved import (
    is_moved_in_doubt,
    note_old_key,
    read_key,
    take_moved,
    with_move,
)
from engine.kinds._flow_periods import with_periods
from engine.kinds._flow_periods_io import read_periods
from engine.kinds._flow_plan import (
    DATES,
    concluding_dates_last,
    creation_first,
    leftovers,
    own_changes,
    source_key,
)
from engine.kinds._flow_rooms import with_rooms
from engine.kinds._flow_rooms_io import read_rooms
from engine.kinds._flow_sequence import (
    keys_of_sequence,
    read_followers,
    read_part,
    read_sequences,
    with_sequence,
)
from engine.kinds._flow_settings_io import read_settings, unread
from engine.kinds._flow_sis import active_as_fed, only_added
from engine.kinds._flow_write import write_flow
from engine.kinds._individual_io import read_individual, read_others, read_source_timeboxes
from engine.kinds._individual_others import with_others
from engine.kinds._individual_plan import with_individual
from engine.model import IN_ROOMS, IN_SLOTS, INDIVIDUAL, Address, Desired, Live
from engine.seats import plan_role
from engine.together import together
from engine.wiseflow import flows as api_flows
from engine.wiseflow import seats as api_seats
from engine.wiseflow.second_looks import doubt_flows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from engine.kind import Work
    from engine.plan import Change
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.flows import FlowRow
    from engine.world import Findings, World

NOT_FOUND = 404
SOURCES = "sources"
LAST = {api_flows.ARCHIVED: "archived"}
NOT_IN_SEARCH = {"term", "code"}
"""Metadata that the flow search does not answer: one more request a flow, where stated."""


@dataclass(frozen=True, slots=True)
class FlowLive:
    """The live side of `flows`, with the seats that `role_assignments` put on them."""

    async def find(self, api: WiseflowApi, world: World) -> None:
        flows = {a.key: d for a, d in world.desired.items() if a.kind == "flow"}
        if not flows:
            return
        wanted = set(flows) | {key for d in flows.values() if (key := source_key(d))}
        wanted |= {d.moved_from.value for d in flows.values() if d.moved_from}
        wanted |= {key for d in flows.values() for key in keys_of_sequence(d)}
        found = await api_flows.find_flows(api, world.keys, wanted)
        await find_adopted(api, world, flows, found)
        take_moved(world, flows, found)
        sis = await _read_sis(api) if any(found.values()) else frozenset()
        rows = {key: rows[0] for key, rows in found.items() if len(rows) == 1}
        for key, candidates in found.items():
            if len(candidates) > 1:
                world.several[Address("flow", key)] = tuple(row.id for row in candidates)
        finished = {key: row for key, row in rows.items() if not _is_marked(row, key)}
        world.sources |= {key: row.id for key, row in finished.items()}
        world.source_types |= {key: str(row.fields["type"]) for key, row in finished.items()}
        world.source_states |= {key: row.state for key, row in finished.items()}
        await _doubt_absence(api, world, flows, found)
        rows = {key: row for key, row in rows.items() if not _is_given_up(row, flows.get(key))}
        for key in sorted(set(flows) & set(rows)):
            _take(world, Address("flow", key), rows[key], sis)
        await read_sequences(api, world)
        lacking = [desired for key, desired in flows.items() if key not in rows]
        await _read_source_content(api, world, lacking)
        await read_source_timeboxes(api, world, lacking)

    async def read(self, api: WiseflowApi, world: World, address: Address) -> None:
        await _read_flow(api, world, world.desired[address], frozenset())

    async def reread(
        self, api: WiseflowApi, world: World, address: Address, parts: frozenset[str]
    ) -> None:
        for key in [key for key in world.unread if key[0] == address and key[1] != SOURCES]:
            del world.unread[key]
        await _read_flow(api, world, world.desired[address], parts)

    async def look_again(
        self, api: WiseflowApi, world: World, address: Address, parts: frozenset[str]
    ) -> None:
        desired = world.desired[address]
        if desired.adopted and address not in world.live:
            found: dict[str, list[FlowRow]] = {}
            await find_adopted(api, world, {address.key: desired}, found)
            for row in found[address.key]:
                _take(world, address, row, await _read_sis(api))
        if address in world.live:
            await self.reread(api, world, address, parts)

    def plan(self, desired: Desired, world: World, findings: Findings) -> None:
        address = desired.address
        if is_in_doubt(desired, world, findings) or is_moved_in_doubt(desired, world, findings):
            return
        if numbers := world.several.get(address):
            shown = " and ".join(f"#{number}" for number in numbers)
            message = f"several flows in WISEflow carry this key: {shown}"
            findings.problem(desired.location, "key", message, "take the key away from all but one")
            return
        live = world.live.get(address)
        if live is None and desired.adopted:
            findings.changes += missing(desired, findings)
            return
        if is_left_archived(desired, live, findings):
            note_old_key(desired, live, world, findings)
            return
        findings.changes += _compared(desired, live, world, findings)

    async def write(self, change: Change, work: Work) -> None:
        await write_flow(change, work)


def _compared(
    desired: Desired, found: Live | None, world: World, findings: Findings
) -> list[Change]:
    """All changes of a flow, whether it has to be made, to come from the archive, or is there."""
    live = found
    if found is not None and found.facts["state"] == api_flows.ARCHIVED:
        live = as_unarchived(found, world.now)
    attached, fed = attached_changes(desired, live, world, findings), live
    live = as_freed(live, attached)
    changes = list(own_changes(desired, live, world, findings))
    for role in api_seats.ROLES:
        if role in desired.roles:
            changes += plan_role(desired, desired.roles[role], live, world, findings)
    changes = only_added(live, changes, findings)
    changes = with_allocations(desired, live, changes, world, findings)
    changes = with_rooms(desired, live, changes, world, findings)
    changes = with_periods(desired, live, changes, world, findings)
    changes = with_anonymity(desired, live, changes, world)
    changes = with_sequence(desired, live, changes, world, findings)
    changes = with_assessor_types(desired, live, changes, world, findings)
    changes = creation_first(changes, desired, live, world)
    people = active_as_fed(desired, live, world, findings)
    changes = with_individual(people, live, changes, world, findings)
    changes = with_others(desired, live, changes, world, findings)
    given_up = list(leftovers(desired, live))
    changes = with_move(desired, live, changes, given_up, world)
    changes = concluding_dates_last(changes, world.now)
    changes = with_attached(changes, fed, attached, world.now)
    changes += plan_activation(desired, live, changes, world)
    changes = with_source_to_come(changes)
    changes += plan_archiving(desired, live, changes, world)
    if found is not None:
        changes = with_unarchiving(desired, found, changes, world)
    return [*changes, *given_up]


def lifecycle(state: int) -> str:
    """The state as manifests say it: a least step."""
    return "draft" if state == api_flows.DRAFT else LAST.get(state, "active")


async def _read_sis(api: WiseflowApi) -> frozenset[int] | None:
    """The SIS-fed flows, or None where they could not be read: then every flow counts as fed."""
    try:
        return await api_flows.read_sis_flows(api)
    except ApiError as error:
        if error.exit_code != ApiError.exit_code:
            raise
        return None


def _is_marked(row: FlowRow, key: str) -> bool:
    """It is still being made: nothing may be copied from it, and whoever finds it finishes it."""
    return row.subtitle == api_flows.marker(key)


async def _doubt_absence(
    api: WiseflowApi,
    world: World,
    flows: Mapping[str, Desired],
    found: Mapping[str, Sequence[FlowRow]],
) -> None:
    """Before flows are made that no search found, their managers are asked for theirs."""
    lacking = {
        key: desired
        for key, desired in flows.items()
        if not found.get(key) and "title" in desired.fields and not desired.adopted
    }
    titles = {key: str(desired.fields["title"].value) for key, desired in lacking.items()}
    managers = {
        number
        for desired in lacking.values()
        if "managers" in desired.roles
        for seat in desired.roles["managers"].seats
        if (number := world.people.user_id(seat.person)) is not None
    }
    there = {row.id for rows in found.values() for row in rows}
    await doubt_flows(api, world.keys, titles, managers, there)


def _is_given_up(row: FlowRow, desired: Desired | None) -> bool:
    """Half-made as another type than the manifests state by now: it counts as not there."""
    if desired is None or desired.adopted or "type" not in desired.fields:
        return False
    return row.is_half_made_as_another(desired.address.key, desired.fields["type"].value)


def _take(world: World, address: Address, row: FlowRow, sis: frozenset[int] | None) -> None:
    facts = {
        "state": row.state,
        "sis": sis is None or row.id in sis,
        "marked": _is_marked(row, address.key),
        "leftovers": row.leftovers,
        REFERENCES: row.references,
    }
    fields = {**row.fields, "lifecycle": lifecycle(row.state)}
    world.live[address] = Live(address, row.id, fields, {}, facts)
    if sis is None and row.state != api_flows.ARCHIVED:
        world.unread[address, SOURCES] = (
            "nobody can say whether a student information system feeds it"
        )


async def _read_flow(
    api: WiseflowApi, world: World, desired: Desired, parts: frozenset[str]
) -> None:
    live = world.live[desired.address]
    if _state_decides(desired, live):
        await _read_state(api, world, live)
    # Archived flows are not compared; but what a run has done before that is known as done.
    is_archived = live.facts["state"] == api_flows.ARCHIVED
    if is_archived and not parts and desired.unarchive is None:
        return
    if not desired.is_stated:
        await _read_leaving(api, world, live)
        return
    if is_due(desired, live, world.now):
        await _read_state(api, world, live)
    reads: list[Awaitable[None]] = [_read_fields(api, world, desired, live, parts)]
    reads.append(read_settings(api, world, desired, live))
    reads.append(read_key(api, world, desired, live))
    reads.append(read_attached(api, world, desired, live))
    reads += [_read_role(api, world, live, role) for role in _roles_to_read(desired, live, world)]
    if is_due(desired, live, world.now) and "content" not in desired.fields:
        reads.append(_read_content(api, world, live))
    await together(reads)
    await read_part(api, world, desired, live)
    try:
        await read_allocations(api, world, desired, live)
    except ApiError as error:
        unread(world, live.address, PART, error)
    await read_individual(api, world, desired, live)
    await read_others(api, world, desired, live)
    await read_rooms(api, world, desired, live)
    await read_periods(api, world, desired, live)


def _state_decides(desired: Desired, live: Live) -> bool:
    """Whether a search that lags would plan a way into the archive, or out of it, once more."""
    is_archived = live.facts["state"] == api_flows.ARCHIVED
    return desired.unarchive is not None if is_archived else is_to_be_archived(desired)


def _roles_to_read(desired: Desired, live: Live, world: World) -> list[str]:
    """The stated roles; an activation must also know the managers and whom it messages."""
    stated = set(desired.roles) | roles_of_allocations(desired)
    if stated & {*INDIVIDUAL, IN_ROOMS, IN_SLOTS}:
        stated.add("participants")
    if is_due(desired, live, world.now):
        stated |= {"managers", "participants"}
    return [role for role in api_seats.ROLES if role in stated]


async def _read_fields(
    api: WiseflowApi, world: World, desired: Desired, live: Live, parts: frozenset[str]
) -> None:
    fields = live.fields
    try:
        if "metadata" in parts or NOT_IN_SEARCH & set(desired.fields):
            metadata = await api_flows.read_metadata(api, live.server_id)
            live.facts["metadata"] = metadata
            fields |= {ours: metadata.get(theirs) for ours, theirs in api_flows.METADATA.items()}
        if "dates" in parts or desired.unarchive or _dates_matter(desired, live):
            found, edges = await api_flows.read_dates(api, live.server_id)
            fields |= found
            live.facts["edges"] = edges
        if "description" in desired.fields:
            fields["description"] = await api_flows.read_description(api, live.server_id)
    except ApiError as error:
        unread(world, live.address, "", error)


def _dates_matter(desired: Desired, live: Live) -> bool:
    """Whether times of single participants are stated, or would be left behind by a move."""
    if {*INDIVIDUAL} & set(desired.roles):
        return True
    stated = (path for path in DATES if path in desired.fields)
    return any(desired.fields[path].value != live.fields.get(path) for path in stated)


async def _read_role(api: WiseflowApi, world: World, live: Live, name: str) -> None:
    role = api_seats.ROLES[name]
    try:
        seats = await api_seats.read_seats(
            api, role, live.server_id, world.licence, world.people.user_key
        )
    except ApiError as error:
        unread(world, live.address, name, error)
    else:
        live.roles[name] = seats


async def _read_state(api: WiseflowApi, world: World, live: Live) -> None:
    """A search may lag behind: whether a flow is still a draft is asked once more, of itself."""
    try:
        state = await api_flows.read_state(api, live.server_id)
    except ApiError as error:
        unread(world, live.address, "content", error)
    else:
        live.facts["state"] = state
        live.fields["lifecycle"] = lifecycle(state)


async def _read_leaving(api: WiseflowApi, world: World, live: Live) -> None:
    """Of a draft whose entry is gone: whether it is one still, and who is on it."""
    if live.facts["state"] != api_flows.DRAFT:
        return
    try:
        row = await api_flows.read_basics(api, live.server_id)
        await read_followers(api, live, row)
    except ApiError as error:
        if error.status != NOT_FOUND:
            unread(world, live.address, "", error)
            return
        # A search that lags still shows what is deleted: there is nothing left to do.
        del world.live[live.address]
        return
    live.facts.update(state=int(row["state"]))
    live.fields["lifecycle"] = lifecycle(live.facts["state"])
    await _read_role(api, world, live, "participants")


async def _read_content(api: WiseflowApi, world: World, live: Live) -> None:
    try:
        there = await api_flows.has_assignment(api, live.server_id)
    except ApiError as error:
        unread(world, live.address, "content", error)
    else:
        live.facts["content"] = there


async def _read_source_content(api: WiseflowApi, world: World, lacking: list[Desired]) -> None:
    """Whether a copy will have content is known from its source, once for each source."""
    keys = {key for d in lacking if is_due(d, None, world.now) and (key := source_key(d))}
    numbers = sorted({world.sources[key] for key in keys if key in world.sources})
    answers = await together(api_flows.has_assignment(api, n) for n in numbers)
    world.source_content |= dict(zip(numbers, answers, strict=True))
