"""Periods of a FLOWoral in WISEflow, and the slots in them.

Source: WISEflow OpenAPI, /flows/{flowId}/periods. Slots are replaced as a whole, so they are
written as they were read a moment ago, but for what is to be different.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.errors import ApiError
from engine.periods import moment, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.creation import Patience
    from engine.model import Value
    from engine.wiseflow.client import WiseflowApi

_ALL = "/flows/{flowId}/periods"
_ONE = f"{_ALL}/{{periodId}}"
_SLOTS = f"{_ONE}/slots"
NOT_FOUND = 404

FIELDS = {
    "examination": "examinationMinutes",
    "preparation": "preparationMinutes",
    "voting": "votingMinutes",
    "location": "location",
    "preparation_in_same_room": "preparationInSameRoom",
}
"""From the fields in manifests to those of a period."""

NEW = {"preparation": 0, "voting": 0}
"""What a new period has where nobody says it: WISEflow wants a number."""

PARTICIPANT, BREAK = "PARTICIPANT", "BREAK"
WRITABLE = (PARTICIPANT, "GROUP", BREAK)
"""Slots of any other type are read, and could not be written back."""

_OF_EACH = (
    "type",
    "description",
    "shareDescriptionParticipant",
    "preparationMinutes",
    "examinationMinutes",
    "votingMinutes",
)
_OF_TYPE = {
    PARTICIPANT: ("participantId",),
    "GROUP": ("groupId",),
    BREAK: ("title", "allowPreparationDuringBreak"),
}
"""What of a slot is written, as it was read."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Period:
    """One period as WISEflow has it, its slots in their order."""

    id: int
    start: str
    fields: Mapping[str, Value]
    slots: tuple[Row, ...]

    @property
    def people(self) -> tuple[int, ...]:
        """The seats of those who are examined, in their order."""
        return tuple(one["participantId"] for one in self.slots if one["type"] == PARTICIPANT)

    @property
    def is_writable(self) -> bool:
        """Whether all of its slots can be written back."""
        return all(one["type"] in WRITABLE for one in self.slots)


async def read_periods(api: WiseflowApi, flow_id: int) -> list[Period]:
    """All periods of a flow, by their start."""
    rows = await api.call("GET", _ALL, ids={"flowId": flow_id})
    found = (_period(row) for row in rows or ())
    return sorted(found, key=lambda one: (one.start, one.id))


def _period(row: Row) -> Period:
    start = datetime.fromisoformat(row["startDate"])
    slots = sorted(row.get("slots") or (), key=lambda one: int(one["order"]))
    fields = {ours: row.get(theirs) for ours, theirs in FIELDS.items()}
    return Period(row["id"], said(start), fields, tuple(slots))


async def add_periods(
    api: WiseflowApi, flow_id: int, wanted: Mapping[str, Mapping[str, Value]], patience: Patience
) -> list[str]:
    """Makes those periods that are not there yet; answers the starts of those that still lack.

    After a lost answer they are looked for, once their request cannot arrive any more. Of two that
    were made at once, the later one is given up by its maker.
    """
    for _ in range(2):
        there = {one.start for one in await read_periods(api, flow_id)}
        lacking = [start for start in sorted(wanted) if start not in there]
        if not lacking:
            return []
        try:
            made = await _make(api, flow_id, {start: wanted[start] for start in lacking})
        except ApiError as error:
            if not error.unknown:
                raise
            await patience.sleep(patience.lost_answer)
            made = []
        await _give_up_twins(api, flow_id, made)
    there = {one.start for one in await read_periods(api, flow_id)}
    return [start for start in sorted(wanted) if start not in there]


async def _make(
    api: WiseflowApi, flow_id: int, wanted: Mapping[str, Mapping[str, Value]]
) -> list[int]:
    periods = [
        {"startDate": _written(start), **_body({**NEW, **fields})}
        for start, fields in wanted.items()
    ]
    answer = await api.call("POST", _ALL, ids={"flowId": flow_id}, body={"periods": periods})
    return [int(number) for number in answer["ids"]]


async def _give_up_twins(api: WiseflowApi, flow_id: int, made: Iterable[int]) -> None:
    first: dict[str, int] = {}
    mine = set(made)
    for one in await read_periods(api, flow_id) if mine else ():
        if first.setdefault(one.start, one.id) != one.id and one.id in mine and not one.slots:
            await remove_period(api, flow_id, one)


def _written(start: str) -> str:
    return f"{moment(start).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _body(fields: Mapping[str, Value]) -> Row:
    return {FIELDS[name]: value for name, value in fields.items()}


async def change_period(
    api: WiseflowApi, flow_id: int, period: Period, fields: Mapping[str, Value]
) -> None:
    """Writes some of what a period has."""
    ids = {"flowId": flow_id, "periodId": period.id}
    await api.call("PATCH", _ONE, ids=ids, body=_body(fields), repeatable=True)


async def remove_period(api: WiseflowApi, flow_id: int, period: Period) -> None:
    """Takes a period away; its slots first, since one that has slots may be refused."""
    try:
        if period.slots:
            await put_slots(api, flow_id, period, ())
        await api.call("DELETE", _ONE, ids={"flowId": flow_id, "periodId": period.id})
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise


async def put_slots(api: WiseflowApi, flow_id: int, period: Period, slots: Sequence[Row]) -> None:
    """Replaces all slots of a period, in this order."""
    ids = {"flowId": flow_id, "periodId": period.id}
    await api.call("PUT", _SLOTS, ids=ids, body={"slots": [_slot(one) for one in slots]})


def _slot(row: Row) -> Row:
    names = (*_OF_EACH, *_OF_TYPE[row["type"]])
    return {name: row[name] for name in names if name in row}
