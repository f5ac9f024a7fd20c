"""Sequences of flows: main flows, sub-flows in order, and what can be deleted of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence


def _body(wise: Licence, **members: Any) -> dict[str, Any]:
    return {"title": "Paper", "type": "FLOWassign", "managers": [wise.user()]} | members


def _main(wise: Licence) -> int:
    return int(wise.data("POST", "/flows/combine", _body(wise, subtitle="s"))["flowId"])


def _sub(wise: Licence, main: int) -> int:
    path = f"/flows/{main}/combine/sub-flows"
    return int(wise.data("POST", path, _body(wise))["flowId"])


def _order(wise: Licence, main: int) -> list[tuple[int, int]]:
    rows = wise.data("GET", f"/flows/{main}/combine")["subFlows"]
    return [(row["order"], row["flowId"]) for row in rows]


def test_sub_flows_stand_in_the_order_of_their_making(wise: Licence) -> None:
    main = _main(wise)
    assert _order(wise, main) == []
    subs = [_sub(wise, main), _sub(wise, main)]
    assert _order(wise, main) == [(1, subs[0]), (2, subs[1])]
    assert wise.call("GET", f"/flow/{main}").json()["combinedSubFlowIds"] == subs
    assert wise.call("GET", f"/flow/{subs[1]}").json()["combinedMainFlowId"] == main


def test_any_flow_can_be_copied_into_a_sequence(wise: Licence) -> None:
    source, manager = wise.flow("FLOWlock"), wise.user()
    body = {"managerUserIds": [manager], "title": "Copied", "subtitle": "c"}
    main = wise.data("POST", f"/flows/{source}/combine/copy", body)["flowId"]
    sub = wise.data("POST", f"/flows/{main}/combine/subflows/{source}/copy", body)["flowId"]
    assert _order(wise, main) == [(1, sub)]
    assert wise.call("GET", f"/flow/{sub}").json()["type"] == 4


@pytest.mark.parametrize(("path", "status"), [("combine", 400), ("combine/sub-flows", 404)])
def test_a_flow_of_its_own_is_no_main_flow(wise: Licence, path: str, status: int) -> None:
    method = "POST" if path.endswith("flows") else "GET"
    body = _body(wise) if method == "POST" else None
    assert wise.status(method, f"/flows/{wise.flow()}/{path}", body) == status


def test_a_main_flow_takes_twenty_sub_flows(wise: Licence) -> None:
    main = _main(wise)
    for _ in range(20):
        _sub(wise, main)
    assert wise.status("POST", f"/flows/{main}/combine/sub-flows", _body(wise)) == 400


def test_only_the_last_sub_flow_goes_and_is_gone_for_good(wise: Licence) -> None:
    main = _main(wise)
    first, last = _sub(wise, main), _sub(wise, main)
    assert [wise.status("DELETE", f"/flows/{one}") for one in (main, first)] == [400, 400]
    assert [wise.status("DELETE", f"/flows/{one}") for one in (last, first, main)] == [200] * 3
    assert wise.status("PATCH", f"/flows/{last}/reopen") == 404


def test_assessors_are_not_added_to_a_sub_flow(wise: Licence) -> None:
    body = {"userId": wise.user()}
    assert wise.status("POST", f"/flows/{_sub(wise, _main(wise))}/assessors", body) == 403


@pytest.mark.parametrize("members", [{"type": "FLOWx"}, {"managers": []}, {"managers": [1]}])
def test_a_main_flow_that_cannot_be_made_is_refused(wise: Licence, members: dict[str, Any]) -> None:
    assert wise.status("POST", "/flows/combine", _body(wise, **members)) == 400
