"""Answers of success that do not say what they must: read back, never a crash, never a twin."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import EngineError
from engine.kinds._user_live import UserLive
from engine.plan import Action, Result, Status
from engine.wiseflow.seats import ROLES
from engine.wiseflow.shapes import SHAPES, misshapen
from tests.e2e.edges import between
from tests.e2e.lies import Liar

if TYPE_CHECKING:
    import httpx

    from engine.kind import Work
    from engine.plan import Change
    from tests.e2e.rehearsal import Rehearsal

TERM = """\
users:
  - {key: p0@example.org, first_name: Ada, last_name: Byron, emails: [p0@example.org]}
"""


@pytest.mark.parametrize(
    "payload",
    [{}, None, {"success": True}, {"userId": "x"}, {"userId": True}, [{}], 5],
    ids=repr,
)
def test_a_user_whose_creation_is_answered_oddly_is_looked_for(
    rehearsal: Rehearsal, payload: Any
) -> None:
    rehearsal.checked = False
    rehearsal.write(TERM)

    def wrap(network: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        return Liar(network, "POST /license/user", lambda _: payload)

    with between(wrap):
        outcomes = rehearsal.apply()
    assert [one.result for one in outcomes] == [Result.DONE]
    assert rehearsal.plan().changes == ()


# ---- lists whose rows are not as they are documented ---------------------------------------------

EXAM = json.dumps(
    {
        "users": [
            {"key": key, "first_name": "Kim", "last_name": "Larsen", "emails": [key]}
            for key in ("kim@example.org", "sam@example.org")
        ],
        "flows": [
            {
                "key": "law",
                "type": "FLOWassign",
                "title": "Law",
                "term": "Spring 2027",
                "participation": {"start": "2027-05-03 09:00", "length": "4h"},
                "marking": {"start": "2027-05-05 12:00", "end": "2027-05-24 12:00"},
            }
        ],
        "role_assignments": [
            {
                "flows": ["law"],
                "membership": "exact",
                **{role: ["kim@example.org"] for role in ROLES},
                "participants": ["kim@example.org", "sam@example.org"],
                "room_bookings": [{"room": "hall", "participants": ["sam@example.org"]}],
            }
        ],
        "rooms": [{"key": "hall", "name": "Hall", "capacity": 9}],
        "webhooks": [{"key": "log", "url": "http://127.0.0.1:9/a", "events": ["ASSIGNMENT"]}],
    }
)
NOTHING, ODD = object(), (None, "x", 10**18, [None])


@dataclass(frozen=True, slots=True)
class Spoiled:
    """Every row of a list, or the object, with one member that is not there or is something odd."""

    member: str
    value: Any
    said: list[Any] = field(default_factory=list)

    def is_as_documented(self, operation: str) -> bool:
        return not any(misshapen(operation, one) for one in self.said)

    def __call__(self, body: Any) -> Any:
        data = body["data"] if isinstance(body, dict) and "data" in body else body
        rows = data if isinstance(data, list) else [data]
        for row in rows:
            if self.value is NOTHING:
                row.pop(self.member, None)
            else:
                row[self.member] = self.value
        self.said.append(data)
        return body


def _members(shape: Any) -> list[str]:
    row = getattr(shape, "__args__", (shape,))[0]
    return [field.alias or name for name, field in row.model_fields.items()]


@pytest.mark.parametrize("operation", SHAPES)
def test_rows_that_are_not_as_documented_make_and_take_nothing(
    rehearsal: Rehearsal, operation: str
) -> None:
    rehearsal.checked = False
    rehearsal.write(EXAM)
    rehearsal.apply()
    assert (rehearsal.failures(), rehearsal.plan().changes) == ([], ())
    for member in _members(SHAPES[operation]):
        for value in (NOTHING, *ODD):
            spoiled = Spoiled(member, value)
            with between(lambda network, lie=spoiled: Liar(network, operation, lie)):  # type: ignore[misc]
                try:
                    plan = rehearsal.plan()
                except EngineError:
                    continue
            if spoiled.is_as_documented(operation):
                continue  # Something else is said, and may be planned.
            for change in plan.changes:
                if change.status is not Status.PLANNED:
                    continue
                assert change.action is Action.UPDATE, (member, value, change)
                seats = change.seats
                assert not (seats and (seats.add or seats.remove)), (member, value, change)


def test_a_bug_in_one_change_lets_what_is_in_flight_come_to_its_end(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = UserLive.write

    async def broken(self: UserLive, change: Change, work: Work) -> None:
        if change.address.key == "p0@example.org":
            raise RuntimeError("a bug")
        await write(self, change, work)

    monkeypatch.setattr(UserLive, "write", broken)
    other = "  - {key: p1@example.org, first_name: Bo, last_name: Byron}\n"
    rehearsal.write(TERM + other)
    with pytest.raises(RuntimeError, match="a bug"):
        rehearsal.apply()
    monkeypatch.undo()
    assert [change.id for change in rehearsal.plan().changes] == ["user/p0@example.org"]
