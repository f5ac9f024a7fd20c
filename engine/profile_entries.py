"""`profiles` entries -> how UNIWeb fills user attributes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.kinds.profile import FILLABLE
from engine.model import Profile, Stated
from engine.nodes import shown
from engine.words import near

if TYPE_CHECKING:
    from engine.documents import Documents, Entry

DATA = "data."
_PATH = re.compile(r"[^\s./][^./]*(/[^./]+)+\.[^./]+")


def read_profiles(documents: Documents) -> dict[str, Profile]:
    """Every whole profile by key; what is wrong goes to the documents' problems."""
    documents.refuse_twice("profiles")
    found = (_profile(documents, entry) for entry in documents.of("profiles"))
    return {profile.key: profile for profile in found if profile}


def _profile(documents: Documents, entry: Entry) -> Profile | None:
    value = entry.value
    fill = {}
    for name, path in (value.fill or {}).items():
        _check_target(documents, entry, name)
        if not _PATH.fullmatch(path):
            hint = "write resource path, a dot, field: profile/membership_information.first_name"
            where, said = entry.at("fill", name), entry.name("fill", name)
            documents.wrong(where, said, f"{shown(path)} is no path with a field", hint)
        fill[name] = Stated(path, entry.at("fill", name))
    if value.match is None or value.key is None:
        return None
    user = value.match.user
    if (user != "key" and not user.removeprefix(DATA).strip()) or (
        "." not in user and user != "key"
    ):
        hint = "write key, or data.External User Id"
        where, said = entry.at("match", "user"), entry.name("match", "user")
        documents.wrong(where, said, f"{shown(user)} is no user field to match by", hint)
    members = value.members.model_dump() if value.members else {}
    return Profile(
        key=value.key,
        location=entry.location,
        members={name: one for name, one in members.items() if one is not None},
        language=value.language,
        match_user=user.removeprefix(DATA),
        match_member=value.match.member,
        fill=fill,
    )


def _check_target(documents: Documents, entry: Entry, name: str) -> None:
    where, said = entry.at("fill", name), entry.name("fill", name)
    known = (*FILLABLE, "data.Department")
    if name in ("key", "login", "roles", "exact", "profile"):
        hint = f"known: {', '.join(known)}"
        documents.wrong(where, said, f"{name} cannot be filled from UNIWeb", hint)
    elif name.startswith(DATA):
        if not name.removeprefix(DATA).strip():
            documents.wrong(where, said, f"{shown(name)} names no data type", "data.Department")
    elif name not in FILLABLE:
        documents.wrong(where, said, f"no user field {shown(name)}", near(name, known))
