"""Rooms and webhooks that left the manifests: deleted once that is allowed, never when booked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.test_base import LAW, by_id, term

if TYPE_CHECKING:
    from tests.e2e.office import Office

HALL = {"key": "hall-a", "name": "Hall A", "capacity": 9}
HOOK = {"key": "sis", "url": "http://127.0.0.1:9/a", "events": ["ASSIGNMENT"], "active": False}
BOTH = {"rooms": [HALL], "webhooks": [HOOK]}
ALLOW = ("--allow", "room-deletion:*", "--allow", "webhook-deletion:*")


def begin(office: Office, entries: dict[str, Any]) -> None:
    """The manifests are applied, and committed: they are the base of what comes then."""
    office.write(json.dumps(entries))
    office.commit()
    office.apply()
    office.scope = ("--base", "HEAD")


def there(office: Office) -> list[str]:
    state = office.stage.control("GET", "state")
    return [r["identifier"] for r in state["rooms"]] + [w["title"] for w in state["webhooks"]]


def test_what_left_git_is_held_and_goes_once_that_is_allowed(office: Office) -> None:
    begin(office, BOTH)
    office.write("users: []")

    code, said = office.call("plan", "--detailed-exitcode")

    assert code == 6
    assert "--allow room-deletion:room/hall-a" in said
    assert "--allow webhook-deletion:webhook/sis" in said
    assert there(office) == ["hall-a", "wisectl-sis-v1"]
    assert office.call("apply", "--auto-approve", *ALLOW)[0] == 0
    assert there(office) == []
    assert office.document()["changes"] == []


def test_the_entries_that_a_plan_proposes_let_just_that_through(office: Office) -> None:
    begin(office, BOTH)
    office.write("users: []")
    office.write(office.proposed(), "allowed.yaml")

    office.apply()

    assert there(office) == []


def test_without_a_base_nothing_is_deleted(office: Office) -> None:
    begin(office, BOTH)
    office.write("users: []")
    office.scope = ()

    assert office.document()["changes"] == []


def test_removed_takes_away_what_never_stood_in_git(office: Office) -> None:
    begin(office, BOTH)
    office.scope = ()
    office.write("removed: [room/HALL-A, webhook/sis]")

    assert office.call("apply", "--auto-approve", *ALLOW)[0] == 0

    assert there(office) == []
    notes = [note["message"] for note in office.document()["notes"]]
    assert notes == ["removed: it is not in WISEflow"] * 2


def test_a_removal_that_the_manifests_ask_for_no_more_is_not_said_to_be_done(
    office: Office,
) -> None:
    begin(office, BOTH)
    office.scope = ()
    office.write("removed: [room/HALL-A, webhook/sis]")
    plan = str(office.root / "saved.plan")
    assert office.call("plan", "--out", plan, *ALLOW)[0] == 0
    office.write("users: []")

    code, said = office.call("apply", plan)

    assert (code, there(office)) == (7, ["hall-a", "wisectl-sis-v1"])
    assert said.count("say something else than when it was planned") == 2


def test_release_forgets_them(office: Office) -> None:
    begin(office, BOTH)
    office.write("release: [room/hall-a, webhook/sis]")

    assert office.document()["changes"] == []
    assert there(office) == ["hall-a", "wisectl-sis-v1"]


def _book(office: Office) -> None:
    state = office.stage.control("GET", "state")
    flow, room = state["flows"][0]["id"], state["rooms"][0]["id"]
    body = {"roomId": room, "from": 1_900_000_000, "to": 1_900_003_600}
    office.stage.by_hand("POST", f"/flows/{flow}/room-bookings", body)


def test_a_room_that_a_flow_has_booked_is_blocked_whatever_is_allowed(office: Office) -> None:
    begin(office, {"rooms": [HALL]})
    _book(office)
    office.write("users: []")

    (change,) = office.document(*ALLOW)["changes"]

    assert change["status"] == "blocked"
    assert "flows have booked it: #" in change["reasons"][0]
    office.call("apply", "--auto-approve", *ALLOW)
    assert there(office) == ["hall-a"]


def test_a_room_that_a_flow_of_the_manifests_books_is_blocked(office: Office) -> None:
    """Nothing makes it there any more: the booking would meet no room."""
    entries: dict[str, Any] = {"rooms": [HALL], **json.loads(term(LAW))}
    begin(office, entries)
    entries["role_assignments"][0]["room_bookings"] = [{"room": "hall-a"}]
    office.write(json.dumps({**entries, "rooms": []}))

    changes = by_id(office.document(*ALLOW))

    assert changes["flow/law:room_bookings"]["status"] == "planned"
    (reason,) = changes["room/hall-a"]["reasons"]
    assert reason.startswith("flow/law books it (manifests/")
    office.call("apply", "--auto-approve", *ALLOW)
    assert "hall-a" in there(office)


def test_a_room_that_is_booked_after_the_plan_is_not_deleted(office: Office) -> None:
    begin(office, {"rooms": [HALL]})
    office.write("users: []")
    plan = str(office.root / "out.plan")
    office.call("plan", "--out", plan, *ALLOW)
    _book(office)

    code, _ = office.call("apply", plan)

    assert code in (7, 8)
    assert there(office) == ["hall-a"]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("path", ["/license/rooms/{roomId}", "/webhooks/{webhookId}"])
def test_a_deletion_whose_answer_is_lost_is_done(office: Office, path: str, kind: str) -> None:
    begin(office, BOTH)
    office.write("users: []")
    lost = {"method": "DELETE", "path": path, "kind": kind, "times": 1}
    office.stage.control("POST", "faults", [lost])

    code, said = office.call("apply", "--auto-approve", *ALLOW)

    assert code == 0, said
    assert there(office) == []


def test_a_webhook_goes_with_what_a_killed_run_left_of_it(office: Office) -> None:
    begin(office, {"webhooks": [HOOK]})
    office.stage.by_hand(
        "POST",
        "/webhooks",
        {
            "title": "wisectl-sis-v2",
            "url": "https://x.example/h",
            "events": ["ASSIGNMENT"],
            "active": False,
        },
    )
    office.write("users: []")

    assert office.call("apply", "--auto-approve", *ALLOW)[0] == 0

    assert there(office) == []
