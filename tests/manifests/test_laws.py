"""Laws of reading a whole folder: hostile changes, order, and size."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.manifests.repositories import load, problems_of, write

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

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
