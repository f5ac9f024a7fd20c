"""What manifests mean: every kind of entry, and the place of every value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from engine.errors import Location
from engine.model import Address, Person
from tests.manifests.repositories import USER_KEY, load, problems_of, write

if TYPE_CHECKING:
    from pathlib import Path

    from engine.model import Desired, DesiredRole, DesiredState

WINDOWS = (
    "    participation: {start: 2027-05-03 09:00, length: 4h}\n"
    "    marking: {start: 2027-05-05 12:00, end: 2027-05-24 12:00}\n"
)


def state(root: Path, text: str, **files: str) -> DesiredState:
    write(root, {"m.yaml": text} | {f"{name}.csv": content for name, content in files.items()})
    return load(root)


def one_flow(root: Path, text: str) -> Desired:
    return state(root, text).resources[Address("flow", "math")]


def role(root: Path, text: str, name: str, **files: str) -> DesiredRole:
    flow = state(root, "flows: [{key: math, term: Spring 2027}]\n" + text, **files)
    return flow.resources[Address("flow", "math")].roles[name]


def people(found: DesiredRole) -> list[str]:
    return [seat.person.value for seat in found.seats]


# ---- users ---------------------------------------------------------------------------------------


def test_a_user_states_only_what_is_written(tmp_path: Path) -> None:
    text = (
        "users:\n  - key: Ada@X.org\n    first_name: Ada\n    phone: null\n"
        "    emails: [ada@x.org, lovelace@x.org]\n    roles: []\n"
        "    data: {External User Id: E10042, Student Number: ['004217', x1], Department: null}\n"
        "    exact: [roles]\n    login: disabled\n"
    )
    user = state(tmp_path, text).resources[Address("user", "Ada@X.org")]
    assert {path: stated.value for path, stated in user.fields.items()} == {
        "first_name": "Ada",
        "phone": None,
        "emails": ("ada@x.org", "lovelace@x.org"),
        "roles": (),
        "data.External User Id": "E10042",
        "data.Student Number": ("004217", "x1"),
        "data.Department": None,
        "login": "disabled",
    }
    assert user.fields["emails"].location == Location("manifests/m.yaml", 5, 5)
    assert user.fields["data.Student Number"].location == Location("manifests/m.yaml", 7, 38)
    assert user.exact == {"roles"}
    assert user.location == Location("manifests/m.yaml", 2, 5)


def test_each_row_of_a_csv_file_is_a_user(tmp_path: Path) -> None:
    text = (
        "users:\n  - csv: people.csv\n    roles: [Participant]\n    data: {Department: Nursing}\n"
        "    columns: {key: login, first_name: given, emails: mail, data.Student Number: nr}\n"
    )
    content = (
        '\ufefflogin;given;mail;nr\r\na@x.org;"Ada; B";a@x.org, b@x.org;004217\r\n\r\nc;;;\r\n'
    )
    found = state(tmp_path, text, people=content)
    ada = found.resources[Address("user", "a@x.org")]
    through = Location("manifests/m.yaml", 2, 5)
    assert ada.location == Location("manifests/people.csv", 2, 1, through)
    assert ada.fields["first_name"].value == "Ada; B"
    assert ada.fields["emails"].value == ("a@x.org", "b@x.org")
    assert ada.fields["data.Student Number"].value == "004217"
    place = ada.fields["data.Student Number"].location
    assert place == Location("manifests/people.csv", 2, 35, through)
    assert str(place) == "manifests/people.csv:2:35 through manifests/m.yaml:2"
    assert ada.fields["roles"].location == Location("manifests/m.yaml", 3, 5)
    nobody_said = found.resources[Address("user", "c")]
    assert set(nobody_said.fields) == {"roles", "data.Department"}
    assert found.counts["csv_rows"] == 2


def test_a_csv_file_without_columns_gives_keys(tmp_path: Path) -> None:
    found = state(tmp_path, "users:\n  - csv: k.csv\n", k="name,key\nAda,a\n")
    assert set(found.of("user")) == {"a"}


def test_a_profile_says_how_users_are_filled(tmp_path: Path) -> None:
    text = (
        "profiles:\n  - key: Staff\n    members: {unit: Civil Engineering, title: Professor}\n"
        "    language: fr\n    match: {user: data.External User Id, member: employee_id}\n"
        "    fill:\n      first_name: profile/membership_information.first_name\n"
        "      data.Department: profile/affiliations.unit\n"
        "users:\n  - {key: a, profile: staff, exact: [data]}\n"
    )
    found = state(tmp_path, text)
    profile = found.profiles["Staff"]
    assert profile.members == {"unit": "Civil Engineering", "title": "Professor"}
    assert (profile.match_user, profile.match_member) == ("External User Id", "employee_id")
    assert profile.language == "fr"
    assert profile.fill["data.Department"].value == "profile/affiliations.unit"
    assert profile.fill["data.Department"].location.line == 8
    assert found.resources[Address("user", "a")].profile == "Staff"


# ---- flows ---------------------------------------------------------------------------------------


def test_a_flow_states_dates_in_utc_and_words_as_written(tmp_path: Path) -> None:
    text = (
        'flows:\n  - key: math\n    title: "Maths\u00a0: l\'épreuve"\n    subtitle: null\n    type: FLOWassign\n'
        "    copy_from: {flow: live-one, include: [settings, rubrics]}\n"
        "    lifecycle: active\n    activate_from: 2027-04-19T08:00Z\n    content: none\n" + WINDOWS
    )
    flow = one_flow(tmp_path, text)
    assert {path: stated.value for path, stated in flow.fields.items()} == {
        "title": "Maths\u00a0: l'épreuve",
        "subtitle": None,
        "type": "FLOWassign",
        "copy_from": (("flow", "live-one"), ("include", ("settings", "rubrics"))),
        "lifecycle": "active",
        "activate_from": datetime(2027, 4, 19, 8, tzinfo=UTC),
        "content": "none",
        "participation.start": datetime(2027, 5, 3, 7, tzinfo=UTC),
        "participation.end": datetime(2027, 5, 3, 11, tzinfo=UTC),
        "marking.start": datetime(2027, 5, 5, 10, tzinfo=UTC),
        "marking.end": datetime(2027, 5, 24, 10, tzinfo=UTC),
    }
    assert flow.fields["participation.end"].location == Location("manifests/m.yaml", 10, 46)


def test_a_template_gives_what_the_flow_does_not_state(tmp_path: Path) -> None:
    text = (
        "flow_templates:\n  - key: written\n    type: FLOWassign\n    term: Spring 2027\n"
        "    copy_from: {include: [rubrics]}\n"
        "    participation: {end: 2027-05-03 18:00}\n"
        "    marking: {start: 2027-05-05 12:00, end: 2027-05-24 12:00}\n"
        "flows:\n  - key: math\n    template: Written\n    term: Autumn 2027\n"
        "    copy_from: {flow: base}\n    participation: {start: 2027-05-03 09:00, length: 90m}\n"
    )
    flow = one_flow(tmp_path, text)
    values = {path: (stated.value, stated.location.line) for path, stated in flow.fields.items()}
    assert values["type"] == ("FLOWassign", 3)
    assert values["term"] == ("Autumn 2027", 11)
    assert values["copy_from"] == ((("flow", "base"), ("include", ("rubrics",))), 12)
    assert values["participation.end"] == (datetime(2027, 5, 3, 8, 30, tzinfo=UTC), 13)
    assert values["marking.end"] == (datetime(2027, 5, 24, 10, tzinfo=UTC), 7)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2027-03-27 09:00", "2d", "2027-03-29 07:00"),
        ("2027-03-27 09:00", "48h", "2027-03-29 08:00"),
        ("2027-03-27 09:00", "1d1h30m", "2027-03-28 08:30"),
        ("2027-03-27T09:00:30+01:00", "2d", "2027-03-29 08:00:30"),
        ("2027-10-31 02:30+02:00", "1h", "2027-10-31 01:30"),
        ("2027-05-03 09:00 -0330", "90m", "2027-05-03 14:00"),
    ],
)
def test_days_keep_the_time_of_day_and_hours_pass(
    tmp_path: Path, start: str, length: str, end: str
) -> None:
    text = (
        f"flows:\n  - key: math\n    participation: {{start: {start}, length: {length}}}\n"
        "    marking: {start: 2028-05-05 12:00, end: 2028-05-24 12:00}\n"
    )
    found = one_flow(tmp_path, text).fields["participation.end"].value
    assert found == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_without_a_time_zone_dates_need_their_offset(tmp_path: Path) -> None:
    write(tmp_path, {"m.yaml": "flows:\n  - key: math\n" + WINDOWS})
    found = problems_of(tmp_path, time_zone=None)
    assert [(p.location.line, p.location.column) for p in found] == [(3, 21), (4, 15), (4, 40)]
    assert all("time_zone" in p.hint for p in found)
    write(
        tmp_path,
        {"m.yaml": "flows: [{key: a, lifecycle: active, activate_from: 2027-05-03 09:00Z}]"},
    )
    assert problems_of(tmp_path, time_zone=None) == []


# ---- roles ---------------------------------------------------------------------------------------


def test_people_of_several_entries_unite_each_once(tmp_path: Path) -> None:
    text = (
        "rosters: [{key: panel, users: [ada, grace]}]\n"
        "role_assignments:\n"
        "  - {flows: [math], managers: [kim], assessors: [ada, {people: [grace], type: Internal}]}\n"
        "  - {flows: {key: M*}, managers: [KIM, ada], membership: exact}\n"
        "  - {flows: {term: Spring 2027}, assessors: {rosters: [Panel]}}\n"
    )
    managers = role(tmp_path, text, "managers")
    assert people(managers) == ["kim", "ada"]
    assert managers.membership == "exact"
    assessors = role(tmp_path, text, "assessors")
    assert people(assessors) == ["ada", "grace"]
    assert assessors.membership == "managed"
    [_, grace] = assessors.seats
    assert grace.flags["type"].value == "Internal"
    assert grace.location == Location("manifests/m.yaml", 4, 65)
    assert assessors.seats[0].location == Location("manifests/m.yaml", 4, 50)


def test_an_empty_list_means_that_nobody_stands_there(tmp_path: Path) -> None:
    found = role(tmp_path, "role_assignments: [{flows: [math], managers: []}]\n", "managers")
    assert found.seats == ()


def test_flags_stand_with_the_people_whom_they_are_written_for(tmp_path: Path) -> None:
    text = (
        "role_assignments:\n  - flows: [math]\n    participants: {users: [a], active: true}\n"
        "    reviewers:\n      - {people: {users: [b]}, allocated_to_all: true, decides_final_grade: false}\n"
        "      - c\n"
    )
    [seat] = role(tmp_path, text, "participants").seats
    assert seat.flags["active"].value is True
    listed = text.replace("{users: [a], active: true}", "[{people: [a], active: true}, d]")
    stated = [set(seat.flags) for seat in role(tmp_path, listed, "participants").seats]
    assert sorted(stated, key=len) == [set(), {"active"}]
    found = role(tmp_path, text, "reviewers")
    flags = {s.person.value: {n: f.value for n, f in s.flags.items()} for s in found.seats}
    assert flags == {"b": {"allocated_to_all": True, "decides_final_grade": False}, "c": {}}


def test_somebody_known_by_another_number_is_named_by_key(tmp_path: Path) -> None:
    text = (
        "users: [{key: Ada@x.org, data: {Student Number: s1}}]\n"
        "rosters: [{key: r, csv: r.csv, column: nr, matches: Student Number}]\n"
        "role_assignments: [{flows: [math], participants: {rosters: [r], users: [ADA@x.org]}}]\n"
    )
    found = role(tmp_path, text, "participants", r="name,nr\nx,S1\ny,007\n")
    assert [seat.person for seat in found.seats] == [
        Person(USER_KEY, "Ada@x.org"),
        Person("Student Number", "007"),
    ]
    through = Location("manifests/m.yaml", 3, 20)
    assert found.seats[1].location == Location("manifests/r.csv", 3, 3, through)


def test_rosters_of_profiles_wait_for_uniweb(tmp_path: Path) -> None:
    text = (
        "profiles: [{key: P, match: {user: key, member: login_name}, fill: {phone: a/b.c}}]\n"
        "rosters:\n  - {key: all, rosters: [staff], users: [kim]}\n  - {key: staff, profile: p}\n"
        "role_assignments: [{flows: [math], invigilators: [{people: {rosters: [all]}, head: true}]}]\n"
    )
    found = role(tmp_path, text, "invigilators")
    assert people(found) == ["kim"]
    [members] = found.profiles
    assert members.profile == "P"
    assert members.flags["head"].value is True


def test_a_csv_file_may_lie_in_a_named_source_and_nowhere_else(tmp_path: Path) -> None:
    root, outside = tmp_path / "repository", tmp_path / "export"
    outside.mkdir()
    (outside / "r.csv").write_text("key\na\n")
    (tmp_path / "secret.csv").write_text("key\nb\n")
    text = "flows: [{key: math}]\nrole_assignments: [{flows: [math], managers: {csv: 'sis:%s'}}]\n"
    write(root, {"m.yaml": text % "r.csv"})
    flow = load(root, sources={"sis": outside}).resources[Address("flow", "math")]
    assert flow.roles["managers"].seats[0].location.file == "sis:r.csv"
    (outside / "link.csv").symlink_to(tmp_path / "secret.csv")
    for name, words in {
        "../secret.csv": "leads out of the source sis",
        "/etc/passwd": "leads out",
        "link.csv": "leads out of its folder",
        "": "leads out",
    }.items():
        write(root, {"m.yaml": text % name})
        [problem] = problems_of(root, sources={"sis": outside})
        assert words in problem.message
        assert (problem.location.line, problem.location.column) == (2, 47)


SPOILED = {
    "no file": (None, "there is no file"),
    "empty": ("", "the file is empty"),
    "header only": ("key\n", "no rows below the header"),
    "half a header": ("ke", "the last line has no end"),
    "another header": ("login\na\n", "has no column"),
    "half a row": ("key,name\na,Ada\nb,Gra", "the last line has no end"),
    "a row too short": ("key,name\na,Ada\nb\n", "1 cell where the header has 2"),
    "half a cell": ("key\nada\ngra", "the last line has no end"),
    "half a character": (b"key\nada\n\xc3", "the last line has no end"),
    "half an encoding": (b"key\nada\n\xc3\n", "is not UTF-8"),
    "an open quote": ('key\nada\n"grace\n', "quote"),
    "nobody in a cell": ('key,x\nada,1\n"",2\n', "empty"),
    "twice": ("key\nada\nADA\n", "stands twice"),
    "zeros": ("\0\0\0\0", "the last line has no end"),
    "a folder": ("/", "not a plain file"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_source_that_was_not_read_to_its_end_fills_nothing_and_stops_nothing(
    tmp_path: Path, name: str
) -> None:
    root, outside = tmp_path / "repository", tmp_path / "export"
    content, words = SPOILED[name]
    (outside / "r.csv").mkdir(parents=True) if content == "/" else outside.mkdir()
    if content is not None and content != "/":
        (outside / "r.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    write(
        root,
        {
            "m.yaml": """
            users:
              - {key: kim, first_name: Kim, last_name: Vega}
              - {csv: 'sis:r.csv', columns: {key: key}}
            rosters: [{key: panel, csv: 'sis:r.csv'}]
            flows: [{key: math}, {key: stat}]
            role_assignments:
              - {flows: [math], managers: [kim], participants: {csv: 'sis:r.csv'}}
              - {flows: [stat], authors: {rosters: [panel], users: [kim]}}
            """
        },
    )
    state = load(root, sources={"sis": outside})
    assert list(state.unread) == ["sis:r.csv"]
    assert words in state.unread["sis:r.csv"].message
    assert set(state.of("user")) == {"kim"}
    for key, role in (("math", "participants"), ("stat", "authors")):
        found = state.of("flow")[key].roles[role]
        assert [one.profile for one in found.profiles] == ["sis:r.csv"]
        assert [seat.person.value for seat in found.seats] in ([], ["kim"])


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    (tmp_path / "secret.csv").write_text("key\nb\n")
    write(root, {"m.yaml": "rosters: [{key: r, csv: r.csv}]\n"})
    (root / "manifests" / "r.csv").symlink_to(tmp_path / "secret.csv")
    [problem] = problems_of(root)
    assert "leads out" in problem.message
    assert problem.location == Location("manifests/m.yaml", 1, 20)


def test_a_linked_folder_is_read_once_and_a_circle_ends(tmp_path: Path) -> None:
    write(tmp_path, {"a/m.yaml": "flows: [{key: math}]\n"})
    (tmp_path / "manifests" / "a" / "circle").symlink_to(tmp_path / "manifests")
    (tmp_path / "manifests" / ".git").mkdir()
    (tmp_path / "manifests" / ".git" / "x.yaml").write_text("broken: [")
    assert set(load(tmp_path).of("flow")) == {"math"}


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path)
    assert problem.location == Location("manifests", 1, 1)


def test_a_file_that_cannot_be_read_is_named_where_something_seems_missing(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "flow_templates: [", "b.yaml": "flows: [{key: a, template: t}]"})
    broken, dangling = problems_of(tmp_path)
    assert broken.location.file == "manifests/a.yaml"
    assert "it stands in manifests/a.yaml" in dangling.hint


def test_messages_show_no_values_of_csv_files(tmp_path: Path) -> None:
    files = {
        "m.yaml": "users: [{csv: u.csv, columns: {key: k, emails: e, language: l}}]\n"
        "rosters: [{key: r, csv: r.csv}]\n",
        "u.csv": "k,e,l\nhush1,hush2,hush3\nhush1,x@hush4.org,en\nb,x@hush4.org,en\n",
        "r.csv": "key\nhush5\nHUSH5\n",
    }
    write(tmp_path, files)
    found = problems_of(tmp_path)
    assert len(found) == 5
    assert "hush" not in "\n".join(map(str, found)).casefold()


# ---- settings of flows ---------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["off", '"off"'])
def test_off_is_a_word_with_and_without_quotes(word: str, tmp_path: Path) -> None:
    text = f"flows:\n  - key: math\n    timebox: {word}\n    anonymisation: {word}\n"
    found = one_flow(tmp_path, text).fields
    assert (found["timebox"].value, found["anonymisation"].value) == ("off", "off")


def test_each_assessor_type_has_its_instruction_and_its_place(tmp_path: Path) -> None:
    text = (
        "flow_templates:\n  - key: t\n    anonymisation: {data: Student Number}\n"
        "    assessor_types: [{type: Internal}]\n"
        "flows:\n  - key: math\n    template: t\n    assessor_types:\n"
        "      - type: Internal\n        instruction: |\n          Mark all.\n      - type: External\n"
    )
    found = one_flow(tmp_path, text).fields
    assert found["anonymisation"].value == "data: Student Number"
    assert found["assessor_types"].value == ("Internal", "External")
    assert found["assessor_types.Internal"].value == "Mark all."
    assert found["assessor_types.External"].value is True
    assert str(found["assessor_types.External"].location) == "manifests/m.yaml:12:9"
