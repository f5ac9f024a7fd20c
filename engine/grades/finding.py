"""The flows of exports: found by key, with what keeps their grades from being read for now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.grades.model import FlowFacts, FlowReport
from engine.grades.scales import number_of
from engine.kinds._flow_adopted import is_unclear
from engine.live import find_world
from engine.model import Address
from engine.wiseflow.assessments import read_scales
from engine.wiseflow.flows import CONCLUDED, STATE_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from engine.grades.model import GradeExport
    from engine.grades.scales import Scale
    from engine.live import Conventions
    from engine.model import Desired, DesiredState, Live
    from engine.wiseflow.assessments import ScaleRow
    from engine.wiseflow.client import WiseflowApi
    from engine.world import World


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the flows of all exports before any grade is read."""

    world: World
    scales: Mapping[int, ScaleRow]
    keys: Mapping[int, Sequence[str]]
    """By WISEflow's number the keys that come to that flow."""


async def find_flows(
    api: WiseflowApi, state: DesiredState, conventions: Conventions, keys: set[str]
) -> Found:
    """Finds flows by key, with nothing that only plans need. Raises: ApiError, EngineError."""
    desired = {
        address: _bare(one)
        for address, one in state.resources.items()
        if address.kind == "flow" and address.key in keys
    }
    world = await find_world(api, desired, desired, conventions)
    scales = await read_scales(api) if world.live else {}
    by_number: dict[int, list[str]] = {}
    for address, live in world.live.items():
        by_number.setdefault(live.server_id, []).append(address.key)
    return Found(world, scales, by_number)


def _bare(flow: Desired) -> Desired:
    """The flow as far as it takes to find it."""
    kept = {name: one for name, one in flow.fields.items() if name == "type"}
    return replace(flow, fields=kept, roles={}, sequence=None)


def not_to_read(export: GradeExport, key: str, found: Found) -> FlowReport | None:
    """Why a flow's grades are not read; None where they are."""
    world = found.world
    live = world.live.get(Address("flow", key))
    if is_unclear(key, world):
        return FlowReport(key, failed="nobody can say which flow it is: `wisectl plan` tells why")
    if live is None:
        return FlowReport(key, waiting="it is not in WISEflow")
    # The grades of one flow would be delivered for each of its keys.
    if others := [one for one in found.keys[live.server_id] if one != key]:
        return FlowReport(key, failed=f"it and flow/{others[0]} are one in WISEflow")
    if live.facts["marked"]:
        return FlowReport(key, waiting="it is still being made")
    state = live.facts["state"]
    if state < CONCLUDED and not export.before_marking_ends:
        end: datetime | None = live.fields.get("marking.end")
        until = f", marking ends {end.astimezone(world.zone):%a %d %b %Y %H:%M}" if end else ""
        return FlowReport(key, waiting=f"it is {STATE_NAMES[state]}{until}")
    return None


def facts_of(
    flow: Desired, live: Live, export: GradeExport, scale: Scale | None, world: World
) -> FlowFacts:
    stated = {name: flow.fields[name].value for name in ("code", "term") if name in flow.fields}
    least, most = _bounds(scale, export)
    return FlowFacts(
        title=live.fields.get("title") or "",
        subtitle=live.fields.get("subtitle") or "",
        flow_code=stated.get("code") or "",
        term=stated.get("term") or "",
        starts=_day(live.fields.get("participation.start"), world),
        ends=_day(live.fields.get("participation.end"), world),
        least=least,
        most=most,
        read=_day(world.now, world),
    )


def _day(moment: datetime | None, world: World) -> str:
    """The day that it was where the exam is."""
    return f"{moment.astimezone(world.zone):%Y-%m-%d}" if moment else ""


def _bounds(scale: Scale | None, export: GradeExport) -> tuple[str, str]:
    """The least and the greatest number among the codes; 0 and 1 where none is a number."""
    if scale is None:
        return "0", "1"
    codes = export.codes.get(scale.name)
    values = list(codes.values()) if codes else [*scale.options.values()]
    if not values:
        values = [str(one) for one in (scale.least, scale.most) if one is not None]
    numbers = sorted(number for one in values if (number := number_of(one)) is not None)
    return (f"{numbers[0]:f}", f"{numbers[-1]:f}") if numbers else ("0", "1")
