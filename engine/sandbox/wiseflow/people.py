"""Users as other operations see them: found by an identifier, shown in its many forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sandbox.wiseflow.http import Call, Refusal

if TYPE_CHECKING:
    from engine.sandbox.store import Row, Store

# ISO 639-1 and what it is read back as. Source: WISEflow OpenAPI, user `language` ("da_DK").
LANGUAGES = {
    "da": "da_DK",
    "de": "de_DE",
    "en": "en_GB",
    "es": "es_ES",
    "fi": "fi_FI",
    "fo": "fo_FO",
    "fr": "fr_FR",
    "is": "is_IS",
    "it": "it_IT",
    "nb": "nb_NO",
    "nl": "nl_NL",
    "nn": "nn_NO",
    "no": "nb_NO",
    "pl": "pl_PL",
    "pt": "pt_PT",
    "sv": "sv_SE",
}


def language_of(given: str) -> str:
    """The language as it is kept; 400 for one that is not known."""
    short = given.replace("-", "_")
    if short.lower() in LANGUAGES:
        return LANGUAGES[short.lower()]
    for known in LANGUAGES.values():
        if short.lower() == known.lower():
            return known
    raise Refusal(400, "Unknown language", ("language", f"language {given} is not known"))


def data_types(call: Call) -> dict[int, dict[str, Any]]:
    """The user data types of the licence by id."""
    return {type_["id"]: type_ for type_ in call.licence("user_data_types")}


def unique_emails(call: Call) -> bool:
    """Whether an e-mail belongs to one user at most."""
    return bool(call.licence("licence")["requireUniqueEmails"])


def users_by_email(store: Store, email: str) -> list[int]:
    """Ids of the users with an e-mail, compared without case."""
    rows = store.all(
        "SELECT DISTINCT user_id FROM emails WHERE folded = ? ORDER BY user_id", email.casefold()
    )
    return [row["user_id"] for row in rows]


def users_by_data(store: Store, type_id: int, value: str) -> list[int]:
    """Ids of the users with a value of a data type."""
    rows = store.all(
        "SELECT user_id FROM user_data WHERE type_id = ? AND value = ? ORDER BY user_id",
        type_id,
        value,
    )
    return [row["user_id"] for row in rows]


def user_exists(store: Store, user_id: int) -> bool:
    """Whether there is such a user."""
    return store.one("SELECT 1 FROM users WHERE id = ?", user_id) is not None


def emails_of(store: Store, user_id: int) -> list[str]:
    """A user's e-mails, the primary first."""
    rows = store.all(
        "SELECT email FROM emails WHERE user_id = ? ORDER BY is_primary DESC, id", user_id
    )
    return [row["email"] for row in rows]


def short_user(row: Row) -> dict[str, Any]:
    """The user of a staff seat, from a row with user_id and the names."""
    return {
        "userId": row["user_id"],
        "firstName": row["first_name"],
        "lastName": row["last_name"],
    }


def external_ids(call: Call, user_ids: list[int]) -> dict[int, list[dict[str, str]]]:
    """Names and values of the user data of each of these users."""
    names = {id_: type_["name"] for id_, type_ in data_types(call).items()}
    found: dict[int, list[dict[str, str]]] = {user_id: [] for user_id in user_ids}
    marks = ",".join("?" * len(user_ids))
    for row in call.store.all(
        f"SELECT user_id, type_id, value FROM user_data WHERE user_id IN ({marks}) ORDER BY id",  # noqa: S608
        *user_ids,
    ):
        name = names.get(row["type_id"], "")
        found[row["user_id"]].append({"name": name, "value": row["value"]})
    return found


def basic_user(row: Row, ids: list[dict[str, str]]) -> dict[str, Any]:
    """The user of the older operations, from a row of users."""
    return {
        "id": row["id"],
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "phone": row["phone"],
        "externalIds": ids,
    }
