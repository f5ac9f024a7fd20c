"""Whole terms of an institution, drawn so that what the files say is never wrong in itself."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from engine.guards import GUARDS, HAZARDS
from engine.kinds import KINDS
from engine.kinds._people import PeopleTable
from engine.kinds.allow import SUBJECTS
from engine.user_entries import OF_ONE_PERSON
from engine.wiseflow.creation import INCLUDABLE
from tests.laws import lives, sequencing
from tests.laws.allocating import allocate
from tests.laws.attaching import ATTACHED, attach
from tests.laws.booking import book
from tests.laws.drawing import LINES, hints, models_in
from tests.laws.examining import EXAMINING, ORAL, examine, is_oral, seat
from tests.laws.scene import (
    BEGIN,
    DAY,
    EXAM_IDS,
    FILLS,
    FLOWS,
    GHOST,
    KNOWN,
    LISTED,
    MEMBERS,
    OFFSETS,
    OWN,
    PROFILES,
    ROOMS,
    ROSTERS,
    SOURCES,
    STATES,
    TEMPLATES,
    VARIABLES,
    WEBHOOKS,
    WORDS,
    Scene,
    When,
    in_minutes,
)
from tests.laws.weaving import UnwovenError, Weaver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pydantic import BaseModel

Draw = st.DrawFn
Entry = dict[str, Any]
Sheet = list[list[str]]

USER = KINDS["users"].model
FLOW = KINDS["flows"].model
TEMPLATE = KINDS["flow_templates"].model
ROSTER = KINDS["rosters"].model
PROFILE = KINDS["profiles"].model
ROLES = KINDS["role_assignments"].model
ALLOW = KINDS["allow"].model
WEBHOOK = KINDS["webhooks"].model
ROOM = KINDS["rooms"].model
ACCOMMODATION = KINDS["accommodations"].model
INDIVIDUAL = KINDS["individual"].model

OF_USERS = frozenset(
    {"key", "csv", "columns", "first_name", "last_name", "emails", "roles", "data", "exact"}
    | {"profile"}
)
OF_FLOWS = frozenset(
    {"key", "title", "template", "type", "copy_from", "participation", "marking", "lifecycle"}
    | {"activate_from"}
    | ATTACHED
    | EXAMINING
)
OF_PEOPLE = frozenset({"users", "rosters", "csv", "column", "matches", "people", "profile", "key"})
OF_PEOPLE |= {"participants"}
OF_ALLOWANCES = frozenset({"remove", "hazard", "guard", "flows", "users", "profiles", "kind"})
OF_ALLOWANCES |= {"rooms", "webhooks"}
OF_PROFILES = frozenset({"key", "members", "match", "fill"})
"""Fields that depend on what stands beside them: composed here; all others come from the model."""

PLANNED_KINDS = sorted(set(KINDS) - {"grade_exports"})
"""What worlds are made of; grades that go out are in no plan, and have tests of their own."""

KNOWN_KINDS = (
    *("profiles", "users", "flow_templates", "rosters", "flows", "role_assignments"),
    *("allow", "protect", "flow_sets", "webhooks", "rooms", "removed", "release", "recreate"),
    *("accommodations", "individual"),
    *("adopt", "moved", "unarchive", "sequences"),
)
ORIGIN = ("template", "type", "copy_from", "lifecycle", "activate_from")
WINDOWS = ("participation", "marking")
SETS = ("emails", "roles", "data")


@dataclass(slots=True)
class Term:
    """Entries by plural kind, and the CSV files that they name."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    sheets: dict[str, Sheet] = field(default_factory=dict)
    one_by_one: dict[str, list[Entry]] = field(default_factory=dict)
    """Flows and roles as they are written without flow sets."""

    def without_unknown_kinds(self) -> Term:
        """What is left when entries that only their model describes do not make sense here."""
        entries = {name: rows for name, rows in self.entries.items() if name in KNOWN_KINDS}
        return Term(entries, self.sheets, self.one_by_one)

    def files(self) -> dict[str, str]:
        """The manifests folder: a file for each kind (JSON is YAML too), and the CSV files."""
        found = {
            f"{plural}.yaml": json.dumps({plural: entries}, ensure_ascii=False, default=str)
            for plural, entries in self.entries.items()
            if entries
        }
        return found | {name: _csv(rows) for name, rows in self.sheets.items()}


def _csv(rows: Sheet) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


# ---- terms ---------------------------------------------------------------------------------------


@st.composite
def terms(draw: Draw, scene: Scene, before: Term | None = None) -> Term:
    """A term; with one before it, one that keeps a part of it."""
    term = Term()
    keys = [key for key in FLOWS if draw(_half)] or FLOWS[:1]
    made = {
        "profiles": [_profile(draw, key) for key in PROFILES],
        "users": _users(draw, scene, term),
        "flow_templates": [_template(draw, scene, key) for key in TEMPLATES],
        "rosters": _rosters(draw, scene, term),
        "flows": [_flow(draw, scene, key) for key in keys],
        "webhooks": [_webhook(draw, key) for key in WEBHOOKS if draw(_half)],
        "rooms": [_room(draw, key) for key in ROOMS if draw(_half)],
    }
    term.entries.update(made)
    if before is not None:
        term.sheets.update({n: s for n, s in before.sheets.items() if n not in term.sheets})
        for plural in ("users", "flows", "webhooks", "rooms"):
            old = before.one_by_one.get(plural, before.entries[plural])
            term.entries[plural] = _mixed(draw, old, term.entries[plural])
    term.entries["role_assignments"] = _assignments(draw, scene, term, before)
    lives.rename(draw, term, before)
    sequencing.arrange(draw, term, before)
    sequencing.reassess_once(term)
    _of_participants(draw, scene, term)
    term.entries["allow"] = [_allow(draw, scene, term) for _ in range(draw(_between(0, 2)))]
    if draw(_seldom):
        term.entries["protect"] = [f"flow/{flow['key']}" for flow in term.entries["flows"][:1]]
    _answer(draw, term)
    lives.say(draw, term)
    for plural in sorted(set(PLANNED_KINDS) - set(KNOWN_KINDS)):
        term.entries[plural] = _others(draw, KINDS[plural].model)
    term.one_by_one = {name: term.entries[name] for name in ("flows", "role_assignments")}
    return in_sets(draw, scene, term, FLOWS if draw(_half) else ())


def _answer(draw: Draw, term: Term) -> None:
    """What people say of entries that are not in this term, and of some that are."""
    there = {entry.get("key") for plural in ("users", "flows") for entry in term.entries[plural]}
    there |= {entry["from"].removeprefix("flow/") for entry in term.entries["moved"]}
    gone = [f"flow/{key}" for key in FLOWS if key not in there]
    gone += [f"user/{key}" for key in OWN if key not in there]
    for plural, keys in (("rooms", ROOMS), ("webhooks", WEBHOOKS)):
        stated = {entry["key"] for entry in term.entries[plural]}
        gone += [f"{plural[:-1]}/{key}" for key in keys if key not in stated]
    words = draw(st.lists(_any("removed", "release", ""), min_size=len(gone), max_size=len(gone)))
    for word, address in zip(words, gone, strict=True):
        if word:
            term.entries.setdefault(word, []).append(address)
    if draw(_half):
        term.entries["recreate"] = [f"flow/{flow['key']}" for flow in term.entries["flows"]]


_half = st.booleans()
_mostly = st.sampled_from([True] * 9 + [False])
_often = st.sampled_from([True] * 3 + [False])
_seldom = st.sampled_from([False] * 9 + [True])


@cache
def _any(*values: Any) -> st.SearchStrategy[Any]:
    """One of the values. Kept, as all strategies are: making one takes longer than drawing."""
    return st.sampled_from(values)


@cache
def _some(values: tuple[Any, ...], least: int = 0, most: int | None = None) -> Any:
    """Some of the values, in any order."""
    return st.lists(st.sampled_from(values), unique=True, min_size=least, max_size=most)


@cache
def _orders(values: tuple[Any, ...]) -> Any:
    return st.permutations(values)


@cache
def _between(first: int, last: int) -> st.SearchStrategy[int]:
    return st.integers(first, last)


def _others(draw: Draw, model: type[BaseModel]) -> list[Entry]:
    """Entries of a kind that this module does not know: all that its model says."""
    source = WORDS.some(model, but=frozenset({"key"}))
    keyed = "key" in model.model_fields
    return [
        ({"key": f"k{number}"} if keyed else {}) | draw(source)
        for number in range(draw(_between(0, 2)))
    ]


def _mixed(draw: Draw, old: list[Entry], new: list[Entry]) -> list[Entry]:
    """The entries of both terms; those of both keep some parts as they were."""
    by_name = {_name(entry): entry for entry in old}
    mixed = []
    for entry in new:
        was = by_name.pop(_name(entry), None)
        mixed.append(entry if was is None else _mended(_blend(draw, was, entry)))
    return [*mixed, *(entry for entry in by_name.values() if draw(_mostly))]


def _name(entry: Entry) -> str:
    return str(entry.get("key") or entry.get("csv", "").split("/")[-1])


def _blend(draw: Draw, old: Entry, new: Entry) -> Entry:
    if "csv" in new:
        return (draw(_half) and old) or new
    units: dict[str, str] = dict.fromkeys(ORIGIN, "origin") | dict.fromkeys(WINDOWS, "windows")
    keeps: dict[str, bool] = {}
    found: Entry = {}
    for name in dict.fromkeys((*new, *old)):
        unit = units.get(name, name)
        source = old if keeps.setdefault(unit, draw(_often)) else new
        if name in source:
            found[name] = source[name]
    return found


def _mended(entry: Entry) -> Entry:
    """What a blend can break: exact sets, windows without an end, activation after the start."""
    if entry.get("template") == TEMPLATES[0] and "participation" not in entry:
        entry["template"] = TEMPLATES[1]
    for name in WINDOWS:
        if name in entry and entry.get("template") != TEMPLATES[0]:
            entry[name] = {"length": "2h", **entry[name]}
            if "end" in entry[name]:
                del entry[name]["length"]
    if "secret_version" in entry:
        entry.setdefault("secret", f"${{{next(iter(VARIABLES))}}}")
    if "exact" in entry:
        entry["exact"] = [name for name in entry["exact"] if name in entry]
    start = entry.get("participation", {}).get("start")
    if "activate_from" in entry and start and entry["activate_from"].moment >= start.moment:
        del entry["activate_from"]
    return entry


# ---- webhooks and rooms --------------------------------------------------------------------------


def _webhook(draw: Draw, key: str) -> Entry:
    """A version counts secrets: it is stated with one."""
    return _mended({"key": key, **draw(WORDS.some(WEBHOOK, but=frozenset({"key"})))})


def _room(draw: Draw, key: str) -> Entry:
    """Nearly always what a new room needs."""
    entry: Entry = {"key": key, **draw(WORDS.some(ROOM, but=frozenset({"key"})))}
    for name in ("name", "capacity"):
        if draw(_mostly):
            entry[name] = draw(WORDS.one(ROOM, name))
    return entry


# ---- single participants -------------------------------------------------------------------------


def _of_participants(draw: Draw, scene: Scene, term: Term) -> None:
    """Extra times, and what a few people have of their own."""
    number = draw(_between(0, 2)) if term.entries["flows"] else 0
    term.entries["accommodations"] = [_accommodation(draw, scene, term) for _ in range(number)]
    people = draw(_some((*OWN, *KNOWN), 0, 3)) if term.entries["flows"] else []
    ids = draw(_orders(EXAM_IDS))
    term.entries["individual"] = [
        _individual(draw, term, person, exam_id)
        for person, exam_id in zip(people, ids, strict=False)
    ]


def _accommodation(draw: Draw, scene: Scene, term: Term) -> Entry:
    """Extra time for people, by name or in a file of their own."""
    entry: Entry = {"flows": _selector(draw, term)}
    extra = WORDS.one(ACCOMMODATION, "extra_time")
    if draw(_half):
        return entry | {"people": _people(draw, scene, term), "extra_time": draw(extra)}
    name, is_listed = f"{scene.tag}/extra{len(term.sheets)}.csv", draw(_half)
    rows = KNOWN.values() if is_listed else draw(_some((*OWN, *LISTED), 1))
    column = "nr" if is_listed else draw(_any("key", "who"))
    term.sheets[name] = [[column, "extra_time"], *([row, draw(extra)] for row in rows)]
    entry |= {"csv": name, **({} if column == "key" else {"column": column})}
    return entry | ({"matches": "Student Number"} if is_listed else {})


def _individual(draw: Draw, term: Term, person: str, exam_id: str) -> Entry:
    """What one person has at some exams: no end before theirs, no exam id of somebody else."""
    flows = draw(_some(tuple(flow["key"] for flow in term.entries["flows"]), 1))
    entry: Entry = {"flows": flows, "person": person}
    if draw(_half):
        entry["unique_exam_id"] = exam_id if draw(_often) else None
    if draw(_half):
        entry["timebox"] = draw(WORDS.one(INDIVIDUAL, "timebox"))
    if draw(_half) and '"active"' not in json.dumps(term.entries["role_assignments"], default=str):
        entry["active"] = draw(_half)
    chosen = [flow for flow in term.entries["flows"] if flow["key"] in flows]
    windows = [flow["participation"] for flow in chosen if "participation" in flow]
    starts = [window["start"].moment for window in windows if "start" in window]
    if draw(_half) and len(starts) == len(flows):
        entry["participation"] = {"end": When(in_minutes(max(starts), 4 * DAY), draw(_half))}
        if draw(_half) and len(flows) == 1:
            entry["participation"]["start"] = When(in_minutes(starts[0], 30), local=False)
    elif draw(_half):
        entry["flows"] = _selector(draw, term)
    return entry | ({} if len(entry) > 2 else {"active": True})


# ---- users ---------------------------------------------------------------------------------------


def _users(draw: Draw, scene: Scene, term: Term) -> list[Entry]:
    people = (*OWN, *MEMBERS)
    found = [_user(draw, key, number) for number, key in enumerate(people) if draw(_mostly)]
    return [*found, *([_listed(draw, scene, term)] if draw(_often) else [])]


def _user(draw: Draw, key: str, number: int) -> Entry:
    entry: Entry = {"key": key, **draw(WORDS.some(USER, but=OF_USERS))}
    for name in ("first_name", "last_name"):
        if draw(_mostly) and not (key in MEMBERS and draw(_half)):
            entry[name] = draw(WORDS.one(USER, name))
    if draw(_half):
        entry["emails"] = draw(_some(tuple(f"{part}.{key}" for part in ("a", "B", "c")), 1))
    if draw(_half):
        entry["roles"] = draw(WORDS.one(USER, "roles"))
    if draw(_half):
        entry["data"] = draw(_data(number))
    stated = [name for name in SETS if name in entry]
    if stated and draw(_half):
        entry["exact"] = draw(_some(tuple(stated)))
    if key in MEMBERS or draw(_seldom):
        entry["profile"] = draw(_any(*PROFILES))
    return entry


@cache
def _data(number: int) -> st.SearchStrategy[Entry]:
    """Values that the licence accepts; few of them are of several people, who cannot share them."""
    student = st.sampled_from([f"99{number:02}000{n}" for n in range(3)])
    unic = st.sampled_from([f"unic{number}x{n}" for n in range(3)])
    return st.fixed_dictionaries(
        {},
        optional={
            "Department": st.none() | st.sampled_from(["Law", "Nursing"]),
            "External User Id": st.none() | st.sampled_from([f"X{number}-0", "X-a", "X-b"]),
            "Student Number": st.none() | student | st.lists(student, unique=True),
            "UNIC ID": unic | st.lists(unic, unique=True, min_size=1),
            "User Alias": LINES,
        },
    )


COLUMNS = {
    "first_name": "given",
    "last_name": "family",
    "phone": "phone",
    "emails": "mail",
    "language": "language",
    "login": "login",
    "roles": "roles",
    "data.Student Number": "nr",
    "data.Department": "unit",
}


def _listed(draw: Draw, scene: Scene, term: Term) -> Entry:
    """People of a CSV file, one a row."""
    chosen = draw(_some(tuple(COLUMNS)[2:]))
    columns = ["first_name", "last_name", *chosen]
    key = draw(_any("key", "user"))
    name = f"{scene.tag}/people.csv"
    rows = [[key, *(COLUMNS[column] for column in columns)]]
    for number, person in enumerate(LISTED):
        rows.append([person, *(_cell(draw, column, person, number) for column in columns)])
    term.sheets[name] = rows
    stated: Entry = draw(WORDS.some(USER, but=OF_USERS | set(OF_ONE_PERSON) | set(columns)))
    stated["columns"] = {"key": key, **{column: COLUMNS[column] for column in columns}}
    return {"csv": name, **stated}


def _cell(draw: Draw, column: str, person: str, number: int) -> str:
    """A cell; an empty one states nothing."""
    if column in ("first_name", "last_name"):
        return str(draw(LINES))
    cells = {
        "emails": [f"a.{person}", f"a.{person}; b.{person}"],
        "roles": ["Participant", "Assessor,Author"],
        "language": ["en", "da"],
        "login": ["enabled", "disabled"],
        "data.Student Number": [f"98{number:02}0000"],
    }
    return str(draw(_any("", *cells.get(column, ["Law", "Ström"]))))


def _profile(draw: Draw, key: str) -> Entry:
    """A profile; that of rosters has no `modified_since`, and always somebody."""
    members = draw(WORDS.some(PROFILE.model_fields["members"].annotation))
    if key == PROFILES[0]:
        members.pop("modified_since", None)
        members |= {"unit": "Civil Engineering", "title": "Professor"}
    fill = draw(_some(tuple(FILLS), 1))
    entry: Entry = {"key": key, "members": members, "fill": {name: FILLS[name] for name in fill}}
    required: Entry = {"match": {"user": "key", "member": "login_name"}}
    return entry | required | draw(WORDS.some(PROFILE, but=OF_PROFILES))


# ---- people --------------------------------------------------------------------------------------


def _rosters(draw: Draw, scene: Scene, term: Term) -> list[Entry]:
    """Each may contain those before it."""
    found: list[Entry] = []
    for number, key in enumerate(ROSTERS):
        entry: Entry = {"key": key, **_table(draw, scene, term, ROSTERS[:number])}
        if draw(_seldom):
            entry["profile"] = PROFILES[0]
        found.append(entry | draw(WORDS.some(ROSTER, but=OF_PEOPLE)))
    return found


def _keys(draw: Draw) -> list[str]:
    """People by key, as careless people write it; seldom somebody whom nobody knows."""
    everyone = (*OWN, *OWN, *LISTED, *MEMBERS, *KNOWN)
    keys = draw(_some(everyone, 0, 4))
    keys = [key.swapcase() if draw(_seldom) else key for key in keys]
    return [*keys, *([GHOST] if draw(_seldom) and draw(_seldom) else [])]


def _people(draw: Draw, scene: Scene, term: Term) -> list[str] | Entry:
    if draw(_often):
        return _keys(draw)
    return _table(draw, scene, term, ROSTERS)


def _table(draw: Draw, scene: Scene, term: Term, rosters: Iterable[str]) -> Entry:
    """The one shape for people, as a mapping."""
    entry: Entry = {}
    if draw(_half):
        entry["rosters"] = [key for key in draw(_some((*rosters, ""))) if key]
    if draw(_half):
        entry |= _column(draw, scene, term)
    if draw(_half) or not entry:
        entry["users"] = _keys(draw)
    return entry


def _column(draw: Draw, scene: Scene, term: Term) -> Entry:
    name = f"{scene.tag}/{len(term.sheets)}.csv"
    if draw(_half):
        term.sheets[name] = [["nr"], *([nr] for nr in KNOWN.values())]
        return {"csv": name, "column": "nr", "matches": "Student Number"}
    column = draw(_any("key", "login"))
    chosen = draw(_some((*OWN, *LISTED), 1))
    term.sheets[name] = [["name", column], *(["N. N.", key] for key in chosen)]
    return {"csv": name, **({} if column == "key" else {"column": column})}


# ---- flows ---------------------------------------------------------------------------------------


def _template(draw: Draw, scene: Scene, key: str) -> Entry:
    """The first says how long exams last, the second at times when they are."""
    entry: Entry = {"key": key, **draw(WORDS.some(TEMPLATE, but=OF_FLOWS))}
    entry |= _origin(draw, ("FLOWassign", "FLOWlock"), ())
    attach(draw, entry)
    examine(draw, scene, entry)
    if draw(_seldom):
        entry["title"] = draw(LINES)
    if key == TEMPLATES[0]:
        entry |= {"participation": {"length": "2h"}, "marking": {"length": "14d"}}
    elif draw(_half):
        entry |= _windows(draw, scene, "draft")
    if draw(_seldom):
        entry["lifecycle"] = "active"
        if draw(_half):
            entry["activate_from"] = When(in_minutes(BEGIN, -200 * DAY), local=False)
    return _mended(entry)


def _origin(draw: Draw, types: Iterable[str], others: Iterable[str]) -> Entry:
    """What a flow is made from: a type, or another flow."""
    if draw(_often):
        return {"type": draw(_any(*types))}
    copied: Entry = {"flow": draw(_any(*SOURCES, *others))}
    words = tuple(sorted(INCLUDABLE))
    if draw(_half):
        copied["include"] = draw(_some(words))
    elif draw(_half):
        # Of a template several flows could be the reassessment of one.
        copied["reassessment"] = bool(others) and draw(_half)
    return {"copy_from": copied}


def _flow(draw: Draw, scene: Scene, key: str) -> Entry:
    entry: Entry = {"key": key, **draw(WORDS.some(FLOW, but=OF_FLOWS))}
    attach(draw, entry)
    if draw(_mostly):
        entry["title"] = draw(WORDS.one(FLOW, "title"))
    state = draw(_any(*STATES))
    if not draw(_often):
        entry["template"] = draw(_any(*TEMPLATES))
    else:
        types = ("FLOWassign", draw(WORDS.one(FLOW, "type")))
        entry |= _origin(draw, types, FLOWS[: FLOWS.index(key)])
    if is_oral(draw):
        entry = {name: value for name, value in entry.items() if name not in ORIGIN}
        entry["type"] = ORAL
    examine(draw, scene, entry)
    if entry.get("type") != ORAL or draw(_seldom):
        entry |= _windows(draw, scene, state)
    if state != "draft":
        is_over = state in ("concluded", "archived") and "template" not in entry
        entry["lifecycle"] = "archived" if is_over and draw(_half) else "active"
        if draw(_often):
            entry["content"] = "none"
    elif "template" not in entry and draw(_half):
        entry["lifecycle"] = "draft"
    if entry.get("lifecycle") == "active" and draw(_seldom):
        minutes = draw(_any(-2 * DAY, DAY))
        moment = in_minutes(draw(_any(BEGIN, scene.now)), minutes)
        entry["activate_from"] = When(moment, local=draw(_half))
    return _mended(entry)


def _windows(draw: Draw, scene: Scene, state: str) -> Entry:
    """Both windows, such that an active flow is in this state by the scene's time."""
    if draw(_seldom):
        return {}
    edges, moment = [], scene.now
    for earliest, latest in OFFSETS[state]:
        # Odd minutes, so that no edge meets the time of a test.
        moment = in_minutes(moment, draw(_between(earliest // 10, latest // 10)) * 10 + 1)
        edges.append(moment)
    start, end, marked_from, marked_by = edges
    local = draw(_half)
    participation: Entry = {"start": When(start, local)}
    if draw(_mostly):
        participation |= _ending(start, end, local, as_length=draw(_half))
    else:
        participation["length"] = "1h30m"
    marking = {"start": When(marked_from, local)}
    marking |= _ending(marked_from, marked_by, local, as_length=draw(_seldom))
    if state == "draft" and draw(_seldom):
        # For the template to say.
        return {"participation": {"start": When(start, local)}, "marking": marking}
    return {"participation": participation, "marking": marking}


def _ending(start: datetime, end: datetime, local: bool, *, as_length: bool) -> Entry:
    minutes = int((end - start).total_seconds()) // 60
    length = {"length": f"{minutes // 60}h{minutes % 60}m"}
    return length if as_length else {"end": When(end, local)}


# ---- roles ---------------------------------------------------------------------------------------


def role_fields() -> Mapping[str, Any]:
    """The roles of a role assignment with their types: fields that people stand in."""
    return {
        name: hint
        for name, hint in hints(ROLES).items()
        if any(issubclass(model, PeopleTable) for model in models_in(hint))
    }


ROLE_FIELDS = role_fields()
OF_ROLES = frozenset({"flows", "assessor_groups", "room_bookings", "slots", *ROLE_FIELDS})


def _assignments(draw: Draw, scene: Scene, term: Term, before: Term | None) -> list[Entry]:
    """One entry for each flow, and at times one that several flows share."""
    assigned = before.one_by_one["role_assignments"][:-1] if before else []
    old = {entry["flows"][0]: entry for entry in assigned}
    found = []
    for flow in term.entries["flows"]:
        key = flow["key"]
        entry: Entry = {
            "flows": [key],
            **draw(WORDS.some(ROLES, but=OF_ROLES)),
        }
        for role, hint in ROLE_FIELDS.items():
            if draw(_half) or role == "managers":
                entry[role] = _role(draw, scene, term, hint)
        if draw(_mostly):
            entry["managers"] = _with(OWN[0], entry["managers"])
        allocate(draw, flow, entry, lambda: _table(draw, scene, term, ROSTERS))
        book(draw, scene, entry, lambda: _table(draw, scene, term, ROSTERS))
        seat(draw, flow, entry, lambda: _table(draw, scene, term, ROSTERS))
        was = old.get(key)
        found.append(entry if was is None else _blend(draw, was, entry))
    return [*found, _shared(draw, term)]


def _with(person: str, people: list[str] | Entry) -> list[str] | Entry:
    """The people and this one: a flow is made only with a manager."""
    keys = people if isinstance(people, list) else people.get("users", [])
    keys = [person, *(key for key in keys if key.casefold() != person)]
    return keys if isinstance(people, list) else people | {"users": keys}


def _shared(draw: Draw, term: Term) -> Entry:
    """An entry that several flows share."""
    if not term.entries["flows"]:
        return {"flows": [], "managers": []}
    return {"flows": _selector(draw, term), "managers": [OWN[1]]}


def _selector(draw: Draw, term: Term) -> Entry:
    """Flows by what they have; there is one at least."""
    selectors: list[Entry] = [{"key": "F*"}]
    for flow in term.entries["flows"]:
        stated = {name: flow[name] for name in ("term", "code", "purpose") if flow.get(name)}
        selectors += [{name: value} for name, value in stated.items()]
    return selectors[draw(_between(0, len(selectors) - 1))]


def _role(draw: Draw, scene: Scene, term: Term, hint: Any) -> Any:
    """People of one role; where the model has flags, some of them with flags."""
    models = models_in(hint)
    flagged = [model for model in models if "people" in model.model_fields]
    if not flagged:
        return _people(draw, scene, term)
    shape = draw(_any("one by one", "one by one", "one by one", "table", "together"))
    if shape == "one by one":
        return [_with_flags(draw, key, flagged[0]) for key in _keys(draw)]
    table = _table(draw, scene, term, ROSTERS)
    if shape == "together":
        return [{"people": table, **draw(WORDS.some(flagged[0], but=OF_PEOPLE))}]
    tables = [model for model in models if issubclass(model, PeopleTable)]
    return {**table, **draw(WORDS.some(tables[-1], but=OF_PEOPLE))}


def _with_flags(draw: Draw, key: str, model: type[BaseModel]) -> Any:
    if draw(_half):
        return key
    shape = [key] if draw(_half) else {"users": [key]}
    return {"people": shape, **draw(WORDS.some(model, but=OF_PEOPLE))}


# ---- flow sets -----------------------------------------------------------------------------------


def in_sets(draw: Draw, scene: Scene, term: Term, keys: Iterable[str] = FLOWS) -> Term:
    """The term with flow sets for some of its flows, which say of them what their entries said."""
    roles = {entry["flows"][0]: entry for entry in term.entries["role_assignments"][:-1]}
    flows = [flow for flow in term.entries["flows"] if flow["key"] in keys and draw(_often)]
    sets: list[Entry] = []
    sheets, found = dict(term.sheets), []
    while flows:
        name = f"{scene.tag}/set{len(sets)}.csv"
        size, entry, sheet = _longest_set(draw, name, flows, roles)
        sets.append(entry)
        sheets[name] = sheet
        found += [flow["key"] for flow in flows[:size]]
        flows = flows[size:]
    entries = dict(term.entries)
    entries["flow_sets"] = sets
    entries["flows"] = [flow for flow in entries["flows"] if flow["key"] not in found]
    entries["role_assignments"] = [
        one
        for one in entries["role_assignments"]
        if one["flows"] and one not in [roles[key] for key in found]
    ]
    return Term(entries, sheets, term.one_by_one)


def _longest_set(
    draw: Draw, name: str, flows: list[Entry], roles: Mapping[str, Entry]
) -> tuple[int, Entry, Sheet]:
    """A set of as many of the flows as one can say, one at least; their number, it and its file."""
    for size in range(len(flows), 0, -1):
        weaver = Weaver(lambda: bool(draw(_half)))
        mine = [roles[flow["key"]] for flow in flows[:size]]
        with suppress(UnwovenError):
            return size, weaver.woven(name, flows[:size], mine), weaver.sheet()
    raise UnwovenError(flows[0]["key"])


# ---- what is allowed -----------------------------------------------------------------------------


def _allow(draw: Draw, scene: Scene, term: Term) -> Entry:
    """An allowance: one name, and what that name is about."""
    way = draw(_any("remove", "hazard", "guard"))
    name = draw(_any(*{"remove": ROLE_FIELDS, "hazard": HAZARDS, "guard": GUARDS}[way]))
    subject = SUBJECTS.get(name, "flows")
    flows = [flow["key"] for flow in term.entries["flows"]]
    users = [user["key"] for user in term.entries["users"] if "key" in user]
    chosen = {"flows": flows, "users": users, "profiles": [*PROFILES], "kind": "flow"}
    chosen |= {"rooms": [*ROOMS], "webhooks": [*WEBHOOKS]}
    if subject and not chosen[subject]:
        return _allow(draw, scene, term)
    entry: Entry = {way: name, "until": When(in_minutes(scene.now, DAY), local=draw(_half))}
    if subject:
        # What has left the manifests is selected by its key alone.
        by_what = subject == "flows" and name != "deletion" and draw(_half)
        entry[subject] = _selector(draw, term) if by_what else chosen[subject]
    entry["reason"] = draw(LINES)
    return entry | draw(WORDS.some(ALLOW, but=OF_ALLOWANCES))
