"""An exam with extra times, and what its participants have of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tests.e2e.rehearsal import Rehearsal

KIM, SAM, ANN, BOB, CAT = "kim@x.org", "sam@x.org", "ann@x.org", "bob@x.org", "cat@x.org"
PEOPLE = (KIM, SAM, ANN, BOB, CAT)
EARLY: dict[str, Any] = {
    "participation": {"start": "2027-05-03 09:00", "length": "4h"},
    "marking": {"start": "2027-05-05 12:00", "end": "2027-05-24 12:00"},
}
HOUR_LATER = EARLY | {"participation": {"start": "2027-05-03 10:00", "length": "4h"}}
HOUR_AND_DAY_LATER = EARLY | {"participation": {"start": "2027-05-04 10:00", "length": "4h"}}
HOUR_EARLIER = EARLY | {"participation": {"start": "2027-05-03 08:00", "length": "4h"}}
SAM_LONGER = {"people": [SAM], "extra_time": "25%", "flows": {"key": "*"}}
"""An hour more than the others."""
ANN_LONGER = {"people": [ANN], "extra_time": "30m", "flows": ["law"]}


def term(
    *entries: dict[str, Any],
    accommodations: tuple[dict[str, Any], ...] = (),
    sit: tuple[str, ...] = (SAM, ANN, BOB),
    **flow: Any,
) -> str:
    """One exam, who sits it, and `entries` of individual.

    `flow` goes over what the exam states; None takes a field out.
    """
    users = [{"key": key, "first_name": "Sam", "last_name": "Student"} for key in PEOPLE]
    law = {"key": "law", "type": "FLOWassign", "title": "Law", "content": "none", **EARLY, **flow}
    law = {name: value for name, value in law.items() if value is not None}
    seats = {"flows": ["law"], "managers": [KIM], "participants": list(sit)}
    people = {"accommodations": list(accommodations), "individual": list(entries)}
    return json.dumps({"users": users, "flows": [law], "role_assignments": [seats], **people})


def person(key: str, **stated: Any) -> dict[str, Any]:
    """An entry of individual."""
    return {"flows": ["law"], "person": key, **stated}


def flow(rehearsal: Rehearsal, key: str = "law") -> dict[str, Any]:
    """The flow as the sandbox keeps it."""
    (row,) = rehearsal.flows(f"wisectl-{key}")
    state = rehearsal.control("GET", "state")["flows"]
    return dict(next(one for one in state if one["id"] == row["flowId"]))


def number(rehearsal: Rehearsal, key: str) -> int:
    users = rehearsal.control("GET", "state")["users"]
    (found,) = [u["id"] for u in users if key in [one["value"] for one in u["data"]]]
    return int(found)


def known_by_two_names(rehearsal: Rehearsal) -> tuple[str, str]:
    """The key and the student number of somebody who has both."""
    users = rehearsal.control("GET", "state")["users"]
    kinds = rehearsal.by_hand("GET", "/license/user-data-types")["data"]
    names = {one["id"]: one["name"] for one in kinds}
    return next(
        (values["Personal Organisation Id"], values["Student Number"])
        for user in users
        if {"Personal Organisation Id", "Student Number"}
        <= (values := {names[d["userDataTypeId"]]: d["value"] for d in user["data"]}).keys()
    )


def own(rehearsal: Rehearsal, key: str) -> dict[str, Any]:
    """What a participant has of their own: None where it is that of the exam."""
    user, there = number(rehearsal, key), flow(rehearsal)["participants"]
    return dict(next(one for one in there if one["userId"] == user))


def minutes_after(rehearsal: Rehearsal, key: str) -> float:
    """How long after everybody else somebody's participation ends."""
    general = flow(rehearsal)["participation"]["end"]
    return ((own(rehearsal, key)["participation"]["end"] or general) - general) / 60


def timebox(rehearsal: Rehearsal, key: str) -> int | None:
    """The minutes of a timebox of somebody's own."""
    found = own(rehearsal, key)["timebox"]
    return int(found["durationMinutes"]) if found else None


def give_end(rehearsal: Rehearsal, key: str, minutes: int) -> None:
    """Somebody gives a participant longer in WISEflow, by hand."""
    there = flow(rehearsal)
    end = there["participation"]["end"] + minutes * 60
    path = f"/flows/{there['id']}/participants/{own(rehearsal, key)['participantId']}/dates"
    rehearsal.by_hand("PATCH", path, {"participation": {"end": end}})


class KilledError(BaseException):
    """The process is gone: nothing after it is sent, nothing is cleaned up."""


class Killer(httpx.AsyncBaseTransport):
    """A network on which a run dies at one of its writing requests: before it, or after it."""

    def __init__(self, network: httpx.AsyncBaseTransport, at: int, *, after: bool) -> None:
        self._network, self._left, self._after = network, at, after

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        reads = request.method == "GET" or request.url.path.endswith(("/search", "/token"))
        if reads and self._left >= 0:
            return await self._network.handle_async_request(request)
        self._left -= 1
        if self._left >= 0:
            return await self._network.handle_async_request(request)
        if self._left == -1 and self._after:
            await (await self._network.handle_async_request(request)).aread()
        raise KilledError

    async def aclose(self) -> None:
        await self._network.aclose()
