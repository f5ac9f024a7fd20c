"""E-mails of a user."""

from __future__ import annotations

import re
from typing import Any

from engine.sandbox.wiseflow.bodies import ID, TEXT, Wrong, array, boolean, record
from engine.sandbox.wiseflow.http import Answer, Call, Refusal, operation, partly, success
from engine.sandbox.wiseflow.people import unique_emails, users_by_email

_PATH = "/users/{userId}/emails"
_NEW = array(record({"email": TEXT, "primary": boolean(), "receiveNotifications": boolean()}))
_CHANGED = array(record({"emailId": ID, "email": TEXT, "primary": boolean()}))
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def looks_like_email(value: str) -> bool:
    """Whether a text can be an e-mail address."""
    return _ADDRESS.fullmatch(value) is not None and len(value) <= 254


def add_email(
    call: Call, user_id: int, email: str, *, primary: bool, notifications: bool = True
) -> int:
    """The id of a new e-mail; a new primary takes that place from any other.

    With standard login a new primary has to be activated by its owner, who gets a message.
    """
    standard = bool(call.licence("licence").get("standardLogin", True))
    if primary:
        call.store.run("UPDATE emails SET is_primary = 0 WHERE user_id = ?", user_id)
        if standard:
            send_activation(call, user_id)
    return call.store.insert(
        "emails",
        user_id=user_id,
        email=email,
        folded=email.casefold(),
        is_primary=int(primary),
        external=0,
        activated=int(not (primary and standard)),
        notifications=int(notifications),
    )


def send_activation(call: Call, user_id: int) -> None:
    """Note that the user was sent a message to activate an e-mail."""
    call.store.insert("messages", kind="EMAIL_ACTIVATION", user_id=user_id, sent=call.now)


def _shown(call: Call, condition: str, value: int) -> list[dict[str, Any]]:
    rows = call.store.all(f"SELECT * FROM emails WHERE {condition} ORDER BY id", value)  # noqa: S608
    return [
        {
            "emailId": row["id"],
            "email": row["email"],
            "primary": bool(row["is_primary"]),
            "fromExternalSource": bool(row["external"]),
            "receiveNotifications": bool(row["notifications"]),
            "activated": bool(row["activated"]),
        }
        for row in rows
    ]


def _check_as_a_whole(entries: list[dict[str, Any]]) -> None:
    addresses = [entry["email"].casefold() for entry in entries]
    ids = [entry["emailId"] for entry in entries if "emailId" in entry]
    if len(set(addresses)) != len(addresses) or len(set(ids)) != len(ids):
        raise Refusal(400, "Identical emails", ("email", "an e-mail is sent twice"))
    if sum(bool(entry.get("primary")) for entry in entries) > 1:
        raise Refusal(400, "More than one primary email", ("primary", "send one primary at most"))


def _unfit(call: Call, email: str, own_id: int = 0) -> str | None:
    """Why an e-mail cannot be put on the user, or None."""
    if not looks_like_email(email):
        return f"{email} is not an e-mail address"
    if call.store.one(
        "SELECT 1 FROM emails WHERE user_id = ? AND folded = ? AND id != ?",
        call.user["id"],
        email.casefold(),
        own_id,
    ):
        return f"{email} is already on the user"
    others = [u for u in users_by_email(call.store, email) if u != call.user["id"]]
    if others and unique_emails(call):
        return f"{email} is already used by another user"
    return None


@operation("GET", _PATH, bad_id=400)
def list_emails(call: Call) -> Answer:
    """The e-mails of a user."""
    return success(_shown(call, "user_id = ?", call.user["id"]))


@operation("POST", _PATH, body=_NEW, bad_id=400)
def add_emails(call: Call) -> Answer:
    """The e-mails that were added; success is false where some were not."""
    _check_as_a_whole(call.body)
    added: list[dict[str, Any]] = []
    errors: list[Wrong] = []
    for entry in call.body:
        reason = _unfit(call, entry["email"])
        if reason is not None:
            errors.append(("email", reason))
            continue
        email_id = add_email(
            call,
            call.user["id"],
            entry["email"],
            primary=entry.get("primary", False),
            notifications=entry.get("receiveNotifications", True),
        )
        added.append(_shown(call, "id = ?", email_id)[0])
    return partly(added, errors, 201)


@operation("PATCH", _PATH, body=_CHANGED, bad_id=400)
def change_emails(call: Call) -> Answer:
    """The e-mails that were changed; success is false where some were not."""
    _check_as_a_whole(call.body)
    changed: list[dict[str, Any]] = []
    errors: list[Wrong] = []
    for entry in call.body:
        reason = _change(call, entry)
        if reason is None:
            changed += _shown(call, "id = ?", entry["emailId"])
        else:
            errors.append(("email", reason))
    return partly(changed, errors, 200)


def _change(call: Call, entry: dict[str, Any]) -> str | None:
    store, user_id, email_id = call.store, call.user["id"], entry["emailId"]
    row = store.one("SELECT * FROM emails WHERE id = ? AND user_id = ?", email_id, user_id)
    if row is None:
        return f"email {email_id} is not on the user"
    reason = _unfit(call, entry["email"], email_id)
    if reason is not None:
        return reason
    store.run(
        "UPDATE emails SET email = ?, folded = ? WHERE id = ?",
        entry["email"],
        entry["email"].casefold(),
        email_id,
    )
    if entry.get("primary") and not row["is_primary"]:
        store.run("UPDATE emails SET is_primary = (id = ?) WHERE user_id = ?", email_id, user_id)
        if not row["activated"]:
            send_activation(call, user_id)
    return None


@operation("DELETE", _PATH + "/{emailId}", bad_id=400)
def delete_email(call: Call) -> Answer:
    """Nothing; 400 for the primary e-mail."""
    row = call.store.one(
        "SELECT * FROM emails WHERE id = ? AND user_id = ?", call.ids["emailId"], call.user["id"]
    )
    if row is None:
        raise Refusal(404, "Email not found on user")
    if row["is_primary"]:
        raise Refusal(400, "A primary email cannot be deleted")
    call.store.run("DELETE FROM emails WHERE id = ?", row["id"])
    return success()
