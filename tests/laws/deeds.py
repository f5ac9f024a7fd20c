"""What colleagues do by hand in WISEflow, past wisectl; each deed is done to whatever is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.wiseflow.flows import marker
from tests.laws.allocating import TITLES
from tests.laws.scene import FLOWS, OWN, ROOMS, WEBHOOKS

if TYPE_CHECKING:
    from tests.laws.stage import Stage

Row = dict[str, Any]
Deed = Callable[["Stage", list[Row], list[Row], int], None]
"""Takes the stage, the flows and users that manifests could mean, and a number to choose by."""

STAFF = ("managers", "authors", "assessors", "reviewers", "invigilators")


def do(stage: Stage, deed: tuple[str, int]) -> None:
    """One deed by name; what WISEflow refuses does not happen, as with people."""
    state = stage.state()
    flows = [f for f in state["flows"] if _is_ours(f) and not f["deleted"]]
    users = [u for u in state["users"] if any("example.org" in d["value"] for d in u["data"])]
    name, number = deed
    DEEDS[name](stage, flows, users, number)


def _is_ours(flow: Row) -> bool:
    wanted = {f"wisectl-{key}" for key in FLOWS}
    return any(one["reference"].casefold() in wanted for one in flow["externalSources"])


def _chosen(rows: list[Row], number: int) -> Row | None:
    return rows[number % len(rows)] if rows else None


def _retitle(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    if flow := _chosen(flows, number):
        path = f"/flows/{flow['id']}/metadata"
        there = stage.by_hand("GET", path).json()["data"]
        stage.by_hand("PUT", path, there | {"title": "By hand", "term": None})


def _describe(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    if flow := _chosen(flows, number):
        body = {"description": "By hand"}
        stage.by_hand("PUT", f"/flows/{flow['id']}/description", body)


def _move(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    flow = _chosen([one for one in flows if one["marking"]["end"]], number)
    if flow:
        body = {"marking": {"end": flow["marking"]["end"] + 86_400}}
        stage.by_hand("PATCH", f"/flows/{flow['id']}/dates", body)


def _arrange_slots(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    """The last is examined first, after a break."""
    for flow in flows:
        if period := _chosen(flow["periods"], number):
            people = [one for one in period["slots"] if one["type"] == "PARTICIPANT"]
            slots = [{"type": "BREAK", "title": "By hand"}, *people[::-1]]
            path = f"/flows/{flow['id']}/periods/{period['id']}/slots"
            stage.by_hand("PUT", path, {"slots": slots})


def _make_period(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    """Another day, or the same one once more."""
    for flow in (one for one in flows if one["type"] == "FLOWoral"):
        start = f"2027-0{number % 2 + 7}-30T08:01:00Z"
        body = {"startDate": start, "examinationMinutes": 5, "preparationMinutes": 5}
        body |= {"votingMinutes": 5, "location": "By hand"}
        stage.by_hand("POST", f"/flows/{flow['id']}/periods", {"periods": [body]})


def _take_seat(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    for flow in flows:
        role = STAFF[1:][number % 4]
        if flow[role]:
            seat = next(v for k, v in flow[role][0].items() if k != "userId")
            stage.by_hand("DELETE", f"/flows/{flow['id']}/{role}/{seat}")


def _give_seat(stage: Stage, flows: list[Row], users: list[Row], number: int) -> None:
    flow, user = _chosen(flows, number), _chosen(users, number)
    if flow and user:
        body = {"userId": user["id"]}
        stage.by_hand("POST", f"/flows/{flow['id']}/{STAFF[number % 5]}", body)
        stage.by_hand("POST", f"/flows/{flow['id']}/participants", [body])


def _allocate(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    """Somebody is given a participant, and a group is made."""
    for flow in flows:
        path, people = f"/flows/{flow['id']}", [p["participantId"] for p in flow["participants"]]
        for seat in flow["assessors"][:1] if people else ():
            one = f"{path}/assessors/{seat['assessorId']}/allocations/participants"
            stage.by_hand("POST", f"{one}/{people[number % len(people)]}")
            group = {"title": TITLES[number % 2], "assessorIds": [seat["assessorId"]]}
            stage.by_hand("POST", f"{path}/assessor-groups", group)


def _switch_off(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    for flow in flows:
        if seat := _chosen(flow["participants"], number):
            path = f"/flows/{flow['id']}/participants/{seat['participantId']}/activated"
            stage.by_hand("PUT", path, {"activated": False})


def _lengthen(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    """Somebody is given an end of their own, and another timebox."""
    for flow in flows:
        if (seat := _chosen(flow["participants"], number)) and flow["participation"]["end"]:
            path = f"/flows/{flow['id']}/participants/{seat['participantId']}"
            end = flow["participation"]["end"] + (number - 5) * 600
            stage.by_hand("PATCH", f"{path}/dates", {"participation": {"end": end}})
            stage.by_hand("PUT", f"{path}/timebox", {"enabled": True, "durationMinutes": 45})


def _rename(stage: Stage, _: list[Row], users: list[Row], number: int) -> None:
    if user := _chosen(users, number):
        names = ("firstName", "lastName", "phone", "language", "loginDeactivated")
        body = {name: user[name] for name in names} | {"lastName": "By Hand", "phone": "1"}
        stage.by_hand("PUT", f"/users/{user['id']}", body)


def _give_email(stage: Stage, _: list[Row], users: list[Row], number: int) -> None:
    if user := _chosen(users, number):
        body = [{"email": f"by.hand.{user['id']}@example.org", "primary": True}]
        stage.by_hand("POST", f"/users/{user['id']}/emails", body)


def _delete(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    flow = _chosen([one for one in flows if not one["activated"]], number)
    if flow:
        stage.by_hand("DELETE", f"/flows/{flow['id']}")


def _activate(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    if flow := _chosen(flows, number):
        stage.by_hand("PATCH", f"/flows/{flow['id']}/activate")


def _play(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    if flow := _chosen(flows, number):
        stage.control("POST", "simulate", {"flow_id": flow["id"]})


def _archive(stage: Stage, flows: list[Row], _: list[Row], number: int) -> None:
    for flow in flows:
        stage.by_hand("PATCH", f"/flows/{flow['id']}/archive")


def _adopt(stage: Stage, _: list[Row], __: list[Row], number: int) -> None:
    """A flow that was there before, one that a SIS feeds among them, is given a key of ours."""
    there = [f for f in stage.state()["flows"] if not f["externalSources"] and not f["deleted"]]
    flow, body = there[number % len(there)], {"reference": f"wisectl-{FLOWS[number % len(FLOWS)]}"}
    stage.by_hand("POST", f"/flows/{flow['id']}/external-sources", body)


def _leave_half_made(stage: Stage, _: list[Row], __: list[Row], number: int) -> None:
    """What a crash leaves behind: a flow that carries nothing but its creation marker."""
    manager = stage.state()["users"][0]["id"]
    types = stage.by_hand("GET", "/license/flow-types").json()["data"]
    key = FLOWS[number % len(FLOWS)]
    body = {"title": "Half made", "subTitle": marker(key), "type": types[0]["id"]}
    stage.by_hand("POST", "/license/create/flow", body | {"managers": [manager]})


def _redirect(stage: Stage, _: list[Row], __: list[Row], number: int) -> None:
    if hook := _chosen(stage.state()["webhooks"], number):
        body = {name: hook[name] for name in ("title", "url", "events", "active")}
        body |= {"url": "https://elsewhere.example.org/", "active": number % 2 == 0}
        stage.by_hand("PUT", f"/webhooks/{hook['id']}", body)


def _delete_webhook(stage: Stage, _: list[Row], __: list[Row], number: int) -> None:
    if hook := _chosen(stage.state()["webhooks"], number):
        stage.by_hand("DELETE", f"/webhooks/{hook['id']}")


def _leave_webhooks(stage: Stage, _: list[Row], __: list[Row], number: int) -> None:
    """What crashes leave behind: several webhooks for one key, of one secret or of two."""
    key, body = WEBHOOKS[number % len(WEBHOOKS)], {"url": "https://old.example.org/"}
    body |= {"events": ["ASSIGNMENT"], "active": True, "secret": "of nobody"}  # type: ignore[dict-item]
    for version in (1, 1, 1 + number % 3):
        stage.by_hand("POST", "/webhooks", body | {"title": f"wisectl-{key}-v{version}"})


def _rename_room(stage: Stage, _: list[Row], __: list[Row], number: int) -> None:
    if room := _chosen(stage.state()["rooms"], number):
        body = {name: value for name, value in room.items() if name != "id"}
        body |= {"name": "By hand", "campus": "By hand"}
        stage.by_hand("PUT", f"/license/rooms/{room['id']}", body)


def _delete_room(stage: Stage, _: list[Row], __: list[Row], number: int) -> None:
    if room := _chosen(stage.state()["rooms"], number):
        stage.by_hand("DELETE", f"/license/rooms/{room['id']}")


def _leave_half_made_room(stage: Stage, _: list[Row], __: list[Row], number: int) -> None:
    """What a crash leaves behind, beside a room of the same key or alone."""
    key = ROOMS[number % len(ROOMS)]
    identifiers = [marker(key), marker(key)] if number % 3 else [key.upper(), marker(key)]
    for identifier in identifiers:
        body = {"name": "Old", "identifier": identifier, "capacity": 1, "canBeBooked": False}
        stage.by_hand("POST", "/license/rooms", body)


def _know(stage: Stage, _: list[Row], __: list[Row], number: int) -> None:
    """Somebody of ours is in WISEflow already."""
    types = stage.by_hand("GET", "/license/user-data-types").json()["data"]
    key = next(one["id"] for one in types if one["name"] == "Personal Organisation Id")
    person = OWN[number % len(OWN)]
    body = {"firstName": "Old", "lastName": "Hand", "roles": [], "emails": [f"old.{person}"]}
    external = [{"userDataTypeId": key, "value": person}]
    stage.by_hand("POST", "/license/user", body | {"externalIds": external})


EARLY: dict[str, Deed] = {
    "adopt a flow": _adopt,
    "leave a flow half made": _leave_half_made,
    "know somebody": _know,
    "leave webhooks": _leave_webhooks,
    "leave a room half made": _leave_half_made_room,
}
"""Before the first term is applied."""

LATE: dict[str, Deed] = {
    "retitle a flow": _retitle,
    "describe a flow": _describe,
    "move dates": _move,
    "take a seat": _take_seat,
    "arrange slots": _arrange_slots,
    "make a period": _make_period,
    "give a seat": _give_seat,
    "allocate a participant": _allocate,
    "switch a participant off": _switch_off,
    "lengthen a participation": _lengthen,
    "rename a person": _rename,
    "give an e-mail": _give_email,
    "delete a draft": _delete,
    "activate a flow": _activate,
    "archive what is concluded": _archive,
    "redirect a webhook": _redirect,
    "delete a webhook": _delete_webhook,
    "rename a room": _rename_room,
    "delete a room": _delete_room,
}
"""Between the terms."""

PLAYED: dict[str, Deed] = {"play an exam": _play}

DEEDS = EARLY | LATE | PLAYED
