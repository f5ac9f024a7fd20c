"""One user: basic fields, licence roles, and the older look-ups by an identifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.wiseflow.bodies import FLAG, ID, TEXT, Wrong, array, record, text
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, bare, operation, partly, success
from engine.sandbox.wiseflow.people import (
    basic_user,
    data_types,
    emails_of,
    external_ids,
    language_of,
    users_by_data,
)

if TYPE_CHECKING:
    from engine.sandbox.store import Row

_USER = record(
    {
        "firstName": text(required=True, shortest=1),
        "lastName": text(required=True, shortest=1),
        "phone": TEXT,
        "language": TEXT,
        "loginDeactivated": FLAG,
    }
)
_ROLES = "/users/{userId}/roles"


def _shown(user: Row) -> dict[str, Any]:
    return {
        "firstName": user["first_name"],
        "lastName": user["last_name"],
        "phone": user["phone"],
        "language": user["language"],
        "loginDeactivated": bool(user["deactivated"]),
        "lastLogin": user["last_login"],
        "creationDate": user["created"],
    }


@operation("GET", "/users/{userId}", bad_id=400)
def get_user(call: Call) -> Answer:
    """Basic fields of a user."""
    return success(_shown(call.user))


@operation("PUT", "/users/{userId}", body=_USER, bad_id=400)
def put_user(call: Call) -> Answer:
    """Basic fields after the change; an empty phone takes the phone away."""
    body = call.body
    call.store.run(
        "UPDATE users SET first_name = ?, last_name = ?, phone = ?, language = ?, deactivated = ? "
        "WHERE id = ?",
        body["firstName"],
        body["lastName"],
        body["phone"],
        language_of(body["language"]),
        int(body["loginDeactivated"]),
        call.user["id"],
    )
    return success(_shown(call.store.all("SELECT * FROM users WHERE id = ?", call.user["id"])[0]))


@operation("DELETE", "/users/{userId}")
def delete_user(call: Call) -> Answer:
    """Always 403: a licence has this only by request to support."""
    raise Refusal(403, f"Deletion is not enabled on the license of user {call.user['id']}")


@operation("GET", _ROLES, bad_id=400)
def list_roles(call: Call) -> Answer:
    """The licence roles of a user."""
    return success(_roles(call, "user_id = ?", call.user["id"]))


def _roles(call: Call, condition: str, *values: int) -> list[dict[str, Any]]:
    known = {role["roleId"]: role for role in call.licence("roles")}
    rows = call.store.all(
        f"SELECT * FROM user_roles WHERE {condition} ORDER BY id",  # noqa: S608
        *values,
    )
    return [
        {
            "userRoleId": row["id"],
            "licenseRoleId": row["role_id"],
            "name": known[row["role_id"]]["name"],
            "isProtected": known[row["role_id"]]["isProtected"],
        }
        for row in rows
    ]


@operation("POST", _ROLES, body=array(record({"licenseRoleId": ID})), bad_id=400)
def add_roles(call: Call) -> Answer:
    """The roles that were added or already there; success is false where some could not be."""
    known = {role["roleId"]: role for role in call.licence("roles")}
    errors: list[Wrong] = []
    given: list[dict[str, Any]] = []
    for role_id in dict.fromkeys(entry["licenseRoleId"] for entry in call.body):
        if role_id not in known:
            errors.append(("licenseRoleId", f"role {role_id} is not on the licence"))
        elif known[role_id]["isProtected"]:
            errors.append(("licenseRoleId", f"role {role_id} is protected"))
        else:
            call.store.run(
                "INSERT OR IGNORE INTO user_roles (user_id, role_id) VALUES (?, ?)",
                call.user["id"],
                role_id,
            )
            given += _roles(call, "user_id = ? AND role_id = ?", call.user["id"], role_id)
    return partly(given, errors, 201)


@operation("DELETE", _ROLES + "/{userRoleId}", bad_id=400)
def delete_role(call: Call) -> Answer:
    """Nothing; 400 for a protected role."""
    found = _roles(call, "user_id = ? AND id = ?", call.user["id"], call.ids["userRoleId"])
    if not found:
        raise Refusal(404, "Role not found on user")
    if found[0]["isProtected"]:
        raise Refusal(400, "A protected role cannot be removed")
    call.store.run("DELETE FROM user_roles WHERE id = ?", call.ids["userRoleId"])
    return success()


@operation("GET", "/user/{userId}/info", bare=(404,))
def user_info(call: Call) -> Answer:
    """A user in the older shape, bare."""
    return bare(_info(call, call.user))


@operation("GET", "/user/eduPrincipalName/{orgId}", bare=(404,))
def user_by_organisation_id(call: Call) -> Answer:
    """The user with this Personal Organisation Id (eduPersonPrincipalName), bare."""
    types = [t for t in call.licence("user_data_types") if t["type"] == "Personal Organisation Id"]
    return _by_data(call, types[0]["id"] if types else 0, call.ids["orgId"])


@operation("GET", "/user/userDataType/{userDataType}/{value}", bare=(404,))
def user_by_data(call: Call) -> Answer:
    """The first user with this value, bare."""
    return _by_data(call, call.ids["userDataType"], call.ids["value"])


def _by_data(call: Call, type_id: int, value: str) -> Answer:
    found = users_by_data(call.store, type_id, value)
    if type_id not in data_types(call) or not found:
        raise Refusal(404, "User not found")
    return bare(_info(call, call.store.all("SELECT * FROM users WHERE id = ?", found[0])[0]))


def _info(call: Call, user: Row) -> dict[str, Any]:
    names = {role["roleId"]: role["name"] for role in call.licence("roles")}
    rows = call.store.all("SELECT * FROM user_roles WHERE user_id = ? ORDER BY id", user["id"])
    return {
        **basic_user(user, external_ids(call, [user["id"]])[user["id"]]),
        "language": user["language"],
        "roles": [{"name": names[row["role_id"]], "relationIds": [row["id"]]} for row in rows],
        "emails": emails_of(call.store, user["id"]),
    }
