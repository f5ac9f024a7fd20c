"""The control plane: counts, state, reset, clock, faults, simulation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from engine.sandbox.quirks import QUIRKS, QuirkError, Quirks
from engine.sandbox.serve import Options, running
from tests import loopback
from tests.sandbox.licence import DAY, START, Licence, licence

if TYPE_CHECKING:
    from pathlib import Path

ROLES = "/license/roles"


def _fault(wise: Licence, *faults: dict[str, Any]) -> None:
    assert wise.control.post("/faults", json=list(faults)).status_code == 200


def test_requests_are_counted_by_method_and_template(wise: Licence) -> None:
    flow = wise.flow()
    for _ in range(3):
        wise.call("GET", f"/flows/{flow}/metadata")
    loopback.post(f"{wise.url}/uniweb/api/resource.php")
    loopback.get(f"{wise.url}/v1/license/info")
    wise.careless.get("/no/such/path")

    counts = wise.control.get("/requests").json()

    assert counts["GET /flows/{flowId}/metadata"] == 3
    assert counts["POST /license/create/flow"] == 1
    assert counts["POST /uniweb/api/resource.php"] == 1
    assert counts["GET /license/info"] == 1
    assert counts["GET /no/such/path"] == 1
    assert not [name for name in counts if "_sandbox" in name]


def test_a_reset_returns_to_the_seed_and_forgets_counts_faults_and_clock(wise: Licence) -> None:
    before = wise.control.get("/state").json()
    flow = wise.flow()
    wise.data("PUT", f"/flows/{flow}/description", {"description": "x"})
    wise.set_clock(START + 100 * DAY)
    _fault(wise, {"method": "*", "path": "*", "kind": "status", "status": 503})

    wise.control.post("/reset")

    assert wise.control.get("/requests").json() == {}
    after = wise.control.get("/state").json()
    assert after | {"now": 0} == before | {"now": 0}
    assert 0 <= after["now"] - START < 30
    assert wise.status("GET", f"/flow/{flow}") == 404
    assert wise.flow() == flow


def test_the_clock_runs_on_from_where_it_was_set(wise: Licence) -> None:
    assert wise.control.post("/clock", json={"now": START + DAY}).json() == {"now": START + DAY}

    now = wise.control.get("/state").json()["now"]

    assert 0 <= now - (START + DAY) < 30


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/clock", {}),
        ("/clock", {"now": "2027-01-01"}),
        ("/clock", {"now": True}),
        ("/clock", {"now": START * 1000}),
        ("/clock", [START]),
        ("/simulate", {}),
        ("/simulate", {"flow_id": "7"}),
        ("/faults", {"kind": "status", "status": 500}),
        ("/faults", [{"kind": "explode"}]),
        ("/faults", [{"kind": "status"}]),
        ("/faults", [{"kind": "status", "status": "500"}]),
        ("/faults", [{"kind": "delay", "seconds": -1}]),
        ("/faults", [{"kind": "drop_after", "times": -1}]),
        ("/faults", [{"kind": "drop_after", "skip": 1.5}]),
        ("/faults", [{"kind": "drop_after", "path": 5}]),
        ("/faults", ["drop_after"]),
    ],
)
def test_a_control_request_that_cannot_be_understood_is_refused_with_a_sentence(
    wise: Licence, path: str, body: Any
) -> None:
    answer = wise.control.post(path, json=body)

    assert answer.status_code == 400
    assert len(answer.json()["error"].split()) > 2


def test_a_control_body_that_is_not_json_or_an_unknown_path_is_refused(wise: Licence) -> None:
    assert wise.control.post("/faults", content=b"{").status_code == 400
    assert wise.control.get("/nothing").status_code == 404
    assert wise.control.get("/reset").status_code == 404


def test_a_status_fault_hits_its_requests_as_often_as_told(wise: Licence) -> None:
    fault = {"method": "GET", "path": ROLES, "kind": "status", "status": 503}
    _fault(wise, fault | {"skip": 1, "times": 2})

    statuses = [wise.status("GET", ROLES) for _ in range(5)]

    assert statuses == [200, 503, 503, 200, 200]
    assert wise.control.get("/requests").json()[f"GET {ROLES}"] == 5


def test_a_fault_hits_only_its_method_and_template(wise: Licence) -> None:
    flow = wise.flow()
    _fault(
        wise,
        {"method": "GET", "path": "/flows/{flowId}/dates", "kind": "status", "status": 500},
        {"method": "PUT", "path": "*", "kind": "status", "status": 502},
    )

    assert wise.status("GET", f"/flows/{flow}/dates") == 500
    assert wise.status("GET", f"/flows/{flow}/metadata") == 200
    body = {"enabled": False, "durationMinutes": None}
    assert wise.status("PUT", f"/flows/{flow}/timebox", body) == 502
    _fault(wise)
    assert wise.status("GET", f"/flows/{flow}/dates") == 200


def test_faults_reach_uniweb_and_tokens_but_not_control(wise: Licence) -> None:
    _fault(wise, {"method": "*", "path": "*", "kind": "status", "status": 500})

    assert loopback.post(f"{wise.url}/uniweb/api/resource.php").status_code == 500
    assert loopback.post(f"{wise.url}/v1/oauth2/token").status_code == 500
    assert wise.control.get("/state").status_code == 200


def test_a_faulty_status_has_the_body_of_its_kind(wise: Licence) -> None:
    path = {"method": "*", "path": ROLES, "kind": "status", "times": 1}
    _fault(wise, path | {"status": 401}, path | {"status": 429}, path | {"status": 500})

    first, second, third = (wise.call("GET", ROLES) for _ in range(3))

    assert (first.status_code, first.json()) == (401, "Unauthorized")
    assert (second.status_code, second.headers["retry-after"]) == (429, "1")
    assert third.json()["success"] is False


def test_a_delay_answers_later(wise: Licence) -> None:
    _fault(wise, {"path": ROLES, "kind": "delay", "seconds": 0.3, "times": 1})
    began = time.monotonic()

    assert wise.status("GET", ROLES) == 200

    assert time.monotonic() - began >= 0.3


def _create(wise: Licence, title: str) -> httpx.Response:
    body = {"title": title, "type": wise.flow_type("FLOWassign"), "managers": [wise.user()]}
    return wise.call("POST", "/license/create/flow", body)


@pytest.mark.parametrize(("kind", "made"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_request_is_cut_before_or_after_the_work(
    wise: Licence, kind: str, made: int
) -> None:
    _fault(wise, {"method": "POST", "path": "/license/create/flow", "kind": kind, "times": 1})

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        _create(wise, "Cut off")

    assert len(wise.search(metadata={"title": "Cut off"})) == made
    assert _create(wise, "Whole").status_code == 201


def test_a_truncated_answer_ends_before_its_length(wise: Licence) -> None:
    _fault(wise, {"path": ROLES, "kind": "truncate", "times": 1})

    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        wise.call("GET", ROLES)

    assert wise.status("GET", ROLES) == 200


def test_an_answer_without_a_body_can_be_truncated_too(wise: Licence) -> None:
    flow = wise.flow()
    person = wise.participant(flow)
    path = "/flows/{flowId}/participants/{participantId}/unique-exam-id"
    _fault(wise, {"method": "DELETE", "path": path, "kind": "truncate", "times": 1})

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        wise.call("DELETE", f"/flows/{flow}/participants/{person}/unique-exam-id")


def test_a_malformed_answer_is_no_json(wise: Licence) -> None:
    _fault(wise, {"path": ROLES, "kind": "malformed", "times": 1})

    answer = loopback.get(f"{wise.url}/v1{ROLES}", headers={"x-api-key": "sandbox"})

    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()


def _outcomes(wise: Licence, flow: int) -> list[tuple[Any, Any]]:
    state = wise.control.get("/state").json()
    people = next(f for f in state["flows"] if f["id"] == flow)["participants"]
    return [(person["handedIn"], person["grade"]) for person in people]


def test_a_simulated_flow_has_grades_submissions_and_absences(wise: Licence) -> None:
    flow = wise.flow()
    users = [user["id"] for user in wise.control.get("/state").json()["users"][:150]]
    for part in (users[:100], users[100:]):
        wise.data("POST", f"/flows/{flow}/participants", [{"userId": user} for user in part])
    wise.data(
        "PUT",
        f"/flows/{flow}/participants/{wise.participant(flow)}/activated",
        {"activated": False},
    )

    played = wise.control.post("/simulate", json={"flow_id": flow}).json()

    assert wise.state(flow) == 1
    grades = wise.call("GET", f"/flow/{flow}/assessments").json()
    submissions = wise.data("GET", f"/flows/{flow}/submissions")
    done = [s for s in submissions if s["status"]["handedIn"]]
    assert len(submissions) == 150
    assert 0 < played["absent"] < 30
    marked = [grade for grade in grades if "grade" in grade]
    assert len(done) == len(marked) == 150 - played["absent"]
    scale = wise.data("GET", "/license/grading-scales")[0]["list"]["options"]
    assert {grade["grade"] for grade in marked} <= {option["value"] for option in scale}
    assert len({grade["grade"] for grade in marked}) > 3
    listed = wise.data("GET", f"/flows/{flow}/participants")
    assert {person["submissionId"] for person in listed} <= {s["id"] for s in submissions}
    one = wise.call("GET", f"/flows/{flow}/submissions/{done[0]['id']}").json()
    assert one["status"] == done[0]["status"]

    first = _outcomes(wise, flow)
    wise.control.post("/simulate", json={"flow_id": flow})
    assert _outcomes(wise, flow) == first


def test_the_same_flow_is_always_played_alike() -> None:
    def play() -> list[tuple[Any, Any]]:
        with licence() as wise:
            users = wise.control.get("/state").json()["users"][:60]
            flow = wise.flow(managers=[users[0]["id"]])
            entries = [{"userId": user["id"]} for user in users]
            wise.data("POST", f"/flows/{flow}/participants", entries)
            wise.control.post("/simulate", json={"flow_id": flow})
            return _outcomes(wise, flow)

    assert play() == play()


def test_flows_that_cannot_be_played_are_left(wise: Licence) -> None:
    archived, empty = wise.at_state(5), wise.flow()

    for flow in (archived, empty, 1):
        answer = wise.control.post("/simulate", json={"flow_id": flow})
        assert (answer.status_code, answer.json()["graded"]) == (200, 0)
    assert wise.state(empty) == 0


def test_a_file_keeps_everything_and_its_clock(tmp_path: Path) -> None:
    options = Options(data=tmp_path / "made" / "sandbox.db", rate_limit=False)
    with running(options) as sandbox:
        wise = Licence(sandbox.url)
        flow = wise.flow(title="Kept")
        token = wise.http.post(
            "/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": "sandbox",
                "client_secret": "sandbox",
            },
        ).json()["access_token"]
        wise.set_clock(START + 200)
        wise.close()

    with running(options) as sandbox:
        wise = Licence(sandbox.url)
        assert wise.search(metadata={"title": "Kept"}) == [flow]
        assert 200 <= wise.control.get("/state").json()["now"] - START < 260
        bearer = {"authorization": f"Bearer {token}"}
        assert loopback.get(f"{sandbox.url}/v1{ROLES}", headers=bearer).status_code == 200
        assert wise.flow() == flow + 1
        wise.control.post("/reset")
        assert wise.search(metadata={"title": "Kept"}) == []
        wise.close()


def test_a_clock_can_be_given_at_the_start() -> None:
    with running(Options(clock="2027-05-03 09:00")) as sandbox:
        state = loopback.get(f"{sandbox.url}/_sandbox/state").json()
        assert 0 <= state["now"] - 1_809_334_800 < 30
    with running(Options(clock="now")) as sandbox:
        state = loopback.get(f"{sandbox.url}/_sandbox/state").json()
        assert abs(state["now"] - time.time()) < 30


def test_it_listens_on_loopback_only() -> None:
    with running() as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"colour": "red"}, "unknown quirk"),
        ({"user_search": "xor"}, "or, and"),
        ({"visibility_delay": "soon"}, "seconds"),
        ({"visibility_delay": "nan"}, "seconds"),
    ],
)
def test_a_quirk_that_does_not_exist_is_refused(chosen: dict[str, str], message: str) -> None:
    with pytest.raises(QuirkError, match=message):
        Quirks(chosen)


def test_every_quirk_is_documented_in_one_line() -> None:
    assert all(quirk.about and "\n" not in quirk.about for quirk in QUIRKS.values())
