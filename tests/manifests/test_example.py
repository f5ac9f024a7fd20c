"""The committed example is whole, realistic, and names people whom the sandbox knows."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.sandbox.institution import Institution, build_institution
from engine.sandbox.institution.people import (
    SECOND_DEPARTMENT,
    academics,
    externals,
    office,
    office_phone,
    students,
)

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "manifests"
FILES = sorted(MANIFESTS.rglob("*.yaml"))
CLOCK_START = datetime(2027, 1, 11, 8, 0)
LICENCE_ROLE = {
    "managers": "Manager",
    "authors": "Author",
    "assessors": "Assessor",
    "reviewers": "Reviewer",
    "invigilators": "Invigilator",
}


def _entries(kind: str) -> list[dict[str, Any]]:
    # Read without the engine, so that the two cannot agree by mistake; "pure" reads dates alike.
    documents = [YAML(typ="safe", pure=True).load(path) for path in FILES]
    entries = [dict(entry) for document in documents for entry in document.get(kind, ())]
    sets = [one for document in documents for one in document.get("flow_sets", ())]
    return entries + [entry for one in sets for entry in _written_out(one, kind)]


def _written_out(flow_set: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """What a flow set says of a kind, row by row."""
    rows = _rows(flow_set["csv"])
    flows = [_filled(flow_set["flow"], row) for row in rows]
    if kind == "flows":
        return flows
    roles = [_filled(flow_set["roles"], row) for row in rows]
    assigned = zip(flows, roles, strict=True)
    return [{"flows": [f["key"]], **r} for f, r in assigned if kind == "role_assignments"]


def _filled(value: Any, row: dict[str, str]) -> Any:
    """The value with cells for columns; what comes to nothing is left out."""
    if isinstance(value, dict):
        return {key: found for key, one in value.items() if (found := _filled(one, row)) != ""}
    if isinstance(value, list):
        return [found for one in value if (found := _filled(one, row)) != ""]
    return value.format(**row) if isinstance(value, str) else value


def _users() -> dict[str, dict[str, Any]]:
    return {entry["key"]: entry for entry in _entries("users") if "key" in entry}


def _rows(name: str) -> list[dict[str, str]]:
    text = (MANIFESTS / name).read_text(encoding="utf-8-sig")
    delimiter = ";" if ";" in text.splitlines()[0] else ","
    return list(csv.DictReader(text.splitlines(), delimiter=delimiter))


def _flows() -> list[dict[str, Any]]:
    templates = {template["key"]: template for template in _entries("flow_templates")}
    return [templates[flow["template"]] | flow for flow in _entries("flows")]


def _profile_members(institution: Institution, profile: dict[str, Any]) -> set[str]:
    options = institution.uniweb["options"]
    wanted = profile["members"]
    units = {o["id"] for o in options["units"] if o["en"][0] == wanted["unit"]}
    titles = {o["id"] for o in options["titles"] if wanted.get("title") in (None, o["en"][0])}
    members = institution.uniweb["members"]
    return {m["login_name"] for m in members if units & set(m["units"]) and m["title"] in titles}


def _people(shape: Any, institution: Institution) -> set[str]:
    """The staff of one shape for people: keys, or a mapping of users and rosters."""
    if isinstance(shape, list):
        return set(shape)
    found = set(shape.get("users", ()))
    rosters = {roster["key"]: roster for roster in _entries("rosters")}
    profiles = {profile["key"]: profile for profile in _entries("profiles")}
    for name in shape.get("rosters", ()):
        found |= _profile_members(institution, profiles[rosters[name]["profile"]])
    return found


def _seats(role: str, value: Any, institution: Institution) -> set[str]:
    if role in {"managers", "authors"}:
        return _people(value, institution)
    found: set[str] = set()
    for entry in value:
        found |= {entry} if isinstance(entry, str) else _people(entry["people"], institution)
    return found


def test_the_example_is_valid() -> None:
    command = [sys.executable, "-m", "engine", "--dir", str(ROOT), "validate"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_tells_editors_where_its_schema_is(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(.+)", first)
    assert found
    assert (path.parent / found[1]).resolve() == ROOT / "schemas" / "manifest.schema.json"


def test_the_staff_are_those_whom_the_sandbox_knows() -> None:
    users = _users()
    profiles = {profile["key"]: profile["members"]["unit"] for profile in _entries("profiles")}
    assert set(users) == {member.key for member in (*academics(), *office(), *externals())}
    for member in (*academics(), *office(), *externals()):
        assert tuple(users[member.key]["roles"]) == member.roles
        assert users[member.key]["emails"] == [member.key]
    for member in academics():
        assert profiles[users[member.key]["profile"]] == member.department
        assert "first_name" not in users[member.key]
    for member in (*office(), *externals()):
        stated = users[member.key]
        assert (stated["first_name"], stated["last_name"]) == (member.first_name, member.last_name)
    for member in office():
        assert users[member.key]["phone"] == office_phone(member)


def test_uniweb_answers_for_everyone_who_has_a_profile_and_once_where_one_value_is_wanted() -> None:
    institution = build_institution()
    profiles = {profile["key"]: profile for profile in _entries("profiles")}
    for key, user in _users().items():
        if "profile" in user:
            assert key in _profile_members(institution, profiles[user["profile"]])
    undecided = [k for k in SECOND_DEPARTMENT if "Department" not in _users()[k].get("data", {})]
    assert undecided == []


def test_the_students_are_those_of_the_sandbox_and_each_sits_in_one_roster() -> None:
    rows = [tuple(row.values()) for row in _rows("people/students.csv")]
    assert rows == [
        (s.key, s.first_name, s.last_name, s.email, s.student_number) for s in students()
    ]
    seated = [
        row[roster.get("column", "key")]
        for roster in _entries("rosters")
        if "csv" in roster
        for row in _rows(roster["csv"])
    ]
    assert len(seated) == len(set(seated)) == 240
    assert set(seated) <= {s.key for s in students()} | {s.student_number for s in students()}


def test_those_who_have_longer_sit_exams_of_the_example() -> None:
    sitting = {row["key"] for row in _rows("rosters/mathematics.csv")}
    for entry in _entries("accommodations"):
        assert set(entry["people"]) <= sitting


def test_everyone_holds_the_licence_role_that_a_seat_needs() -> None:
    institution, users = build_institution(), _users()
    lacking = [
        (entry["flows"], role, key)
        for entry in _entries("role_assignments")
        for role, needed in LICENCE_ROLE.items()
        for key in _seats(role, entry.get(role, []), institution)
        if needed not in users[key]["roles"]
    ]
    assert lacking == []


def test_who_decides_on_a_grade_did_not_assess() -> None:
    institution = build_institution()
    for entry in _entries("role_assignments"):
        deciding = [r for r in entry.get("reviewers", ()) if r.get("decides_final_grade")]
        assessors = _seats("assessors", entry.get("assessors", []), institution)
        assert not _seats("reviewers", deciding, institution) & assessors, entry["flows"]


def test_what_flows_copy_from_stands_in_the_sandbox_with_the_same_type() -> None:
    live = {s["reference"]: f for f in build_institution().flows for s in f["externalSources"]}
    copied = [flow for flow in _flows() if "copy_from" in flow]
    assert (len(_flows()), len(copied)) == (24, 21)
    for flow in copied:
        source = live[f"wisectl-{flow['copy_from']['flow']}"]
        assert source["type"] == flow["type"]
        assert source["assignments"]
    assert all(flow.get("content") == "none" for flow in _flows() if "copy_from" not in flow)


def test_exams_lie_ahead_on_weekdays_and_are_activated_before_they_start() -> None:
    for flow in _flows():
        start, marking = _moment(flow["participation"]["start"]), flow["marking"]
        assert start.weekday() < 5, flow["key"]
        assert start > CLOCK_START + timedelta(weeks=2)
        assert start < _moment(marking["start"])
        assert "length" in marking or _moment(marking["start"]) < _moment(marking["end"])
        if "activate_from" in flow:
            assert CLOCK_START < _moment(flow["activate_from"]) < start


def test_the_term_shows_every_way_of_activation() -> None:
    active = [flow for flow in _flows() if flow["lifecycle"] == "active"]
    waiting = [flow for flow in active if "activate_from" in flow]
    drafts = [flow for flow in _flows() if flow["lifecycle"] == "draft"]
    assert (len(active) - len(waiting), len(waiting), len(drafts)) == (3, 18, 3)


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
