"""Reads the settings that a flow states, and writes those that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import ApiError
from engine.kind import RefusedError
from engine.kinds._flow_anonymity import LACKING, data_type_of
from engine.kinds._flow_anonymity import PART as ANONYMISATION
from engine.kinds._flow_assessor_types import (
    LEAVE,
    ROLE,
    live_types,
    types_to_take,
    wanted_types,
)
from engine.kinds._flow_assessor_types import PART as TYPES
from engine.kinds._flow_settings import GRADES, GROUPED, setting_paths
from engine.model import TYPE_OF
from engine.together import together
from engine.wiseflow import flow_settings as api_settings
from engine.wiseflow import seats as api_seats
from engine.wiseflow.flows import ARCHIVED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from engine.kind import Work
    from engine.model import Address, Desired, Live, Value
    from engine.plan import Change
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.flow_settings import Setting
    from engine.world import World

FORBIDDEN = 403
COUNTED = {
    "grading_scale": (GRADES, api_settings.count_grades, "{} participants have a grade by now"),
    "allocation": (GROUPED, api_settings.count_grouped, "{} participants are in groups by now"),
}
"""What is counted before a setting is changed, since the change would destroy it."""


# ---- reading -------------------------------------------------------------------------------------


async def read_settings(api: WiseflowApi, world: World, desired: Desired, live: Live) -> None:
    """Reads each stated setting; one that cannot be read is left alone, the others are not."""
    paths = setting_paths(desired)
    reads: list[Awaitable[None]] = [
        _read_setting(api, world, desired, live, setting)
        for setting in api_settings.SETTINGS
        if setting.name in paths
    ]
    if any(path == TYPES or path.startswith(TYPE_OF) for path in paths):
        reads.append(_read_types(api, world, desired, live))
    await together(reads)


async def _read_setting(
    api: WiseflowApi, world: World, desired: Desired, live: Live, setting: Setting
) -> None:
    name, number = setting.name, live.server_id
    live.fields.pop(name, None)
    if setting.read is None:
        return
    try:
        value = await setting.read(api, number, world.licence)
        if name in COUNTED:
            differs = value != desired.fields[name].value
            live.facts[COUNTED[name][0]] = await _count(api, number, name, value) if differs else 0
        if name == ANONYMISATION:
            live.facts[LACKING] = await _lacking(api, number, value, desired.fields[name].value)
        live.fields[name] = value
    except ApiError as error:
        if error.status == FORBIDDEN and live.facts["state"] == ARCHIVED:
            return  # In the archive it cannot be read: it is compared once the flow is out of it.
        unread(world, live.address, name, error)


async def _lacking(api: WiseflowApi, number: int, value: Value, stated: Value) -> frozenset[int]:
    """The participants without the user data by which the flow is to be anonymised."""
    name = data_type_of(stated)
    if name is None or value == stated:
        return frozenset()
    return await api_settings.participants_without(api, number, name)


async def _count(api: WiseflowApi, number: int, name: str, value: Value) -> int:
    """How much a change of the setting would destroy. Only flows allocated by group have groups."""
    if name == "allocation" and value != "grouped":
        return 0
    return await COUNTED[name][1](api, number)


async def _read_types(api: WiseflowApi, world: World, desired: Desired, live: Live) -> None:
    """The types, and who has them where one of them is to go."""
    for path in [path for path in live.fields if path.startswith(TYPE_OF)]:
        del live.fields[path]
    try:
        there = await api_settings.read_assessor_types(api, live.server_id, world.licence)
        live.fields.update({TYPE_OF + name: said or True for name, said in there.items()})
        if ROLE not in desired.roles and types_to_take(desired, live_types(live)):
            live.roles[ROLE] = await api_seats.read_seats(
                api, api_seats.ROLES[ROLE], live.server_id, world.licence, world.people.user_key
            )
    except ApiError as error:
        unread(world, live.address, TYPES, error)


def unread(world: World, address: Address, part: str, error: ApiError) -> None:
    """One list that cannot be read blocks what it fills; refused credentials stop everything."""
    if error.exit_code != ApiError.exit_code:
        raise error
    world.unread[address, part] = error.unread


# ---- writing -------------------------------------------------------------------------------------


async def write_setting(change: Change, flow_id: int, work: Work) -> None:
    """Writes one setting of a flow that was read a moment ago, but for what was not readable."""
    (one,) = change.fields
    before, setting = one.before, api_settings.BY_NAME[one.path]
    if one.is_loose and setting.read:
        before = await setting.read(work.api, flow_id, work.world.licence)
    await _write(one.path, before, one.after, flow_id, work)


async def _write(name: str, before: Value, after: Value, flow_id: int, work: Work) -> None:
    """Looks once more just before: what is destroyed cannot be brought back."""
    if name in COUNTED and (count := await _count(work.api, flow_id, name, before)):
        raise RefusedError(COUNTED[name][2].format(count))
    setting = api_settings.BY_NAME[name]
    await setting.write(work.api, flow_id, work.world.licence, after)


async def finish_settings(desired: Desired, flow_id: int, work: Work) -> None:
    """Brings a flow that is being made to all settings that are stated, whatever it has."""
    licence = work.world.licence
    for setting in api_settings.SETTINGS:
        stated = desired.fields.get(setting.name)
        if stated is None:
            continue
        there = await setting.read(work.api, flow_id, licence) if setting.read else ...
        if there != stated.value:
            await _write(setting.name, there, stated.value, flow_id, work)
    if TYPES in desired.fields:
        said = await api_settings.read_assessor_types(work.api, flow_id, licence)
        there = {name: text or True for name, text in said.items()}
        after: dict[str, Value] = {
            **dict.fromkeys(types_to_take(desired, there)),
            **wanted_types(desired),
        }
        await _set_types({n: (there.get(n), v) for n, v in after.items()}, flow_id, work)


async def write_assessor_types(change: Change, flow_id: int, work: Work) -> None:
    """Adds and takes types; one that somebody has by now is not taken away."""
    types = {one.path.removeprefix(TYPE_OF): (one.before, one.after) for one in change.fields}
    if going := {name for name, (before, _) in types.items() if before is not None}:
        seats = await api_seats.read_seats(
            work.api,
            api_seats.ROLES[ROLE],
            flow_id,
            work.world.licence,
            work.world.people.user_key,
        )
        if held := sorted(going & {str(seat.flags.get("type")) for seat in seats}):
            raise RefusedError(f"assessors have the type by now: {', '.join(held)}")
    await _set_types(types, flow_id, work)


async def _set_types(types: Mapping[str, tuple[Value, Value]], flow_id: int, work: Work) -> None:
    """From name to instruction before and after: True without one, None where it is not there."""
    licence = work.world.licence
    for name, (before, after) in types.items():
        if before is not None and before != after:
            await api_settings.remove_assessor_type(work.api, flow_id, licence, name)
        if after is not None and before != after:
            said = None if after is True else str(after)
            await api_settings.add_assessor_type(work.api, flow_id, licence, name, said)


SETTING_WRITERS = {
    **dict.fromkeys(api_settings.BY_NAME, write_setting),
    **dict.fromkeys((TYPES, LEAVE), write_assessor_types),
}
"""By part of a flow."""
