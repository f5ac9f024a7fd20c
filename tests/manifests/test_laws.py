"""Laws of reading a whole folder: hostile changes, order, and size."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

from engine.allocation_entries import Circle
from tests.laws.scene import BEGIN, Scene
from tests.laws.terms import Term, in_sets, terms
from tests.manifests.repositories import load, problems_of, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from engine.model import DesiredRole, DesiredState, Stated

PEOPLE = """\
users:
  - key: ada@x.org
    first_name: Ada
    language: en
    phone: "+44 1632 960001"
    emails: [ada@x.org, lovelace@x.org]
    roles: [Assessor]
    data: {External User Id: E10042, Student Number: ["004217"]}
    login: enabled
    exact: [roles]
    profile: staff
  - csv: students.csv
    columns: {key: login, first_name: given, emails: mail, data.Student Number: nr}
    roles: [Participant]
profiles:
  - key: staff
    members: {unit: Civil Engineering, title: Professor}
    language: en
    match: {user: key, member: login_name}
    fill: {last_name: profile/membership_information.last_name, data.Department: a/b.c}
rosters:
  - {key: class, csv: students.csv, column: nr, matches: Student Number}
  - {key: panel, users: [grace@x.org], rosters: [class]}
  - {key: professors, profile: staff}
"""
EXAMS = """\
flow_templates:
  - key: written
    type: FLOWassign
    copy_from: {flow: template-written, include: [settings, rubrics]}
    purpose: EXAMINATION
    term: Spring 2027
flows:
  - key: math101-2027s
    template: written
    title: Mathematics 101
    description: Four hours, all aids allowed.
    participation: {start: 2027-05-03 09:00, length: 4h}
    marking: {start: 2027-05-05 12:00, end: 2027-05-24T12:00:00+02:00}
    lifecycle: active
    activate_from: 2027-04-19 08:00
  - {key: draft-one, content: none}
role_assignments:
  - flows: [math101-2027s]
    managers: [kim@x.org]
    participants: {rosters: [class], users: [guest@x.org]}
    assessors:
      - {people: [ada@x.org], type: Internal}
      - grace@x.org
    reviewers: [{people: {rosters: [panel]}, allocated_to_all: true}]
    invigilators: [{people: {csv: students.csv, column: login}, head: false}]
  - flows: {term: Spring 2027, key: math*}
    managers: [office@x.org]
    membership: add_only
"""
STUDENTS = "login,given,mail,nr\ns1@x.org,Bo,s1@x.org,01\ns2@x.org,Al,s2@x.org,02\n"
FILES = {"people.yaml": PEOPLE, "exams.yaml": EXAMS, "students.csv": STUDENTS}
WORDS = [
    "\n", "  ", ": ", "- ", "[]", "{}", "~", '""', "true", "17", "1e5", "yes", "[a]", "{a: b}", "x",
    "key", "csv", "users", "null", "\t", "2027-02-30 09:00", "0h", "é", '"', ",", "}", "]", "*a",
]  # fmt: skip


@st.composite
def mutations(draw: st.DrawFn) -> dict[str, str]:
    """The valid files with a few words put in or taken out, one file perhaps gone."""
    files = dict(FILES)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(files)))
        text = files[name]
        cuts = [i for i, c in enumerate(text) if not c.isalnum()] or [0]
        start = draw(st.sampled_from(cuts))
        end = min(len(text), start + draw(st.integers(0, 12)))
        files[name] = text[:start] + draw(st.sampled_from(WORDS)) + text[end:]
    return files


def test_the_unchanged_files_are_valid(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    assert load(tmp_path).counts == {
        "files": 2, "users": 3, "flows": 2, "profiles": 1, "rosters": 3, "csv_rows": 2, "seats": 12,
    }  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations())
@example({**FILES, "people.yaml": "users: [{data: {'': []}}]"})
def test_whatever_is_changed_only_problems_inside_the_files_come(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]
) -> None:
    root = tmp_path_factory.mktemp("repository")
    write(root, files)
    for problem in problems_of(root):
        place = problem.location
        text = files[place.file.removeprefix("manifests/")]
        lines = text.replace("\r\n", "\n").split("\n")
        assert 1 <= place.line <= len(lines), problem
        assert 1 <= place.column <= len(lines[place.line - 1]) + 1, problem


def test_how_entries_are_spread_over_files_means_nothing(tmp_path: Path) -> None:
    write(tmp_path / "one", {"all.yaml": PEOPLE + EXAMS, "students.csv": STUDENTS})
    write(tmp_path / "two", {"z/people.yaml": PEOPLE, "a.yaml": EXAMS, "students.csv": STUDENTS})
    one, two = load(tmp_path / "one"), load(tmp_path / "two")
    assert list(one.resources) == list(two.resources)
    for address, desired in one.resources.items():
        other = two.resources[address]
        values = {path: stated.value for path, stated in desired.fields.items()}
        assert values == {path: stated.value for path, stated in other.fields.items()}
        for name, found in desired.roles.items():
            people = [(seat.person, set(seat.flags)) for seat in found.seats]
            assert people == [(s.person, set(s.flags)) for s in other.roles[name].seats]


SCENE = Scene("term", BEGIN + timedelta(days=100))


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_flow_set_means_what_its_flows_mean_when_they_are_written_out_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    term = data.draw(terms(SCENE)).without_unknown_kinds()
    plain = Term({**term.entries, **term.one_by_one, "flow_sets": []}, term.sheets)
    woven = data.draw(st.composite(in_sets)(SCENE, plain))
    root = tmp_path_factory.mktemp("terms")
    write(root / "plain", plain.files())
    write(root / "woven", woven.files())
    note("\n".join(f"-- {name}\n{text}" for name, text in woven.files().items()))
    assert meant(load(root / "woven")) == meant(load(root / "plain"))


def meant(state: DesiredState) -> dict[str, Any]:
    """All that a state says, but for places and the order of people."""
    return {
        str(address): (
            {path: stated.value for path, stated in desired.fields.items()},
            {name: _role(role) for name, role in desired.roles.items()},
            (desired.exact, desired.profile),
        )
        for address, desired in state.resources.items()
    } | {"allowed": [replace(one, location=None) for one in state.allowances]}


def _role(role: DesiredRole) -> tuple[Any, ...]:
    seats = {(one.person.identity, _flags(one.flags)) for one in role.seats}
    profiles = {(one.profile, _flags(one.flags)) for one in role.profiles}
    return role.membership, role.owner and role.owner.identity, role.is_all, seats, profiles


def _flags(flags: Mapping[str, Stated]) -> frozenset[tuple[str, Any]]:
    return frozenset((name, _meant(stated.value)) for name, stated in flags.items())


def _meant(value: Any) -> Any:
    """A flag's value; of a circle of people, who they are."""
    if not isinstance(value, Circle):
        return value
    people = frozenset(one.person.identity for one in value.seats)
    return value.is_all, people, frozenset(one.profile for one in value.profiles)


def test_reading_twice_says_the_same(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    assert load(tmp_path) == load(tmp_path)
    write(tmp_path, {"broken.yaml": "flows: [{key: 1, titel: x}, {template: a}]\nx: []\n"})
    assert problems_of(tmp_path) == problems_of(tmp_path)


def test_a_term_of_three_thousand_exams_is_read_in_seconds(tmp_path: Path) -> None:
    flows = ["flow_templates: [{key: written, type: FLOWassign, term: Spring 2027}]\nflows:\n"]
    roles = ["role_assignments:\n  - {flows: {term: Spring 2027}, managers: [office@x.org]}\n"]
    for n in range(3000):
        flows.append(
            f"  - {{key: e-{n}, template: written, title: Exam {n}, "
            "participation: {start: 2027-05-03 09:00, length: 4h}, "
            "marking: {start: 2027-05-05 12:00, end: 2027-05-24 12:00}}\n"
        )
        roles.append(
            f"  - flows: [e-{n}]\n    participants: {{rosters: [r-{n % 100}]}}\n"
            "    assessors: [{people: [a@x.org], type: Internal}]\n"
        )
    rosters = [f"  - {{key: r-{n}, csv: r{n}.csv, matches: Student Number}}\n" for n in range(100)]
    users = "users:\n  - {csv: u.csv, columns: {key: k, emails: k, data.Student Number: n}}\n"
    files = {
        f"r{n}.csv": "key\n" + "".join(f"{n * 300 + i:06}\n" for i in range(300))
        for n in range(100)
    }
    files["u.csv"] = "k,n,x\n" + "".join(f"s{n}@x.org,{n:06},x\n" for n in range(30_000))
    yaml = {
        "f.yaml": "".join(flows),
        "r.yaml": "".join(roles),
        "p.yaml": "rosters:\n" + "".join(rosters) + users,
    }
    write(tmp_path, {**files, **yaml})
    started = time.process_time()
    state = load(tmp_path)
    assert time.process_time() - started < 20
    assert state.counts["seats"] == 3000 * 302
    assert state.counts["users"] == 30_000


def test_a_set_of_five_thousand_flows_is_read_in_seconds(tmp_path: Path) -> None:
    exams = """
flow_templates: [{key: written, type: FLOWassign}]
flow_sets:
  - csv: set.csv
    flow: {key: "{code}-2027s", template: written, title: "{code} {title}", term: Spring 2027,
      participation: {start: "{day} {time}", length: "{length}"},
      marking: {start: "{from}", end: "{by}"}}
    roles: {managers: [office@x.org], authors: ["{lead}"], assessors: [{people: ["{lead}"],
      type: Internal}], reviewers: [{people: ["{second}"], allocated_to_all: "{all}"}],
      participants: {rosters: ["{class}"], users: ["{guest}"]}}
rosters:
"""
    exams += "".join(f"  - {{key: r{n}, users: [s{n}@x.org]}}\n" for n in range(50))
    rows = ["code,title,day,time,length,from,by,lead,second,all,class,guest\n"]
    rows += [
        f"c{n},Exam,2027-05-{3 + n % 20:02},09:00,4h,2027-06-01 12:00,2027-06-20 12:00,"
        f"l{n % 99}@x.org,{'x@x.org' * (n % 2)},true,r{n % 50},\n"
        for n in range(5000)
    ]
    write(tmp_path, {"m.yaml": exams, "set.csv": "".join(rows)})
    started = time.process_time()
    state = load(tmp_path)
    assert time.process_time() - started < 10
    assert state.counts["flows"] == 5000
    assert state.counts["seats"] == 5000 * 4 + 2500


def test_five_thousand_wrong_rows_are_told_in_seconds(tmp_path: Path) -> None:
    exams = """
flow_sets:
  - csv: set.csv
    flow: {key: "{code}", type: "{type}", titel: x, participation: {start: "{start}", length: 1h},
      marking: {start: "{start}", length: 14d}}
    roles: {participants: {rosters: ["{class}"]}, assessors: [{people: ["{lead}"], typ: Internal}]}
"""
    rows = [f"c {n},FLOWasign,soon,r{n},l{n}@x.org\n" for n in range(5000)]
    content = "code,type,start,class,lead\n" + "".join(rows)
    write(tmp_path, {"m.yaml": exams, "set.csv": content})
    started = time.process_time()
    problems = problems_of(tmp_path)
    assert time.process_time() - started < 20
    assert len(problems) == 4 * 5000 + 2
