"""Every operation keeps to the document, whatever it is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from engine.sandbox.wiseflow import OPERATIONS
from tests.contract import CheckedTransport, contract_or_skip

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence

EVERY = [(o.method, o.template) for o in OPERATIONS if o.template != "/oauth2/token"]
WITH_ID = [(m, t) for m, t in EVERY if re.search(r"\{\w*[iI]d\}|\{userDataType\}", t)]
WITH_BODY = [(o.method, o.template) for o in OPERATIONS if o.body is not None]
NEEDS_NONE = {(o.method, o.template) for o in OPERATIONS if not o.needs_body}


def _filled(template: str, wise: Licence, value: str | None = None) -> str:
    """The path with ids of things that exist, or with the value for every number."""
    if value is not None:
        return re.sub(r"\{(\w+)\}", value, template)
    flow = wise.flow()
    ids = {
        "flowId": flow,
        "mainFlowId": flow,
        "copyFromFlowId": flow,
        "userId": wise.user(),
        "participantId": wise.participant(flow),
        "roleId": wise.role("Manager"),
        "userDataType": wise.data_type("Student Number"),
        "value": "00000000",
        "orgId": "nobody@northfield.example",
        "relation": "participant",
    }
    return re.sub(r"\{(\w+)\}", lambda match: str(ids.get(match[1], 1)), template)


def _send(client: httpx.Client, method: str, path: str, body: Any = None) -> httpx.Response:
    json = {} if body is None else {"json": body}
    return client.request(method, path, **json)


def test_every_operation_of_the_sandbox_is_in_the_document() -> None:
    known = contract_or_skip().operations()

    assert {(o.method, o.template) for o in OPERATIONS} <= known


@pytest.mark.parametrize(("method", "template"), EVERY)
def test_an_operation_answers_ids_that_exist_as_declared(
    wise: Licence, method: str, template: str
) -> None:
    answer = _send(wise.careless, method, _filled(template, wise))

    assert answer.status_code < 500


@pytest.mark.parametrize(("method", "template"), WITH_ID)
def test_an_operation_answers_unknown_ids_as_declared(
    wise: Licence, method: str, template: str
) -> None:
    answer = _send(wise.careless, method, _filled(template, wise, "123456789012"))

    # Flows and users are looked up before the body is read, other things after it.
    assert answer.status_code == 404 or (
        answer.status_code == 400 and (method, template) in WITH_BODY and "{flowId}" not in template
    )


@pytest.mark.parametrize(("method", "template"), WITH_ID)
def test_an_operation_answers_ids_that_are_no_numbers_as_declared(
    wise: Licence, method: str, template: str
) -> None:
    answer = _send(wise.careless, method, _filled(template, wise, "x1"))

    assert answer.status_code in {400, 404}


@pytest.mark.parametrize(("method", "template"), WITH_BODY)
def test_an_operation_refuses_a_body_that_is_not_json(
    wise: Licence, method: str, template: str
) -> None:
    path = _filled(template, wise)
    json_type = {"content-type": "application/json"}

    answers = [
        wise.careless.request(method, path, content=raw, headers=json_type)
        for raw in (b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 5000)
        if raw or (method, template) not in NEEDS_NONE
    ]

    assert {answer.status_code for answer in answers} <= {400, 404, 415}


@pytest.mark.parametrize(("method", "template"), WITH_BODY)
def test_an_operation_refuses_a_body_of_another_type(
    wise: Licence, method: str, template: str
) -> None:
    path = _filled(template, wise)

    answers = [_send(wise.careless, method, path, body) for body in ("text", 7, True)]

    assert {answer.status_code for answer in answers} <= {400, 404}


def test_a_member_of_another_type_is_named(wise: Licence) -> None:
    answer = wise.careless.post("/license/create/flow", json={"title": 5, "managers": ["x"]})

    errors = answer.json()["error"]["errors"]
    assert {error["reason"] for error in errors} == {"title", "managers[0]", "type"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "\\ud800", "type": 1, "managers": [1]}',
        b'{"title": "T", "type": 1e400, "managers": [1]}',
        b'{"title": "T", "type": 99999999999999999999999, "managers": [1]}',
        b'{"title": "T", "type": 1, "managers": [-99999999999999999999999]}',
    ],
)
def test_values_that_cannot_be_kept_are_refused(wise: Licence, body: bytes) -> None:
    answer = wise.careless.post(
        "/license/create/flow", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 400


def test_an_unknown_path_is_404_and_a_wrong_method_405(wise: Licence) -> None:
    assert wise.careless.get("/no/such/path").status_code == 404
    assert wise.careless.put("/license/roles").status_code == 405


def test_the_checker_sees_what_departs_from_the_document() -> None:
    contract = contract_or_skip()

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"success": True, "data": [{"roleId": "one"}]})

    client = httpx.Client(
        base_url="http://sandbox/v1",
        headers={"x-api-key": "k"},
        transport=CheckedTransport(httpx.MockTransport(answer), contract=contract),
    )

    with pytest.raises(AssertionError, match=r"data/0/roleId: 'one' is not of type 'integer'"):
        client.get("/license/roles")
    with pytest.raises(AssertionError, match="query parameter order is not declared"):
        client.get("/license/roles?order=name")
    with pytest.raises(AssertionError, match="is not in the document"):
        client.get("/license/rolls")
    with pytest.raises(AssertionError, match="none is declared"):
        client.request("GET", "/license/roles", json={})
    with pytest.raises(AssertionError, match="'title' is a required property"):
        client.post("/license/create/flow", json={"type": 1, "managers": []})
    del client.headers["x-api-key"]
    with pytest.raises(AssertionError, match="no credentials"):
        client.get("/license/roles")
