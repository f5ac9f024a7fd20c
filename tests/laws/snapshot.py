"""What a server means, whatever numbers it gave: two runs ended alike when these are equal."""

from __future__ import annotations

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
]


def meaning(state: State, key_type: int) -> Meaning:
    """Users and flows by key, ids replaced by keys, what is deleted left out; and all messages.

    More than one object for a key gives a longer list, so that a twin is never overlooked.
    """
    names = {user["id"]: user_name(user, key_type) for user in state["users"]}
    flows = {flow["id"]: flow_name(flow) for flow in state["flows"]}
    found: Meaning = {}
    for user in state["users"]:
        found.setdefault(f"user/{names[user['id']]}", []).append(_user(user))
    for flow in state["flows"]:
        if not flow["deleted"]:
            found.setdefault(f"flow/{flows[flow['id']]}", []).append(_flow(flow, names))
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


def flow_name(flow: State) -> str:
    references = sorted(one["reference"].casefold() for one in flow["externalSources"])
    keys = [one.removeprefix("wisectl-") for one in references if one.startswith("wisectl-")]
    return "+".join(keys) or f"without a key: {flow['title']}, {flow['subtitle']}"


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


def _flow(flow: State, names: dict[int, str]) -> State:
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
    found["references"] = sorted(one["reference"] for one in flow["externalSources"])
    for role in SEATS:
        found[role] = sorted((seat(row) for row in flow[role]), key=repr)
    return found


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
    """The keys that more than one object carries."""
    return [
        name
        for name, bodies in found.items()
        if name != "messages" and "without a key" not in name and len(bodies) > 1
    ]


def raw_objects(state: State) -> dict[tuple[str, int], State]:
    """Every user and flow as it is, by kind and number: not a byte of these may change."""
    users = {("user", user["id"]): user for user in state["users"]}
    return users | {("flow", flow["id"]): flow for flow in state["flows"]}
