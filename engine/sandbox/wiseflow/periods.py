"""Periods of a FLOWoral, and the slots in them: who is examined after whom."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine.sandbox.times import iso_date
from engine.sandbox.wiseflow.bodies import array, boolean, integer, record, text
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, success

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.sandbox.store import Row

_ALL = "/flows/{flowId}/periods"
_ONE = _ALL + "/{periodId}"
_MINUTES = ("preparationMinutes", "examinationMinutes", "votingMinutes")
_START = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
_KINDS = ("PARTICIPANT", "GROUP", "BREAK")


def _period(*, required: bool) -> dict[str, Any]:
    minutes = {name: integer(required=required, least=0) for name in _MINUTES}
    return {
        "startDate": text(required=required, pattern=_START),
        **minutes,
        "location": text(nullable=True),
        "preparationInSameRoom": boolean(),
    }


_SLOT = record(
    {
        "type": text(required=True, enum=_KINDS),
        "participantId": integer(nullable=True),
        "groupId": integer(nullable=True),
        "title": text(nullable=True),
        "description": text(nullable=True),
        "allowPreparationDuringBreak": boolean(),
        "shareDescriptionParticipant": boolean(),
        **{name: integer(nullable=True, least=0) for name in _MINUTES},
    }
)
_NEW = {"location": None, "preparationInSameRoom": False}
_NEW_SLOT = {
    **dict.fromkeys(("participantId", "groupId", "title", "description", *_MINUTES)),
    "allowPreparationDuringBreak": False,
    "shareDescriptionParticipant": False,
}


# ---- reading -------------------------------------------------------------------------------------


@operation("GET", _ALL)
def list_periods(call: Call) -> Answer:
    """All periods with their slots; 404 for any flow that is no FLOWoral."""
    _oral(call, 404)
    return success([_shown(call, row) for row in _rows(call)])


def _oral(call: Call, status: int = 400) -> None:
    if call.flow["type"] != "FLOWoral":
        raise Refusal(status, "Only FLOWoral exams are supported")


def _rows(call: Call) -> list[Row]:
    return call.store.all(
        "SELECT * FROM periods WHERE flow_id = ? ORDER BY position, id", call.flow_id
    )


def _slots(call: Call, period: int) -> list[Row]:
    return call.store.all("SELECT * FROM slots WHERE period_id = ? ORDER BY position, id", period)


def _plain(row: Row) -> dict[str, Any]:
    return {"id": row["id"], "order": row["position"], **json.loads(row["body"])}


def _shown(call: Call, row: Row) -> dict[str, Any]:
    period = _plain(row)
    return period | {"slots": list(_timed(period, _slots(call, row["id"])))}


def _timed(period: dict[str, Any], rows: Iterable[Row]) -> Iterable[dict[str, Any]]:
    """The slots one after the other; how WISEflow counts their times is not documented."""
    moment = datetime.fromisoformat(period["startDate"])
    for row in rows:
        slot = json.loads(row["body"])
        preparation, examination, voting = (
            timedelta(minutes=period[name] if slot[name] is None else slot[name])
            for name in _MINUTES
        )
        is_break = slot["type"] == "BREAK"
        start = moment if is_break else moment + preparation
        end = start + examination
        yield {
            "id": row["id"],
            "order": row["position"],
            **slot,
            "numberOfParticipants": 1 if slot["type"] == "PARTICIPANT" else None,
            "startDate": _said(start),
            "endDate": _said(end),
            "preparationStartDate": None if is_break else _said(moment),
            "preparationEndDate": None if is_break else _said(start),
        }
        moment = end if is_break else end + voting


def _said(moment: datetime) -> str:
    return iso_date(int(moment.astimezone(UTC).timestamp()))


# ---- periods -------------------------------------------------------------------------------------


@operation(
    "POST",
    _ALL,
    body=record({"periods": array(record(_period(required=True)), required=True)}),
)
def add_periods(call: Call) -> Answer:
    """Ids of the new periods, which come after those that there are."""
    _oral(call)
    there, ids = len(_rows(call)), []
    for number, sent in enumerate(call.body["periods"], there + 1):
        body = {name: sent.get(name, _NEW.get(name)) for name in _period(required=True)}
        _moment(body["startDate"])
        ids.append(
            call.store.insert(
                "periods", flow_id=call.flow_id, position=number, body=json.dumps(body)
            )
        )
    return success({"ids": ids})


def _moment(text_: str) -> None:
    try:
        datetime.fromisoformat(text_)
    except ValueError as error:
        raise Refusal(400, "Invalid request", ("startDate", "is no date")) from error


def _found(call: Call) -> Row:
    row = call.store.one(
        "SELECT * FROM periods WHERE id = ? AND flow_id = ?", call.ids["periodId"], call.flow_id
    )
    if row is None:
        raise Refusal(404, "The period was not found")
    return row


@operation("PATCH", _ONE, body=record(_period(required=False)))
def patch_period(call: Call) -> Answer:
    """The period after the change, without its slots; what is not sent stays."""
    _oral(call)
    row = _found(call)
    sent = {name: call.body[name] for name in _period(required=False) if name in call.body}
    if not sent:
        raise Refusal(400, "Invalid request", ("body", "send at least one property"))
    if "startDate" in sent:
        _moment(sent["startDate"])
    body = json.dumps(json.loads(row["body"]) | sent)
    call.store.run("UPDATE periods SET body = ? WHERE id = ?", body, row["id"])
    return success(_plain(_found(call)))


@operation("DELETE", _ONE)
def delete_period(call: Call) -> Answer:
    """Nothing; whether one with slots can be deleted is a quirk. The others are numbered anew."""
    _oral(call)
    row = _found(call)
    if _slots(call, row["id"]) and call.quirks["period_with_slots"] == "refuse":
        raise Refusal(403, "A period with slots cannot be deleted")
    call.store.run("DELETE FROM slots WHERE period_id = ?", row["id"])
    call.store.run("DELETE FROM periods WHERE id = ?", row["id"])
    for number, left in enumerate(_rows(call), 1):
        call.store.run("UPDATE periods SET position = ? WHERE id = ?", number, left["id"])
    return success()


# ---- slots ---------------------------------------------------------------------------------------


@operation("PUT", _ONE + "/slots", body=record({"slots": array(_SLOT, required=True)}))
def put_slots(call: Call) -> Answer:
    """Ids of the new slots, which replace all that there were."""
    _oral(call)
    period = _found(call)["id"]
    call.store.run("DELETE FROM slots WHERE period_id = ?", period)
    ids = []
    for number, sent in enumerate(call.body["slots"], 1):
        slot = {"type": sent["type"], **{n: sent.get(n, v) for n, v in _NEW_SLOT.items()}}
        person = slot["participantId"] if slot["type"] == "PARTICIPANT" else None
        _check(call, slot["type"], person)
        ids.append(
            call.store.insert(
                "slots",
                period_id=period,
                participant_id=person,
                position=number,
                body=json.dumps(slot, ensure_ascii=False),
            )
        )
    return success({"ids": ids})


def _check(call: Call, kind: str, person: int | None) -> None:
    """No flow of the sandbox has groups."""
    if kind == "GROUP":
        raise Refusal(400, "Invalid request", ("groupId", "the flow has no groups"))
    if kind == "BREAK":
        return
    if person is None:
        raise Refusal(400, "Invalid request", ("participantId", "participantId is required"))
    if not call.store.one(
        "SELECT 1 FROM participants WHERE id = ? AND flow_id = ?", person, call.flow_id
    ):
        raise Refusal(400, "Invalid request", ("participantId", "no participant of the flow"))
