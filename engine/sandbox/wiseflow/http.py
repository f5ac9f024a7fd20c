"""How WISEflow is spoken: operations, calls, answers, refusals, pages.

An operation is a function registered under its method and path template. It takes a `Call` and
returns an `Answer`, or raises `Refusal`, which undoes what it wrote.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.sandbox.tables import STATE
from engine.sandbox.wiseflow.bodies import Shape, Wrong, wrongs

if TYPE_CHECKING:
    from engine.sandbox.quirks import Quirks
    from engine.sandbox.store import Row, Store

ARCHIVED = 5
_NOTHING = object()


@dataclass(slots=True)
class Answer:
    """What is sent back; `body` None is no body at all."""

    status: int
    body: bytes | None
    media_type: str = "application/json"


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """The operation is refused with a status and a message."""

    def __init__(self, status: int, message: str, *errors: Wrong) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors


@dataclass(slots=True)
class Call:
    """One request as an operation sees it; `body` has passed its shape."""

    store: Store
    quirks: Quirks
    now: int
    query: dict[str, str]
    ids: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    touched: set[int] = field(default_factory=set)
    flow: Row = None  # type: ignore[assignment]  # set where the path has {flowId}
    user: Row = None  # type: ignore[assignment]  # set where the path has {userId}

    @property
    def flow_id(self) -> int:
        """The id of the flow in the path."""
        return int(self.ids["flowId"])

    def licence(self, name: str) -> Any:
        """One of the licence's lists, or the licence itself."""
        return self.store.licence(name)


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path, and how it refuses.

    `bad_id` is the status for an id in the path that is no number (400 where the document has
    one, else 404), `bad_body` that for a body that is no JSON; `bare` lists the refusals that it
    declares without a body, `plain` the statuses that it declares as text/plain although they
    carry JSON.
    """

    method: str
    template: str
    run: Handler
    body: Shape | None = None
    needs_body: bool = True
    bad_id: int = 404
    bad_body: int = 400
    bare: tuple[int, ...] = ()
    plain: tuple[int, ...] = ()
    refuses_archived: bool = False
    sees_deleted: bool = False


OPERATIONS: list[Operation] = []


def operation(method: str, template: str, **options: Any) -> Callable[[Handler], Handler]:
    """Register a function as an operation; the options are those of `Operation`."""

    def register(run: Handler) -> Handler:
        OPERATIONS.append(Operation(method, template, run, **options))
        return run

    return register


def encode(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def bare(value: Any, status: int = 200) -> Answer:
    """An answer without envelope."""
    return Answer(status, encode(value))


def success(data: Any = None, status: int = 200) -> Answer:
    """An enveloped answer; `data` is null where there is nothing to return."""
    return Answer(status, encode({"success": True, "data": data, "error": None}))


def partly(data: list[Any], errors: list[Wrong], status: int) -> Answer:
    """An enveloped answer that lists what succeeded and says what did not."""
    if not errors:
        return success(data, status)
    body = envelope_of_error(status, "Some of the entries could not be processed", errors)
    return Answer(status, encode(body | {"data": data}))


def empty(status: int = 204) -> Answer:
    """An answer without a body."""
    return Answer(status, None)


def envelope_of_error(status: int, message: str, errors: list[Wrong]) -> dict[str, Any]:
    """The enveloped error. Source: WISEflow OpenAPI, general-api-error-response."""
    return {
        "success": False,
        "data": None,
        "error": {
            "code": status,
            "message": message,
            "errors": [{"reason": reason, "message": text} for reason, text in errors],
        },
    }


def refused(refusal: Refusal, operation: Operation | None = None) -> Answer:
    """The answer to a refusal, in the form that its operation declares."""
    status = refusal.status
    if operation is not None and status in operation.bare:
        return Answer(status, None)
    errors = list(refusal.errors) or [("request", refusal.message)]
    body = encode(envelope_of_error(status, refusal.message, errors))
    plain = operation is not None and status in operation.plain
    return Answer(status, body, "text/plain" if plain else "application/json")


def perform(operation: Operation, call: Call, raw_ids: dict[str, str], raw_body: bytes) -> Answer:
    """The answer of an operation to a request, all its writes made or none."""
    try:
        with call.store.transaction(write=operation.method != "GET"):
            _read_ids(operation, call, raw_ids)
            _load_subjects(operation, call)
            if operation.body is not None:
                is_empty = not (raw_body or operation.needs_body)
                call.body = {} if is_empty else _read_body(operation, raw_body)
            else:
                call.body = raw_body
            if operation.refuses_archived and call.flow["state"] == ARCHIVED:
                raise Refusal(403, "Flow is archived")
            answer = operation.run(call)
            if answer.status in operation.plain:
                answer.media_type = "text/plain"
            return answer
    except Refusal as refusal:
        return refused(refusal, operation)


# Path parameters that are text; every other one is a number.
_TEXT_IDS = {
    "orgId",
    "value",
    "sisCode",
    "sourceCode",
    "relation",
    "flowExternalSourceReference",
    "publishedReference",
}
_LARGEST_ID = 2**63 - 1


def _read_ids(operation: Operation, call: Call, raw_ids: dict[str, str]) -> None:
    for name, raw in raw_ids.items():
        if name in _TEXT_IDS:
            call.ids[name] = raw
        elif raw.isascii() and raw.isdigit() and int(raw) <= _LARGEST_ID:
            call.ids[name] = int(raw)
        else:
            raise Refusal(operation.bad_id, f"{name} must be an integer", (name, "not an integer"))


def _load_subjects(operation: Operation, call: Call) -> None:
    if "flowId" in call.ids:
        call.flow = flow_row(call, call.ids["flowId"], deleted=operation.sees_deleted)
        if operation.method != "GET":
            call.touched.add(call.ids["flowId"])
    if "userId" in call.ids:
        user = call.store.one("SELECT * FROM users WHERE id = ?", call.ids["userId"])
        if user is None:
            raise Refusal(404, "User not found")
        call.user = user


def flow_row(call: Call, flow_id: int, *, deleted: bool = False) -> Row:
    """The flow with its state now, or 404."""
    row = call.store.one(
        f"SELECT f.*, {STATE} AS state FROM flows f WHERE f.id = :id",  # noqa: S608
        now=call.now,
        id=flow_id,
    )
    if row is None or (row["deleted"] and not deleted):
        raise Refusal(404, "Flow not found")
    return row


def _read_body(operation: Operation, raw: bytes) -> Any:
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(operation.bad_body, "Invalid request body (not JSON)") from error
    assert operation.body is not None  # noqa: S101 - told by the caller
    found = list(wrongs(operation.body, body))
    if found:
        raise Refusal(400, "Invalid request body", *found)
    return body


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def page_of(call: Call, maximum: int, default: int | None = None) -> tuple[int, int]:
    """Offset and limit of the query; 400 where they are no numbers or out of bounds."""
    offset = _query_number(call, "offset", 0)
    limit = _query_number(call, "limit", default or maximum)
    if limit > maximum and call.quirks["over_limit"] == "clamp":
        limit = maximum
    if not 1 <= limit <= maximum:
        raise Refusal(
            400, "Invalid pagination parameter", ("limit", f"limit must be from 1 to {maximum}")
        )
    return offset, limit


def _query_number(call: Call, name: str, default: int) -> int:
    raw = call.query.get(name, "")
    if raw == "":
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) < 16):
        raise Refusal(
            400, "Invalid pagination parameter", (name, f"{name} must be 0 or a positive integer")
        )
    return int(raw)


def page(data: Any, offset: int, limit: int, total: int) -> Answer:
    """An enveloped page of a list, or of what holds one."""
    return Answer(
        200,
        encode(
            {
                "success": True,
                "data": data,
                "error": None,
                "pagination": {"limit": limit, "offset": offset, "total": total},
            }
        ),
    )
