"""Reads one flow's grades: what list answers say, and only what no list says one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.grades.model import ALTERNATIVE
from engine.grades.scales import Scale
from engine.together import together
from engine.wiseflow.assessments import (
    read_alternatives,
    read_assessments,
    read_ids,
    read_scale_id,
    read_sitters,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from engine.grades.model import GradeExport
    from engine.wiseflow.assessments import Assessment, ScaleRow, Sitter
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.licence import Licence


@dataclass(frozen=True, slots=True)
class Reading:
    """All that WISEflow says of one flow's grades."""

    assessments: tuple[Assessment, ...]
    sitters: Mapping[int, Sitter]
    """By seat, with the user data that is asked for."""
    scale: Scale | None
    """None where the licence does not list the flow's scale."""
    alternatives: Mapping[int, tuple[str, int | None]]


async def read_flow(
    api: WiseflowApi,
    flow_id: int,
    export: GradeExport,
    licence: Licence,
    scales: Mapping[int, ScaleRow],
) -> Reading:
    """One flow: three lists; a request more for each submission where alternative grades count.

    User data that the list of participants does not tell is asked for one by one, of those who
    have a grade alone. Raises: ApiError.
    """
    reads: tuple[Awaitable[Any], ...] = (
        read_assessments(api, flow_id),
        read_sitters(api, flow_id),
        read_scale_id(api, flow_id),
    )
    rows, sitters, number = await together(reads)
    graded = {row.participant for row in rows if row.grade or row.admin_grade}
    alternatives: dict[int, tuple[str, int | None]] = {}
    if ALTERNATIVE in export.counts:
        wanted = [s for s in sitters.values() if s.participant not in graded and s.submission]
        submissions = {s.submission for s in wanted if s.submission}
        alternatives = await read_alternatives(api, flow_id, submissions)
    told = await _with_ids(api, sitters, graded | set(alternatives), export, licence)
    return Reading(tuple(rows), told, _scale(scales.get(number)), alternatives)


async def _with_ids(
    api: WiseflowApi,
    sitters: Mapping[int, Sitter],
    graded: set[int],
    export: GradeExport,
    licence: Licence,
) -> dict[int, Sitter]:
    """The sitters, with what the list did not tell of those who have a grade."""
    names = {licence.data_types[name].id: name for name in export.data_types}
    lacking = {
        one.user
        for one in sitters.values()
        if one.participant in graded and not set(names.values()) <= set(one.ids)
    }
    found = await read_ids(api, lacking, names) if lacking else {}
    return {
        seat: replace(one, ids={**one.ids, **found[one.user]}) if one.user in found else one
        for seat, one in sitters.items()
    }


def _scale(row: ScaleRow | None) -> Scale | None:
    if row is None:
        return None
    numbers = row.numbers
    return Scale(
        row.name,
        row.options,
        numbers.get("modifier") or 1,
        numbers.get("decimals"),
        numbers.get("pattern") or "",
        numbers.get("min"),
        numbers.get("max"),
    )
