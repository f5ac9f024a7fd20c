"""Rooms that flows have booked in WISEflow, and which participants sit in which.

Source: WISEflow OpenAPI, /flows/{flowId}/room-bookings. A booking cannot be changed: another time
is another booking. Whoever is put into one leaves the one before. All at once only where nobody
sits yet, then one by one: so nothing that others do meanwhile is undone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine.bookings import edges, window
from engine.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from engine.creation import Patience
    from engine.wiseflow.client import WiseflowApi

_ALL = "/flows/{flowId}/room-bookings"
_ONE = f"{_ALL}/{{roomBookingId}}"
_PEOPLE = f"{_ONE}/participants"
_PERSON = f"{_PEOPLE}/{{participantId}}"
_PAGE = 50
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Booking:
    """One room of one flow for one time, with the seats of who sits in it, where that was read."""

    id: int
    room: int
    window: str
    people: tuple[int, ...] = ()


async def read_bookings(api: WiseflowApi, flow_id: int) -> list[Booking]:
    """All bookings of a flow, complete or not at all."""
    rows = await api.pages("GET", _ALL, limit=_PAGE, ids={"flowId": flow_id})
    return sorted((_booking(row) for row in rows), key=lambda one: one.id)


def _booking(row: Mapping[str, Any]) -> Booking:
    start, end = (datetime.fromtimestamp(row[name], UTC) for name in ("from", "to"))
    return Booking(row["roomBookingId"], row["roomId"], window(start, end))


async def with_people(api: WiseflowApi, flow_id: int, booking: Booking) -> Booking:
    """The booking with who sits in it."""
    ids = {"flowId": flow_id, "roomBookingId": booking.id}
    return replace(booking, people=tuple(await api.call("GET", _PEOPLE, ids=ids) or ()))


async def book(
    api: WiseflowApi, flow_id: int, room: int, time: str, patience: Patience
) -> Booking | None:
    """The one booking of a room for a time, made or found; None where it did not come about.

    After a lost answer it is looked for, once its request cannot arrive any more. Of two that were
    made at once, the later one is given up by its maker.
    """
    for _ in range(2):
        made: int | None = None
        try:
            made = await _make(api, flow_id, room, time)
        except ApiError as error:
            if not error.unknown:
                raise
            await patience.sleep(patience.lost_answer)
        alike = [
            one
            for one in await read_bookings(api, flow_id)
            if (one.room, one.window) == (room, time)
        ]
        if made is not None and alike and alike[0].id < made:
            await cancel(api, flow_id, made)
        if alike:
            return alike[0]
    return None


async def _make(api: WiseflowApi, flow_id: int, room: int, time: str) -> int:
    start, end = (int(one.timestamp()) for one in edges(time))
    body = {"roomId": room, "from": start, "to": end}
    row = await api.call("POST", _ALL, ids={"flowId": flow_id}, body=body)
    return int(row["roomBookingId"])


async def cancel(api: WiseflowApi, flow_id: int, booking: int) -> None:
    """Takes a booking away, and with it the places of who sits there; one that is gone is fine."""
    try:
        await api.call("DELETE", _ONE, ids={"flowId": flow_id, "roomBookingId": booking})
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise


async def seat(
    api: WiseflowApi, flow_id: int, booking: int, there: Collection[int], coming: Sequence[int]
) -> None:
    """Puts participants, by their seats, into a booking in which those `there` sit."""
    ids = {"flowId": flow_id, "roomBookingId": booking}
    if coming and not there:
        body = {"participantIds": list(coming)}
        await api.call("PUT", _PEOPLE, ids=ids, body=body, repeatable=True)
        return
    answers = await asyncio.gather(
        *(
            api.call("POST", _PERSON, ids={**ids, "participantId": one}, repeatable=True)
            for one in coming
        ),
        return_exceptions=True,
    )
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    _raise_what_stops(errors)
    if errors:
        # Done once before its answer was lost, it is refused when it is repeated.
        sit = await api.call("GET", _PEOPLE, ids=ids) or ()
        if not set(coming) <= set(sit):
            raise errors[0]


async def unseat(api: WiseflowApi, flow_id: int, booking: int, leaving: Sequence[int]) -> None:
    """Takes participants out of a booking; whoever does not sit there any more is fine."""
    ids = {"flowId": flow_id, "roomBookingId": booking}
    answers = await asyncio.gather(
        *(api.call("DELETE", _PERSON, ids={**ids, "participantId": one}) for one in leaving),
        return_exceptions=True,
    )
    errors = [
        answer
        for answer in answers
        if isinstance(answer, BaseException)
        and not (isinstance(answer, ApiError) and answer.status == NOT_FOUND)
    ]
    _raise_what_stops(errors)
    if errors:
        raise errors[0]


def _raise_what_stops(errors: Sequence[BaseException]) -> None:
    """A bug, refused credentials, a spent budget and a lost answer come before any refusal."""
    for error in errors:
        if not isinstance(error, ApiError) or error.unknown or error.exit_code != 1:
            raise error
