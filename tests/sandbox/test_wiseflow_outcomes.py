"""What comes out of flows: grades, submissions, logs, and webhooks that tell of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest

from tests import loopback
from tests.sandbox.licence import DAY, HOUR, START, licence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.licence import Licence

SECRET = "s3cret"
HOOK = {"title": "wisectl-x-v1", "active": True, "secret": SECRET}


class Receiver:
    """A webhook receiver on loopback that keeps what it is sent."""

    def __init__(self, url: str, statuses: list[int]) -> None:
        self.url = url
        self.statuses = statuses
        self.calls: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()

    def next(self) -> tuple[dict[str, str], Any]:
        headers, body = self.calls.get(timeout=20)
        return headers, json.loads(body)


@contextmanager
def receiver(*statuses: int) -> Iterator[Receiver]:
    """A receiver that answers with these statuses, then with 200."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            names = {name.lower(): value for name, value in self.headers.items()}
            here.calls.put((names, body))
            self.send_response(here.statuses.pop(0) if here.statuses else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with loopback.listening(Handler) as url:
        here = Receiver(f"{url}/hook?x=1", list(statuses))
        yield here


def _played(wise: Licence, people: int = 40) -> int:
    flow = wise.flow()
    wise.windows(flow, START + DAY)
    users = wise.control.get("/state").json()["users"][:people]
    wise.data("POST", f"/flows/{flow}/participants", [{"userId": u["id"]} for u in users])
    wise.control.post("/simulate", json={"flow_id": flow})
    return flow


def test_a_webhook_is_made_changed_and_deleted_and_its_secret_never_shown(
    wise: Licence,
) -> None:
    body = HOOK | {"url": "https://sis.example/hook", "events": ["FINAL_GRADE", "FINAL_GRADE"]}

    made = wise.data("POST", "/webhooks", body, status=201)
    changed = {name: made[name] for name in ("title", "url", "events")} | {"active": False}
    shown = wise.data("PUT", f"/webhooks/{made['id']}", changed)

    assert "secret" not in made
    assert made["events"] == ["FINAL_GRADE"]
    assert shown["active"] is False
    assert wise.data("GET", f"/webhooks/{made['id']}") == shown
    assert wise.data("GET", "/webhooks") == [shown]
    assert wise.data("DELETE", f"/webhooks/{made['id']}") is None
    assert wise.data("GET", "/webhooks") == []


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://sis.example/hook"},
        {"url": "ftp://127.0.0.1/"},
        {"url": "https://"},
        {"events": []},
        {"events": ["GRADE"]},
        {"title": ""},
    ],
)
def test_a_webhook_that_cannot_be_is_refused(wise: Licence, change: dict[str, Any]) -> None:
    body = HOOK | {"url": "https://sis.example/hook", "events": ["FINAL_GRADE"]}

    assert wise.careless.post("/webhooks", json=body | change).status_code == 400


def test_a_licence_has_a_limited_number_of_webhooks(wise: Licence) -> None:
    body = HOOK | {"url": "https://sis.example/hook", "events": ["FINAL_GRADE"]}

    statuses = [wise.status("POST", "/webhooks", body) for _ in range(11)]

    assert statuses == [201] * 10 + [400]


def test_a_grade_is_told_to_the_webhooks_that_want_it_with_a_signature(wise: Licence) -> None:
    with receiver() as hook:
        wise.data("POST", "/webhooks", HOOK | {"url": hook.url, "events": ["FINAL_GRADE"]})
        flow = _played(wise, people=3)
        grades = wise.call("GET", f"/flow/{flow}/assessments").json()

        calls = [hook.calls.get(timeout=20) for _ in grades]

        bodies = [json.loads(body) for _, body in calls]
        assert {body["event"] for body in bodies} == {"FINAL_GRADE"}
        assert [body["sequence"] for body in bodies] == list(range(1, len(grades) + 1))
        told = {body["payload"]["participantId"]: body["payload"]["grade"] for body in bodies}
        assert told == {grade["participantId"]: grade["grade"] for grade in grades}
        assert len({headers["x-wiseflow-call-id"] for headers, _ in calls}) == len(calls)
        for headers, body in calls:
            expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            assert headers["x-wiseflow-signature"] == expected
        wise.control.post("/reset")


@pytest.mark.parametrize("form", ["base64", "prefixed"])
def test_how_a_signature_is_written_is_a_quirk(form: str) -> None:
    with licence(quirks={"webhook_signature": form}) as wise, receiver() as hook:
        made = wise.data("POST", "/webhooks", HOOK | {"url": hook.url, "events": ["ASSIGNMENT"]})
        wise.data("POST", f"/webhooks/{made['id']}/test")

        headers, raw = hook.calls.get(timeout=20)

        digest = hmac.new(SECRET.encode(), raw, hashlib.sha256)
        written = {
            "base64": base64.b64encode(digest.digest()).decode(),
            "prefixed": f"sha256={digest.hexdigest()}",
        }
        assert headers["x-wiseflow-signature"] == written[form]


def test_a_call_that_fails_is_made_again_a_quarter_of_an_hour_later() -> None:
    with licence() as wise, receiver(500, 503) as hook:
        made = wise.data("POST", "/webhooks", HOOK | {"url": hook.url, "events": ["ASSIGNMENT"]})
        wise.data("POST", f"/webhooks/{made['id']}/test")
        calls = [hook.next()]

        for later in (1000, 2000):
            assert hook.calls.empty()
            wise.set_clock(START + later)
            calls.append(hook.next())

        ids = {headers["x-wiseflow-call-id"] for headers, _ in calls}
        assert len(ids) == 3
        assert {body["sequence"] for _, body in calls} == {1}


def test_the_clock_and_the_api_move_states_and_webhooks_are_told() -> None:
    with licence() as wise, receiver() as hook:
        flow = wise.flow()
        wise.windows(flow, START + DAY)
        events = ["FLOW_STATE_UPDATED", "FLOW_PERIOD_UPDATED"]
        wise.data("POST", "/webhooks", HOOK | {"url": hook.url, "events": events})
        wise.windows(flow, START + DAY + HOUR)
        # The period is told at once; by then the states of all flows are known.
        assert hook.next()[1]["event"] == "FLOW_PERIOD_UPDATED"

        wise.data("PATCH", f"/flows/{flow}/activate")
        states = [hook.next()[1]["payload"]["state"]]
        for moment in (START + DAY + 2 * HOUR, START + 2 * DAY):
            wise.set_clock(moment)
            payload = hook.next()[1]["payload"]
            while payload["flowId"] != flow:  # seeded flows move too
                payload = hook.next()[1]["payload"]
            states.append(payload["state"])

        assert states == [
            "PARTICIPATION_NOT_STARTED",
            "PARTICIPATION_STARTED",
            "PARTICIPATION_ENDED",
        ]


def test_the_grade_of_a_participant_is_read_alone(wise: Licence) -> None:
    flow = _played(wise)
    grades = wise.call("GET", f"/flow/{flow}/assessments").json()
    graded = {grade["participantId"] for grade in grades}
    everybody = [p["participantId"] for p in wise.data("GET", f"/flows/{flow}/participants")]
    absent = next(person for person in everybody if person not in graded)

    path = f"/flow/{flow}/assessments/{{}}"
    assert wise.data("GET", path.format(grades[0]["participantId"])) == grades[0]
    assert wise.data("GET", path.format(absent)) == {"id": None, "participantId": absent}


def test_a_submission_belongs_to_its_flow(wise: Licence) -> None:
    flow, other = _played(wise, people=3), wise.flow()
    submission = wise.data("GET", f"/flows/{flow}/submissions")[0]["id"]

    shown = wise.call("GET", f"/flow/{flow}/submission/{submission}").json()

    assert shown["participants"][0]["participantId"]
    assert wise.status("GET", f"/flows/{other}/submissions/{submission}") == 403
    assert wise.status("GET", f"/flow/{other}/submission/{submission}") == 403
    assert len(wise.call("GET", f"/flow/{flow}/submissions").json()) == 3


def test_submissions_of_the_licence_are_asked_for_a_month_at_most(wise: Licence) -> None:
    flow = _played(wise)
    path = "/license/submissions?start={}&end={}&purpose=0"

    found = wise.call("GET", path.format(START, START + 30 * DAY)).json()

    assert {row["flowId"] for row in found} == {flow}
    assert wise.status("GET", path.format(START, START + 31 * DAY)) == 400
    assert wise.careless.get("/license/submissions").status_code == 400


def test_item_marks_are_refused_on_flows_without_them(wise: Licence) -> None:
    flow = wise.flow("FLOWmulti")
    person = wise.participant(flow)

    assert wise.status("GET", f"/flows/{flow}/participants/{person}/item-based-marks") == 403


def test_logs_are_read_on_from_the_sort_value_of_the_last(wise: Licence) -> None:
    flow = _played(wise, people=5)
    path = f"/flows/{flow}/logs"
    whole = wise.data("GET", path)
    read: list[Any] = []

    while found := wise.data("GET", f"{path}?limit=7&offset={read[-1]['sort'][0] if read else 0}"):
        read += found

    assert read == whole
    assert [log["sort"] for log in whole] == sorted(log["sort"] for log in whole)
    contexts = {json.loads(log["_source"])["context"] for log in whole}
    assert contexts == {"participant", "assessor"}
    only = wise.data("GET", f"{path}?type=assessor")
    assert {json.loads(log["_source"])["event"] for log in only} == {"GRADE_SUBMITTED"}
    assert wise.data("GET", "/license/logs") == whole
    assert wise.careless.get(f"{path}?type=robot").status_code == 400
    wise.set_clock(START + 200 * DAY)
    assert wise.data("GET", path) == []


def test_participation_events_are_paged_in_the_body(wise: Licence) -> None:
    flow = _played(wise, people=5)
    asked = {"flowId": flow, "types": ["PAPER_HANDED_IN", "FLOW_OPENED"]}

    answer = wise.call("POST", "/participation-events", asked).json()

    assert {event["type"] for event in answer["data"]} == set(asked["types"])
    paged = asked | {"pagination": {"limit": 3, "offset": 3}}
    page = wise.call("POST", "/participation-events", paged).json()
    assert page["data"] == answer["data"][3:6]
    assert page["pagination"] == {"limit": 3, "offset": 3, "total": len(answer["data"])}
    assert wise.status("POST", "/participation-events", {"flowId": 1}) == 403
    half = {"timestamp": {"from": START}}
    assert wise.careless.post("/participation-events", json=half).status_code == 400


ROOM = {"name": "Hall A", "identifier": "hall-a", "capacity": 120, "canBeBooked": True}


def test_rooms_are_made_changed_and_deleted_bare(wise: Licence) -> None:
    made = wise.call("POST", "/license/rooms", ROOM)
    room = made.json()
    path = f"/license/rooms/{room['id']}"

    assert (made.status_code, room | ROOM) == (201, room)
    assert room["building"] is None
    changed = wise.call("PUT", path, ROOM | {"capacity": 90}).json()
    assert wise.call("GET", path).json() == changed == room | {"capacity": 90}
    assert changed in wise.data("GET", "/license/rooms")
    assert wise.careless.post("/license/rooms", json={"name": "x"}).status_code == 400
    assert wise.status("DELETE", path) == 204
    assert wise.status("GET", path) == 404


def test_whether_bookings_of_a_room_may_overlap_is_a_quirk() -> None:
    for quirk, status in (("accept", 201), ("refuse", 400)):
        with licence(quirks={"room_overlap": quirk}) as wise:
            room = wise.call("POST", "/license/rooms", ROOM).json()["id"]
            body = {"roomId": room, "from": START + DAY, "to": START + DAY + HOUR}
            wise.data("POST", f"/flows/{wise.flow()}/room-bookings", body, status=201)
            path = f"/flows/{wise.flow()}/room-bookings"
            assert wise.status("POST", path, body) == status
            assert wise.status("POST", path, body | {"to": START + 2 * DAY}) == status
            later = {"from": START + 2 * DAY, "to": START + 3 * DAY}
            assert wise.status("POST", path, body | later) == 201


def test_a_room_is_booked_for_a_flow_and_its_participants(wise: Licence) -> None:
    flow, room = wise.flow(), wise.call("POST", "/license/rooms", ROOM).json()["id"]
    person = wise.participant(flow)
    path = f"/flows/{flow}/room-bookings"
    body = {"roomId": room, "from": START + DAY, "to": START + DAY + HOUR}

    booking = wise.data("POST", path, body, status=201)

    assert wise.status("POST", path, body | {"roomId": 1}) == 404
    assert wise.status("POST", path, body | {"to": START}) == 400
    assert wise.data("GET", path) == [booking]
    people = f"{path}/{booking['roomBookingId']}/participants"
    wise.data("PUT", people, {"participantIds": [person]}, status=201)
    assert wise.status("POST", f"{people}/{person}") == 400
    assert wise.data("GET", people) == [person]
    assert wise.status("DELETE", f"{people}/{person}") == 204
    assert wise.data("GET", f"/license/rooms/{room}/flows") == [flow]
    assert wise.status("DELETE", f"{path}/{booking['roomBookingId']}") == 204
    assert wise.data("GET", path) == []
