"""What a server means, whatever numbers it gave: two runs ended alike when these are equal."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

State = dict[str, Any]
Meaning = dict[str, Any]

KEY_TYPE = "Personal Organisation Id"
SEATS = ("managers", "authors", "assessors", "reviewers", "invigilators", "participants")
PLAIN = [
    "title",
    "subtitle",
    "type",
    "activated",
    "archived",
    "code",
    "term",
    "examinationType",
    "purpose",
    "participation",
    "marking",
    "description",
    "timebox",
    "gradingScaleId",
    "anonymisation",
    "allocationType",
    "reviewerApproval",
    "ects",
    "assignments",
    "assessorTypes",
    "sources",
    "isMainFlow",
]


def meaning(state: State, key_type: int) -> Meaning:
    """Every object by key, ids replaced by keys, what is deleted left out; and all messages.

    More than one object for a key gives a longer list, so that a twin is never overlooked.
    """
    names = {user["id"]: user_name(user, key_type) for user in state["users"]}
    flows = {flow["id"]: flow_name(flow) for flow in state["flows"]}
    rooms = {room["id"]: room_name(room) for room in state["rooms"]}
    found: Meaning = {}
    for user in state["users"]:
        found.setdefault(f"user/{names[user['id']]}", []).append(_user(user))
    for flow in state["flows"]:
        if not flow["deleted"]:
            body = _flow(flow, names, rooms) | _sequence(flow, state["flows"], flows)
            found.setdefault(f"flow/{flows[flow['id']]}", []).append(body)
    for webhook in state["webhooks"]:
        found.setdefault(f"webhook/{webhook_name(webhook)}", []).append(_webhook(webhook))
    for room in state["rooms"]:
        body = {name: value for name, value in room.items() if name != "id"}
        found.setdefault(f"room/{room_name(room)}", []).append(body)
    for bodies in found.values():
        bodies.sort(key=repr)
    found["messages"] = sorted(
        (one["kind"], flows.get(one["flow_id"], ""), names.get(one["user_id"], ""))
        for one in state["messages"]
    )
    return found


def user_name(user: State, key_type: int) -> str:
    keys = sorted(d["value"].casefold() for d in user["data"] if d["userDataTypeId"] == key_type)
    return keys[0] if keys else f"without a key: {user['firstName']} {user['lastName']}"


WITHOUT_A_KEY = "without a key"


def flow_name(flow: State) -> str:
    references = sorted(one["reference"].casefold() for one in flow["externalSources"])
    keys = [one.removeprefix("wisectl-") for one in references if one.startswith("wisectl-")]
    return "+".join(keys) or f"{WITHOUT_A_KEY}: {flow['title']}, {flow['subtitle']}"


def webhook_name(webhook: State) -> str:
    found = re.fullmatch(r"wisectl-(.+)-v\d+", webhook["title"])
    return found[1].casefold() if found else f"{WITHOUT_A_KEY}: {webhook['title']}"


def room_name(room: State) -> str:
    identifier = room["identifier"] or ""
    half_made = re.fullmatch("wisectl[a-z2-7]{20}", identifier)
    return f"without a key: {identifier}" if half_made else identifier.casefold()


GIVEN = frozenset({"id", "created", "updated", "sequence"})
"""Of webhooks, what the server sets itself and counts."""


def _webhook(webhook: State) -> State:
    return {name: value for name, value in webhook.items() if name not in GIVEN}


def _user(user: State) -> State:
    return {
        **{name: user[name] for name in ("firstName", "lastName", "phone", "language")},
        "login": not user["loginDeactivated"],
        "emails": sorted(
            (e["email"].casefold(), e["primary"], e["activated"], e["fromExternalSource"])
            for e in user["emails"]
        ),
        "roles": sorted(user["roles"]),
        "data": sorted((d["userDataTypeId"], d["value"]) for d in user["data"]),
    }


def _flow(flow: State, names: dict[int, str], rooms: dict[int, str]) -> State:
    seats = {
        row[next(n for n in row if n.endswith("Id") and n != "userId")]: row["userId"]
        for row in flow["participants"]
    }

    def seat(row: State) -> State:
        return {
            "person": names[row["userId"]],
            **{
                name: value
                for name, value in row.items()
                # Numbers that the server gives; participants are counted as they come; and of two
                # applies at once either may be the one that made a flow with its managers.
                if not name.endswith(("Id", "Ids")) and name not in ("number", "isCreator")
            },
            "type": row.get("assessorTypeId"),
            "participants": sorted(names[seats[one]] for one in row.get("participantIds", ())),
        }

    found = {name: flow[name] for name in PLAIN}
    if flow["code"] == f"F{flow['id']}":
        found["code"] = "made by WISEflow from its number"
    # In which order WISEflow has them is nobody's promise.
    found["assessorTypes"] = sorted(flow["assessorTypes"], key=lambda one: int(one["id"]))
    found["groups"] = sorted(_group(group, flow, names) for group in flow["assessorGroups"])
    if flow["marking"]["end"] and flow["marking"]["end"] % 60:
        # Unarchiving puts it to that very second; whoever states an end states whole minutes.
        found["marking"] = flow["marking"] | {"end": "when it was unarchived"}
    found["rooms"] = sorted(
        _booking(booking, seats, names, rooms) for booking in flow["roomBookings"]
    )
    found["periods"] = sorted((_period(one, seats, names) for one in flow["periods"]), key=repr)
    # A source has the number that the server gives the first that is attached anywhere.
    found["sources"] = sorted((one["code"], one["integration"]) for one in flow["sources"])
    found["references"] = sorted(one["reference"] for one in flow["externalSources"])
    for role in SEATS:
        found[role] = sorted((seat(row) for row in flow[role]), key=repr)
    return found


def _booking(
    booking: State, seats: dict[int, int], names: dict[int, str], rooms: dict[int, str]
) -> tuple[str, int, int, list[str]]:
    people = sorted(names[seats[one]] for one in booking["participantIds"])
    return rooms[booking["roomId"]], booking["from"], booking["to"], people


def _period(period: State, seats: dict[int, int], names: dict[int, str]) -> State:
    """A period and its slots in their order; in which order WISEflow counts periods is its own."""
    said = {name: value for name, value in period.items() if name not in ("id", "order", "slots")}
    slots = [
        {name: value for name, value in slot.items() if name not in ("id", "participantId")}
        | {"person": names[seats[slot["participantId"]]] if slot["participantId"] else None}
        for slot in period["slots"]
    ]
    return said | {"slots": slots}


def _sequence(flow: State, flows: list[State], names: dict[int, str]) -> State:
    """Which sequence a flow is in, the parts of a main flow in the order of their making, and
    which flow is examined again in it.
    """
    parts = [one["id"] for one in flows if one["mainFlowId"] == flow["id"] and not one["deleted"]]
    return {
        "main flow": names.get(flow["mainFlowId"]),
        "parts": [names[number] for number in sorted(parts)],
        "reassessment of": names.get(flow["reassessmentOf"]),
    }


def _group(group: State, flow: State, names: dict[int, str]) -> tuple[str, list[str], list[str]]:
    assessors = {row["assessorId"]: names[row["userId"]] for row in flow["assessors"]}
    participants = {row["participantId"]: names[row["userId"]] for row in flow["participants"]}
    return (
        group["title"].casefold(),
        sorted(assessors[one] for one in group["assessorIds"]),
        sorted(participants[one] for one in group["participantIds"]),
    )


def differences(one: Meaning, other: Meaning) -> list[str]:
    """What differs, in lines for people."""
    lines = []
    for name in sorted({*one, *other}):
        a, b = one.get(name), other.get(name)
        if a == b:
            continue
        if not (isinstance(a, list) and isinstance(b, list) and len(a) == len(b) == 1):
            lines.append(f"{name}: {a} | {b}")
            continue
        lines += [
            f"{name}.{part}: {a[0].get(part)!r} | {b[0].get(part)!r}"
            for part in sorted({*a[0], *b[0]})
            if a[0].get(part) != b[0].get(part)
        ]
    return lines


def twins(found: Meaning) -> list[str]:
    """The keys that more than one object carries.

    A webhook's secrets are told apart by its title: the new one is there before the old one goes.
    """
    counted = {
        name: Counter(body.get("title") if name.startswith("webhook/") else "" for body in bodies)
        for name, bodies in found.items()
        if name != "messages" and "without a key" not in name
    }
    return [name for name, counts in counted.items() if max(counts.values()) > 1]


def raw_objects(state: State) -> dict[tuple[str, int], State]:
    """Every object as it is, by kind and number: not a byte of these may change.

    Only what the server counts of a webhook is left out.
    """
    users = {("user", user["id"]): user for user in state["users"]}
    flows = {("flow", flow["id"]): flow for flow in state["flows"]}
    webhooks = {("webhook", one["id"]): _webhook(one) for one in state["webhooks"]}
    rooms = {("room", room["id"]): room for room in state["rooms"]}
    return users | flows | webhooks | rooms


def names_of(state: State, key_type: int) -> dict[tuple[str, int], str]:
    """The keys of all objects, by kind and number."""
    users = {("user", one["id"]): user_name(one, key_type) for one in state["users"]}
    flows = {("flow", one["id"]): flow_name(one) for one in state["flows"]}
    webhooks = {("webhook", one["id"]): webhook_name(one) for one in state["webhooks"]}
    return users | flows | webhooks | {("room", r["id"]): room_name(r) for r in state["rooms"]}
