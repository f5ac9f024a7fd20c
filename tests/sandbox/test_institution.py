"""Northfield is the same for the same seed, and names what the example names under every seed."""

from __future__ import annotations

import json
import re
import time
from dataclasses import fields
from typing import Any

import pytest

from engine.sandbox.institution import Institution, build_institution
from engine.sandbox.institution.people import academics, externals, office, students

SEEDS = (0, 1, 4711)


def _bytes(institution: Institution) -> bytes:
    rows = {f.name: getattr(institution, f.name) for f in fields(institution)}
    return json.dumps(rows, ensure_ascii=False).encode()


def _emails(institution: Institution) -> list[str]:
    return [e["email"].lower() for user in institution.users for e in user["emails"]]


def _values(institution: Institution, data_type: str) -> list[str]:
    type_id = next(t["id"] for t in institution.user_data_types if t["name"] == data_type)
    return [
        value["value"]
        for user in institution.users
        for value in user["data"]
        if value["userDataTypeId"] == type_id
    ]


@pytest.mark.parametrize("size", ["small", "university"])
def test_one_seed_gives_the_same_bytes(size: str) -> None:
    assert _bytes(build_institution(7, size)) == _bytes(build_institution(7, size))


def test_another_seed_moves_server_ids_and_strangers() -> None:
    one, other = build_institution(1), build_institution(2)
    assert {u["id"] for u in one.users} != {u["id"] for u in other.users}
    assert [r["roleId"] for r in one.roles] != [r["roleId"] for r in other.roles]
    assert _emails(one) != _emails(other)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_example_names_is_the_same_under_every_seed(seed: int) -> None:
    first, institution = build_institution(0), build_institution(seed)
    for field, name in (
        ("roles", "name"),
        ("user_data_types", "name"),
        ("flow_types", "name"),
        ("grading_scales", "name"),
        ("assessor_types", "title"),
    ):
        rows: list[dict[str, Any]] = getattr(institution, field)
        assert [r[name] for r in rows] == [r[name] for r in getattr(first, field)]
    assert institution.uniweb == first.uniweb
    example = {p.key for p in (*academics(), *office(), *externals(), *students())}
    known = set(_values(institution, "Personal Organisation Id"))
    assert example & known == example & set(_values(first, "Personal Organisation Id"))
    references = [s["reference"] for f in institution.flows for s in f["externalSources"]]
    assert references[:2] == ["wisectl-template-written", "wisectl-template-lockdown"]


@pytest.mark.parametrize("size", ["small", "university"])
def test_ids_and_unique_values_are_unique(size: str) -> None:
    institution = build_institution(3, size)
    for rows in (institution.users, institution.flows, institution.user_data_types):
        assert len({r["id"] for r in rows}) == len(rows)
    assert len(set(_emails(institution))) == len(institution.users)
    for data_type in institution.user_data_types:
        values = [v.lower() for v in _values(institution, data_type["name"])]
        assert all(re.search(data_type["pattern"], v, re.IGNORECASE) for v in values)
        if data_type["unique"] or data_type["name"] == "Student Number":
            assert len(set(values)) == len(values), data_type["name"]


def test_three_quarters_of_the_staff_and_half_of_the_students_stand_in_wiseflow() -> None:
    institution = build_institution()
    known = set(_values(institution, "Personal Organisation Id"))
    assert len(institution.users) == 300
    assert sum(p.key in known for p in academics()) == 45
    assert sum(p.key in known for p in students()) == 120


def test_some_of_those_who_stand_there_are_right_and_some_are_not() -> None:
    institution = build_institution()
    names = {u["emails"][0]["email"]: u for u in institution.users}
    there = [(p, names[p.key]) for p in academics() if p.key in names]
    stale = [p.key for p, user in there if user["lastName"] != p.last_name]
    bare = [p.key for p, user in there if len(user["data"]) == 2]
    assert (len(stale), len(bare)) == (5, 15)
    assert len(_values(institution, "Department")) > 15


def test_every_seat_refers_to_a_user() -> None:
    institution = build_institution(5)
    users = {u["id"] for u in institution.users}
    for flow in institution.flows:
        seats = {*flow["managers"], *flow["authors"]}
        for role in ("assessors", "reviewers", "invigilators", "participants"):
            seats |= {seat["userId"] for seat in flow[role]}
        assert flow["managers"]
        assert seats <= users


def test_every_phone_number_is_fictional_or_marked_as_odd() -> None:
    phones = [u["phone"] for u in build_institution().users if u["phone"]]
    odd = [p for p in phones if not re.fullmatch(r"\+44 1632 960\d{3}", p)]
    assert odd == ["01632960909", "960 4"]


def test_a_university_of_thirty_thousand_is_built_within_seconds() -> None:
    started = time.process_time()
    institution = build_institution(0, "university")
    assert time.process_time() - started < 10
    assert (len(institution.users), len(institution.flows)) == (30_000, 3_000)


def test_an_unknown_size_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="small, university"):
        build_institution(0, "huge")
