"""POST /license/user: create a user, or update the one who has the same identifier."""

from __future__ import annotations

from typing import Any

from engine.sandbox.wiseflow.bodies import ID, TEXT, array, integer, record, text
from engine.sandbox.wiseflow.emails import add_email, looks_like_email
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, bare, operation
from engine.sandbox.wiseflow.people import data_types, language_of, unique_emails, users_by_email
from engine.sandbox.wiseflow.user_data import add_value

_USER = record(
    {
        "firstName": text(required=True, shortest=1),
        "lastName": text(required=True, shortest=1),
        "phone": text(),
        "externalIds": array(record({"userDataTypeId": ID, "value": TEXT})),
        "language": text(),
        "roles": array(integer(), required=True),
        "emails": array(text(), required=True),
    }
)

# Source: WISEflow help, "Updating user information using an SIS integration": an existing user is
# looked for by these, in this order, and then by e-mail where that is enabled.
_MATCHING_ORDER = (
    "Personal Organisation Id",
    "Personal Unique Id",
    "External User Id",
)


@operation("POST", "/license/user", body=_USER, bad_body=415, bare=(415,))
def upsert_user(call: Call) -> Answer:
    """201 with the id of a new user, 200 with the id of the one who was updated."""
    _check(call)
    user_id = _existing(call)
    if user_id is None:
        user_id = _create(call)
        status = 201
    else:
        _update(call, user_id)
        status = 200
    _add_lists(call, user_id)
    return bare({"userId": user_id}, status)


def _check(call: Call) -> None:
    body = call.body
    if not body["emails"] and call.quirks["empty_emails"] == "refuse":
        raise Refusal(400, "Invalid request body", ("emails", "emails must not be empty"))
    wrong = [e for e in body["emails"] if not looks_like_email(e)]
    if wrong:
        raise Refusal(400, "Invalid e-mail", ("emails", f"{wrong[0]} is not an e-mail address"))
    known = {role["roleId"]: role for role in call.licence("roles")}
    for role in body["roles"]:
        if role not in known or known[role]["isProtected"]:
            raise Refusal(400, "Invalid role", ("roles", f"role {role} cannot be given to a user"))
    types = data_types(call)
    for external in body.get("externalIds", ()):
        if external["userDataTypeId"] not in types:
            message = f"user data type {external['userDataTypeId']} is not on the licence"
            raise Refusal(400, "Invalid user data type", ("externalIds", message))


def _existing(call: Call) -> int | None:
    types = data_types(call)
    given = call.body.get("externalIds", [])
    for meta_type in _MATCHING_ORDER:
        for external in given:
            if types[external["userDataTypeId"]]["type"] != meta_type:
                continue
            found = call.store.scalar(
                "SELECT min(user_id) FROM user_data WHERE type_id = ? AND value = ?",
                external["userDataTypeId"],
                external["value"],
            )
            if found is not None:
                return int(found)
    if call.quirks["upsert_email_match"] == "on":
        for email in call.body["emails"]:
            users = users_by_email(call.store, email)
            if users:
                return users[0]
    return None


def _create(call: Call) -> int:
    body = call.body
    default = call.licence("licence")["defaultLanguage"]
    return call.store.insert(
        "users",
        first_name=body["firstName"],
        last_name=body["lastName"],
        phone=body.get("phone", ""),
        language=language_of(body["language"]) if body.get("language") else default,
        deactivated=0,
        created=call.now,
        last_login=0,
    )


def _update(call: Call, user_id: int) -> None:
    """Single-valued fields are overwritten; what is not given stays."""
    body = call.body
    changes: dict[str, Any] = {"first_name": body["firstName"], "last_name": body["lastName"]}
    if "phone" in body:
        changes["phone"] = body["phone"]
    if body.get("language"):
        changes["language"] = language_of(body["language"])
    sets = ", ".join(f"{column} = ?" for column in changes)
    call.store.run(
        f"UPDATE users SET {sets} WHERE id = ?",  # noqa: S608 - columns from this function
        *changes.values(),
        user_id,
    )


def _add_lists(call: Call, user_id: int) -> None:
    """E-mails, roles and values of multi-valued types are added to, never taken away."""
    store = call.store
    for role in call.body["roles"]:
        store.run(
            "INSERT OR IGNORE INTO user_roles (user_id, role_id) VALUES (?, ?)", user_id, role
        )
    owned = {row[0] for row in store.all("SELECT folded FROM emails WHERE user_id = ?", user_id)}
    has_primary = bool(store.one("SELECT 1 FROM emails WHERE user_id = ? AND is_primary", user_id))
    for email in call.body["emails"]:
        if email.casefold() in owned:
            continue
        owned.add(email.casefold())
        if unique_emails(call) and users_by_email(store, email):
            message = f"{email} is already used by another user"
            raise Refusal(400, "The e-mail is not unique", ("emails", message))
        add_email(call, user_id, email, primary=not has_primary)
        has_primary = True
    for external in call.body.get("externalIds", ()):
        refusal = add_value(
            call, user_id, external["userDataTypeId"], external["value"], overwrite=True
        )
        if refusal is not None:
            raise Refusal(400, "Invalid user data", ("externalIds", refusal))
