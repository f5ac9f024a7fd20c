"""`allow` entries -> allowances, and `protect` -> protected addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.dates import DateError, parse_moment
from engine.documents import twice
from engine.flow_selection import selected_flows
from engine.kinds.allow import SELECTORS, SUBJECTS
from engine.model import Address, Allowance
from engine.nodes import shown
from engine.words import near

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from engine.documents import Documents, Entry
    from engine.errors import Location
    from engine.model import Desired

WAYS = ("remove", "hazard", "guard")
"""An entry says with one of these what it allows."""

DELETION = "deletion"
"""The hazard of what has left the manifests: its flows stand nowhere else."""

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class AllowReader:
    """Reads every allowance; what is wrong goes to the documents' problems."""

    documents: Documents
    flows: Mapping[str, Desired]
    users: Collection[str]
    time_zone: str | None
    all_known: bool
    """Whether every file that could name a user was read."""

    def read(self) -> tuple[Allowance, ...]:
        """Every allowance that says what, where and until when, in the order of the manifests."""
        return tuple(one for entry in self.documents.of("allow") for one in self._one(entry))

    def _one(self, entry: Entry) -> Iterator[Allowance]:
        way = self._way(entry)
        until = self._until(entry)
        name = getattr(entry.value, way) if way else None
        if way is None or name is None:
            return
        subject = SUBJECTS.get(name, "flows") if way != "remove" else "flows"
        self._refuse_others(entry, name, subject)
        among = self._left(entry) if name == DELETION else self._among(entry, subject)
        if until is None or (subject and not among):
            return
        role = name if way == "remove" else ""
        address = {"kind": f"{entry.value.kind}/*", "": "*"}.get(subject, "")
        yield Allowance(
            way if role else name,
            address,
            entry.value.up_to,
            None if address else frozenset(among),
            role,
            until,
            entry.location,
        )

    def _way(self, entry: Entry) -> str | None:
        stated = [way for way in WAYS if entry.states(way)]
        if not stated:
            hint = "state remove, hazard or guard"
            self.documents.wrong(entry.location, entry.name(), "does not say what is allowed", hint)
        for way in stated[1:]:
            message, hint = f"states both {stated[0]} and {way}", "write an entry for each"
            self.documents.wrong(entry.at(way), entry.name(way), message, hint)
        return stated[0] if len(stated) == 1 else None

    def _refuse_others(self, entry: Entry, name: str, subject: str) -> None:
        """A problem for a selector that is missing, and for each that does not belong here."""
        wrong = self.documents.wrong
        if subject and not entry.states(subject):
            wrong(entry.location, entry.name(), f'lacks "{subject}"', f"{name} is about {subject}")
        for other in SELECTORS:
            if other != subject and entry.states(other):
                hint = f"state {subject} instead" if subject else "it is about the whole plan"
                message = f"does not go with {name}"
                wrong(entry.at(other), entry.name(other), message, hint)

    def _among(self, entry: Entry, subject: str) -> list[Address]:
        """Everything that the entry selects; for a whole kind the kind alone."""
        if subject == "flows":
            selected = selected_flows(self.documents, self.flows, entry)
            return [Address("flow", key) for key in selected]
        if subject == "users":
            return list(self._users(entry))
        if subject == "profiles":
            return list(self._profiles(entry))
        if subject in ("rooms", "webhooks"):
            return self._gone(entry, subject)
        return [Address(entry.value.kind, "*")] if entry.value.kind else []

    def _left(self, entry: Entry) -> list[Address]:
        """Flows that have left the manifests: their keys as written, which nothing here knows."""
        self.documents.refuse_repeats(entry, "flows")
        flows = entry.value.flows
        if isinstance(flows, list):
            return [Address("flow", key) for text in flows for key in (text, text.casefold())]
        if flows is not None:
            where, name = entry.at("flows"), entry.name("flows")
            message = f"{DELETION} is about flows that have left the manifests"
            self.documents.wrong(where, name, message, "list their keys")
        return []

    def _gone(self, entry: Entry, subject: str) -> list[Address]:
        """Rooms or webhooks that have left the manifests: their keys as written."""
        self.documents.refuse_repeats(entry, subject)
        kind = subject.removesuffix("s")
        keys = getattr(entry.value, subject) or ()
        return [Address(kind, key) for text in keys for key in (text, text.casefold())]

    def _users(self, entry: Entry) -> Iterator[Address]:
        self.documents.refuse_repeats(entry, "users")
        known = {key.casefold(): key for key in self.users}
        for index, text in enumerate(entry.value.users or ()):
            key = known.get(text.casefold())
            if key is not None:
                yield Address("user", key)
            elif self.all_known:
                where, name = entry.at("users", index), entry.name("users", index)
                message = f"no user {shown(text)}"
                self.documents.wrong(where, name, message, near(text, self.users))

    def _profiles(self, entry: Entry) -> Iterator[Address]:
        self.documents.refuse_repeats(entry, "profiles")
        for index, text in enumerate(entry.value.profiles or ()):
            profile = self.documents.by_key("profiles").get(text.casefold())
            if profile is not None and profile.key:
                yield Address("profile", profile.key)
            else:
                where, name = entry.at("profiles", index), entry.name("profiles", index)
                self.documents.dangling("profiles", text, where, name)

    def _until(self, entry: Entry) -> datetime | None:
        if entry.value.until is None:
            return None
        try:
            return end_of_validity(entry.value.until, self.time_zone)
        except DateError as error:
            where, name = entry.at("until"), entry.name("until")
            self.documents.wrong(where, name, error.message, error.hint)
            return None


def end_of_validity(text: str, time_zone: str | None) -> datetime:
    """The end of a day, where only a date is written, else the moment. Raises: DateError."""
    day = _DAY.fullmatch(text.strip())
    if day is None:
        return parse_moment(text, time_zone)
    parse_moment(f"{text.strip()} 12:00Z", None)  # the calendar and the years that there are
    zone = ZoneInfo(time_zone) if time_zone else UTC
    year, month, number = (int(part) for part in day.groups())
    return (datetime(year, month, number, tzinfo=zone) + timedelta(days=1)).astimezone(UTC)


def read_protected(
    documents: Documents, known: Collection[Address], all_known: bool
) -> dict[Address, Location]:
    """What nothing may be taken from, as the manifests spell it, and where that is written."""
    folded = {(one.kind, one.key.casefold()): one for one in known}
    mentions = documents.mentions.get("protect", [])
    documents.problems += twice(((one.text, one.location, one.name) for one in mentions), "protect")
    protected: dict[Address, Location] = {}
    for one in mentions:
        kind, _, key = one.text.partition("/")
        address = folded.get((kind, key.casefold()))
        if address is not None:
            protected.setdefault(address, one.location)
        elif all_known if kind == "user" else f"{kind}s" not in documents.partial:
            names = [address.key for address in known if address.kind == kind]
            message = f"no {kind} {shown(key)} in the manifests"
            documents.wrong(one.location, one.name, message, near(key, names))
    return protected
