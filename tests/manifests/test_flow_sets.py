"""Flow sets: what rows come to, where their values stand, and files that were not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.model import Address
from tests.manifests.repositories import load, problems_of, write

if TYPE_CHECKING:
    from pathlib import Path

    from engine.model import Desired, DesiredState

SET = """\
flow_templates: [{key: written, type: FLOWassign, term: Spring 2027}]
flow_sets:
  - csv: nursing.csv
    flow: {key: "{code}-2027s", template: written, title: "{title}",
      participation: {start: "{start}", length: 1h},
      marking: {start: "{marked_from}", end: "{marked_by}"}}
    roles: {managers: [kim], assessors: ["{lead}"], participants: {csv: "rosters/{code}.csv"}}
"""
HEADER = "code,title,start,marked_from,marked_by,lead\n"
N1 = "n1,Anatomy,2027-05-03 09:00,2027-05-05 12:00,2027-05-24 12:00,ada\n"
N2 = "n2,Wounds,,,,\n"
CLASSES = {"rosters/n1.csv": "key\ns1\n", "rosters/n2.csv": "key\ns1\ns2\n"}
FILES = {"m.yaml": SET, "nursing.csv": HEADER + N1 + N2, **CLASSES}


def flows(root: Path, text: str, content: str) -> dict[str, Desired]:
    write(root, {"m.yaml": text, "set.csv": content})
    return load(root).of("flow")


def one_set(flow: str, roles: str = "") -> str:
    text = f'flow_sets:\n  - csv: set.csv\n    flow: {{key: "{{code}}"{flow}}}\n'
    return text + f"    roles: {{{roles}}}\n" * bool(roles)


def people(flow: Desired, role: str) -> list[str]:
    return [seat.person.value for seat in flow.roles[role].seats]


# ---- values and places ---------------------------------------------------------------------------


def test_a_row_is_a_flow_with_roles(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    state = load(tmp_path)
    assert list(state.of("flow")) == ["n1-2027s", "n2-2027s"]
    first, second = state.of("flow").values()
    assert first.fields["title"].value == "Anatomy"
    assert first.fields["type"].value == "FLOWassign"
    assert f"{first.fields['participation.end'].value:%H:%M}" == "08:00"
    assert people(first, "assessors") == ["ada"]
    assert people(second, "participants") == ["s1", "s2"]


def test_values_stand_in_their_cells_and_say_which_line_led_there(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    flow = load(tmp_path).of("flow")["n1-2027s"]
    places = {path: str(stated.location) for path, stated in flow.fields.items()}
    row = "manifests/nursing.csv:2"
    assert str(flow.location) == f"{row}:1 through manifests/m.yaml:4"
    assert places["title"] == f"{row}:4 through manifests/m.yaml:4"
    assert places["marking.end"] == f"{row}:46 through manifests/m.yaml:6"
    assert places["participation.end"] == "manifests/m.yaml:5:41"
    [manager], [assessor], [student] = (
        flow.roles[name].seats for name in ("managers", "assessors", "participants")
    )
    assert str(manager.location) == "manifests/m.yaml:7:24"
    assert str(assessor.location) == f"{row}:63 through manifests/m.yaml:7"
    assert str(student.location) == f"manifests/rosters/n1.csv:2:1 through {row}"


def test_a_file_of_a_spreadsheet_with_mark_semicolons_quotes_and_line_ends(tmp_path: Path) -> None:
    content = '\ufeffcode;title\r\nn1;"Skin; ""Hair"""\r\n'
    flow = flows(tmp_path, one_set(', title: "{title}"'), content)["n1"]
    assert flow.fields["title"].value == 'Skin; "Hair"'
    assert str(flow.fields["title"].location).startswith("manifests/set.csv:2:4 ")


def test_other_encodings_are_told_how_to_be_saved(tmp_path: Path) -> None:
    for content, words in {
        "code\nSør\n".encode("latin-1"): "set.csv:2:2: is not UTF-8",
        "code\nn1\n".encode("utf-16"): "UTF-16",
    }.items():
        write(tmp_path, {"m.yaml": one_set(""), "set.csv": content})
        [problem] = problems_of(tmp_path)
        assert words in str(problem)
        assert "UTF-8" in problem.hint


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_text("code\nn1\n", encoding="utf-8")
    root = tmp_path / "repository"
    write(root, {"m.yaml": one_set("")})
    (root / "manifests" / "set.csv").symlink_to(tmp_path / "elsewhere.csv")
    [problem] = problems_of(root)
    assert str(problem).startswith("manifests/m.yaml:2:5: flow_sets[0].csv")
    assert "out of its folder" in problem.message


def test_cells_are_numbers_and_booleans_only_where_such_are_wanted(tmp_path: Path) -> None:
    roles = 'managers: ["{n}"], invigilators: [{people: [kim], head: "{head}"}]'
    text = one_set(', title: "{n}"', roles)
    found = flows(tmp_path, text, "code,n,head\n1,1e5,true\n2,007,false\n3,null,\n4,yes,\n")
    titles = [flow.fields["title"].value for flow in found.values()]
    assert titles == [people(flow, "managers")[0] for flow in found.values()]
    assert titles == ["1e5", "007", "null", "yes"]
    seats = [flow.roles["invigilators"].seats[0] for flow in found.values()]
    assert [{name: one.value for name, one in seat.flags.items()} for seat in seats] == [
        {"head": True}, {"head": False}, {}, {},
    ]  # fmt: skip


def test_a_cell_may_be_the_one_boolean_that_is_allowed(tmp_path: Path) -> None:
    text = one_set("", 'participants: {users: [s1], active: "{x}"}')
    found = flows(tmp_path, text, "code,x\nn1,true\nn2,\n")
    flags = [flow.roles["participants"].seats[0].flags for flow in found.values()]
    assert [{name: one.value for name, one in one.items()} for one in flags] == [
        {"active": True}, {},
    ]  # fmt: skip
    write(tmp_path, {"set.csv": "code,x\nn1,false\n"})
    [problem] = problems_of(tmp_path)
    assert "set.csv:2:4 through manifests/m.yaml:4" in str(problem)
    assert "can only be true" in problem.message


def test_doubled_braces_are_braces_and_cells_are_never_looked_into(tmp_path: Path) -> None:
    text = one_set(', title: "{{x}} {x} }}{{", description: "{{}}"')
    flow = flows(tmp_path, text, "code,x\nn1,{code}\n")["n1"]
    assert flow.fields["title"].value == "{x} {code} }{"
    assert flow.fields["description"].value == "{}"


def test_null_and_empty_lists_are_stated_for_all_rows(tmp_path: Path) -> None:
    flow = flows(tmp_path, one_set(", subtitle: null", "managers: []"), "code\nn1\n")["n1"]
    assert flow.fields["subtitle"].value is None
    assert flow.roles["managers"].seats == ()


# ---- empty cells ---------------------------------------------------------------------------------


def test_an_empty_cell_is_not_stated_nor_is_what_rests_on_it(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    flow = load(tmp_path).of("flow")["n2-2027s"]
    assert set(flow.fields) == {"title", "type", "term"}
    assert set(flow.roles) == {"managers", "participants"}


EMPTIED = {
    "one member of a list": ('managers: [kim, "{x}"]', {"managers": ["kim"]}),
    "every member of a list": ('managers: ["{x}", "{x}"]', {}),
    "a part of people": (
        'managers: {users: ["{x}"], rosters: [all]}',
        {"managers": ["bo"]},
    ),
    "a file among people": (
        'managers: {csv: "{x}", column: a, matches: Nr, users: [kim]}',
        {"managers": ["kim"]},
    ),
    "a file that is all of people": ('managers: {csv: "{x}", column: a, matches: Nr}', {}),
    "people with flags": (
        'assessors: [ada, {people: ["{x}"], type: Internal}]',
        {"assessors": ["ada"]},
    ),
    "all people with flags": ('assessors: [{people: ["{x}"], type: Internal}]', {}),
    "a flag": ('assessors: [{people: [ada], type: "{x}"}]', {"assessors": ["ada"]}),
    "two columns that are all of a text": ('managers: ["{x} {x}"], authors: [kim]', {"authors": ["kim"]}),
    "everything but a membership": ('membership: exact, managers: ["{x}"]', {}),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTIED)
def test_what_an_empty_cell_leaves_of_roles(name: str, tmp_path: Path) -> None:
    roles, expected = EMPTIED[name]
    rosters = "rosters: [{key: all, users: [bo]}]\n"
    flow = flows(tmp_path, one_set("", roles) + rosters, "code,x\nn1,\n")["n1"]
    assert {role: people(flow, role) for role in flow.roles} == expected


def test_what_an_empty_cell_leaves_of_a_flow(tmp_path: Path) -> None:
    template = (
        "flow_templates: [{key: t, participation: {start: 2027-05-03 09:00, length: 4h},\n"
        "  marking: {start: 2027-05-05 12:00, length: 14d}, term: Autumn}]\n"
    )
    flow = (
        ', template: t, copy_from: {flow: "{x}", include: [settings]}, term: "{x}",'
        ' participation: {start: "{x}", end: "{x}"}, title: "{x} {x}"'
    )
    found = flows(tmp_path, one_set(flow) + template, "code,x\nn1,\n")["n1"]
    assert set(found.fields) == {
        "participation.start", "participation.end", "marking.start", "marking.end", "term",
    }  # fmt: skip
    assert found.fields["term"].value == "Autumn"


# ---- others see the rows -------------------------------------------------------------------------


def test_selectors_allowances_protection_and_copies_see_the_flows_of_rows(tmp_path: Path) -> None:
    more = """\
flows: [{key: other, term: Autumn, copy_from: {flow: n1-2027s}}]
role_assignments:
  - {flows: {term: Spring 2027}, authors: [bo]}
  - {flows: [N1-2027S], managers: [office]}
allow: [{remove: participants, flows: {key: n*}, until: 2027-05-01, reason: x}]
protect: [flow/n2-2027s]
"""
    write(tmp_path, {**FILES, "more.yaml": more})
    state = load(tmp_path)
    first, second = state.of("flow")["n1-2027s"], state.of("flow")["n2-2027s"]
    assert people(first, "authors") == people(second, "authors") == ["bo"]
    assert people(first, "managers") == ["office", "kim"]
    [allowance] = state.allowances
    assert allowance.among == {first.address, second.address}
    assert list(state.protected) == [Address("flow", "n2-2027s")]


# ---- sources -------------------------------------------------------------------------------------

OTHERS = """\
flows: [{key: other, term: Autumn}]
role_assignments:
  - {flows: [n1-2027s, other], managers: [office]}
  - {flows: {term: Spring 2027}, authors: [bo]}
allow: [{remove: participants, flows: [n1-2027s], until: 2027-05-01, reason: x}]
protect: [flow/n2-2027s, flow/other]
"""


def from_source(root: Path, content: str | None, more: str = "") -> DesiredState:
    """The set with its rows in a folder outside the repository; None for no file."""
    outside = root / "export"
    outside.mkdir(exist_ok=True)
    if content is not None:
        (outside / "nursing.csv").write_text(content, encoding="utf-8")
    text = SET.replace("csv: nursing.csv", 'csv: "sis:nursing.csv"')
    write(root, {"m.yaml": text, "others.yaml": OTHERS, "more.yaml": more, **CLASSES})
    return load(root, sources={"sis": outside})


def test_rows_may_come_from_a_source(tmp_path: Path) -> None:
    flow = from_source(tmp_path, HEADER + N1 + N2).of("flow")["n1-2027s"]
    assert str(flow.location) == "sis:nursing.csv:2:1 through manifests/m.yaml:4"
    assert people(flow, "managers") == ["office", "kim"]


SPOILED = {
    "no file": (None, "no file"),
    "an empty file": ("", "empty"),
    "a file that is cut off": (HEADER + N1 + "n2,Wou", "no end"),
    "a column that is not there": ("code,title\nn1,A\n", "no column"),
    "a row that is too short": (HEADER + "n1,Anatomy\n", "cells"),
    "a cell that is no date": (HEADER + N1.replace("2027-05-03", "3 May"), "no date"),
    "a row without a key": (HEADER + N1 + ",Wounds,,,,\n", "empty"),
    "a key of two rows": (HEADER + N1 + N1, "twice"),
    "a key that a flow has": (HEADER + N1 + N2 + "x,X,,,,\n", "twice in flows"),
    "a file of a cell that is not there": (HEADER + N1 + "n9,Wounds,,,,\n", "no file"),
    "an exam that ends before it starts": (HEADER + N1.replace("05-24", "05-04"), "ends before"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_file_of_a_source_with_anything_wrong_in_it_counts_as_unread(
    name: str, tmp_path: Path
) -> None:
    content, words = SPOILED[name]
    state = from_source(tmp_path, content, "flows: [{key: x-2027s}]\n")
    assert list(state.unread) == ["sis:nursing.csv"]
    assert words in str(state.unread["sis:nursing.csv"])
    assert list(state.of("flow")) == ["other", "x-2027s"]
    assert people(state.of("flow")["other"], "managers") == ["office"]
    assert (state.allowances, list(state.protected)) == ((), [Address("flow", "other")])


def test_what_is_wrong_in_the_repository_is_told_though_a_source_is_spoiled(tmp_path: Path) -> None:
    outside = tmp_path / "export"
    outside.mkdir()
    (outside / "nursing.csv").write_text(HEADER + ",Wounds,,,,\n", encoding="utf-8")
    text = SET.replace("csv: nursing.csv", 'csv: "sis:nursing.csv"') + "flow: []\n"
    write(tmp_path, {"m.yaml": text, "b.yaml": "rosters: [{key: r, csv: b.csv}]\n", "b.csv": ""})
    problems = problems_of(tmp_path, sources={"sis": outside})
    assert [str(one.location) for one in problems] == [
        "manifests/b.csv:1:1",
        "manifests/m.yaml:8:1",
    ]
