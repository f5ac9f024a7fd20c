"""What the vendor's documents leave open: one table, one setting for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Quirk:
    """One open question: its answers (the first is the default) and a line of documentation."""

    values: tuple[str, ...]
    about: str


QUIRKS: dict[str, Quirk] = {
    "reference_search": Quirk(
        ("exact", "partial"), "flow search by externalSourceReference: whole or part of it"
    ),
    "text_search": Quirk(
        ("casefold", "exact"), "flow search by title and subtitle: without or with regard to case"
    ),
    "user_search": Quirk(("or", "and"), "user search by several data types: any or all must match"),
    "user_search_match": Quirk(
        ("exact", "casefold", "partial"), "how a value is compared in a user search"
    ),
    "empty_user_search": Quirk(
        ("none", "all", "refuse"), "a user search without data types finds nobody, all, or is a 400"
    ),
    "upsert_email_match": Quirk(
        ("off", "on"), "POST /license/user takes a user with the same e-mail as the existing one"
    ),
    "empty_emails": Quirk(("accept", "refuse"), "POST /license/user with an empty list of e-mails"),
    "visibility_delay": Quirk(
        ("0", "SECONDS"), "real seconds until the flow search shows what was written"
    ),
    "copy_data": Quirk(("array", "object"), "shape of data in the answer to a copy"),
    "bad_dates": Quirk(("400", "500"), "status for dates that make no valid windows"),
    "duplicate_assessor": Quirk(("400", "403"), "status for adding an assessor twice"),
    "duplicate_data_type": Quirk(
        ("ignored", "added"), "a second value of one type in one POST of user data"
    ),
    "empty_dates": Quirk(
        ("default", "epoch"), "dates of a new flow: the licence's defaults, or none (read as 0)"
    ),
    "over_limit": Quirk(("refuse", "clamp"), "a page limit above the maximum is a 400, or lowered"),
    "webhook_signature": Quirk(
        ("hex", "base64", "prefixed"), "how the HMAC-SHA-256 of a webhook's body is written"
    ),
    "past_end": Quirk(("empty", "500"), "reading a page after the last one of participants"),
    "ungraded": Quirk(
        ("omitted", "listed"),
        "participants without any grade in the assessments of a flow: not there, or with ids only",
    ),
    "archived_participants": Quirk(
        ("UNEXPECTED", "403"), "adding participants to an archived flow: per entry, or as a whole"
    ),
    "room_overlap": Quirk(
        ("accept", "refuse"), "two bookings of one room at the same time are made, or a 400"
    ),
    "period_with_slots": Quirk(
        ("refuse", "delete"), "deleting a period that has slots is a 403, or its slots go with it"
    ),
}


class QuirkError(Exception):
    """A quirk that does not exist, or a value that it does not have."""


class Quirks:
    """The chosen answers, by name."""

    def __init__(self, chosen: Mapping[str, str]) -> None:
        for name, value in chosen.items():
            _check(name, value)
        self._chosen = {name: quirk.values[0] for name, quirk in QUIRKS.items()} | dict(chosen)
        self.visibility_delay = float(self._chosen["visibility_delay"])

    def __getitem__(self, name: str) -> str:
        return self._chosen[name]


def _check(name: str, value: str) -> None:
    if name not in QUIRKS:
        raise QuirkError(f'unknown quirk "{name}"; there are: {", ".join(sorted(QUIRKS))}')
    if name == "visibility_delay":
        if not _is_seconds(value):
            raise QuirkError(f"visibility_delay={value}: give seconds, such as 0.5")
    elif value not in QUIRKS[name].values:
        raise QuirkError(f"{name}={value}: give one of {', '.join(QUIRKS[name].values)}")


def _is_seconds(value: str) -> bool:
    try:
        return 0 <= float(value) < 3600
    except ValueError:
        return False
