"""Members become user fields, or problems: nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Location
from engine.mapping import map_member, normal, normal_path, resources, split_rule
from engine.model import Profile, Stated

RULE = Location("people.yaml", 7, 19)


def profile(language: str = "en", **fill: str) -> Profile:
    rules = {name.replace("__", "."): Stated(rule, RULE) for name, rule in fill.items()}
    return Profile("staff", RULE, {}, language, "key", "login_name", rules)


def mapped(value: Any, language: str = "en", target: str = "last_name") -> Any:
    """What one field of one section fills: its value, None for nothing, `...` for a problem."""
    rule = profile(language, **{target: "profile/info.name"})
    fields, problems = map_member(rule, "833", {"profile/info": {"name": value}})
    assert not (fields and problems)
    if problems:
        return ...
    return fields[target].value if target in fields else None


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("First Name", "first_name"),
        ("Postal / Zip Code", "postal_zip_code"),
        ("City/Town", "city_town"),
        ("Address - Line 1", "address_-_line_1"),
        ("Primary?", "primary"),
        ("child_section A", "child_section_a"),
        (" unit ", "unit"),
    ],
)
def test_titles_are_spelled_as_the_api_spells_them(title: str, name: str) -> None:
    assert normal(title) == name


@given(st.text())
def test_normalising_twice_is_normalising_once(title: str) -> None:
    assert normal(normal(title)) == normal(title)
    assert normal_path(normal_path(title)) == normal_path(title)


def test_a_rule_is_a_section_and_a_field_or_a_section_alone() -> None:
    assert split_rule("profile/Membership Information.First Name") == (
        "profile/membership_information",
        "first_name",
    )
    assert split_rule("profile/biography") == ("profile/biography", "")
    assert split_rule("cv/education/degrees.degree_name") == ("cv/education/degrees", "degree_name")


def test_each_section_is_asked_for_once_with_the_fields_in_use() -> None:
    rules = profile(
        first_name="profile/info.first_name",
        last_name="profile/Info.Last Name",
        data__Bio="profile/biography",
        data__Again="profile/info.first_name",
    )
    assert resources(rules) == [
        "profile/biography",
        {"profile/info": ["first_name", "last_name"]},
    ]


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("Lovelace", "Lovelace"),
        ("  Lovelace ", "Lovelace"),
        ("O'Brien & Sons <3", "O'Brien & Sons <3"),
        ("Anne\u00a0Marie", "Anne\u00a0Marie"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        ([21, "Civil Engineering", "Faculty", "North"], "Civil Engineering"),
        (["21", "Civil Engineering"], "Civil Engineering"),
        ([21, {"en": "Civil", "fr": "Génie civil"}], "Civil"),
        ({"en": "Civil", "fr": "Génie civil"}, "Civil"),
        ({"english": "Civil"}, "Civil"),
        (["Civil"], "Civil"),
        (["Civil", " Civil"], "Civil"),
        ([{"en": "Civil"}, {"english": "Civil"}], "Civil"),
    ],
)
def test_what_can_only_mean_one_text_is_filled(value: Any, filled: str) -> None:
    assert mapped(value) == filled


@pytest.mark.parametrize(
    "value",
    [None, "", "  ", [], {}, [None], [21, None], [21, ""], {"fr": "Génie civil"}, {"en": ""}],
)
def test_an_absent_value_changes_nothing(value: Any) -> None:
    assert mapped(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "<b>Ada</b>",
        "Ada<br/>Lovelace",
        "AT&amp;T",
        "Ada &#39;A&#39;",
        "<script>x",
        "two\nlines",
        "esc\x1b[31m",
        "half \ud800",
        True,
        False,
        1e999,
        {"street": "Main"},
        {"en": {"street": "Main"}},
        {"en": "Civil", "english": "Building"},
        [{"street": "Main"}],
        ["Civil", "Marine"],
        [21],
        [21, 22],
        ["21", "22"],
        [[21, "Civil"], [22, "Marine"]],
    ],
)
def test_what_may_mean_several_things_or_no_text_is_a_problem(value: Any) -> None:
    assert mapped(value) is ...


def test_the_other_language_is_not_taken_silently() -> None:
    both = {"en": "Civil", "fr": "Génie civil"}
    assert (mapped(both, "fr"), mapped(both, "en")) == ("Génie civil", "Civil")
    assert mapped({"english": "Civil"}, "fr") is None
    assert mapped([21, {"en": "Civil"}], "fr") is None


UNITS = [[21, "Civil", "Faculty"], [22, "Marine"]]


def affiliated(*units: Any) -> dict[str, Any]:
    return {"profile/affiliations": [{"unit": unit} for unit in units]}


def test_several_values_for_one_that_takes_one_are_a_problem_with_both_places() -> None:
    rules = profile(data__Department="profile/affiliations.unit", first_name="profile/info.name")
    sections = {**affiliated(*UNITS), "profile/info": {"name": "Ada"}}
    fields, (problem,) = map_member(rules, "833", sections)
    assert list(fields) == ["first_name"]
    assert str(problem.location) == "uniweb:members/833 profile/affiliations.unit"
    assert "2 different values" in problem.message
    assert "people.yaml:7:19" in problem.hint
    assert "Civil" not in str(problem)


def test_equal_values_are_one() -> None:
    rules = profile(data__Department="profile/affiliations.unit")
    fields, problems = map_member(rules, "833", affiliated(UNITS[0], "Civil", UNITS[0], None))
    assert (fields["data.Department"].value, problems) == ("Civil", [])


def test_a_field_that_takes_several_gets_them_in_order() -> None:
    rules = profile(emails="profile/mail.address")
    sections = {"profile/mail": [{"address": "b@x"}, {"address": "a@x"}, {"address": "b@x"}]}
    assert map_member(rules, "833", sections)[0]["emails"].value == ("b@x", "a@x")


def test_a_value_knows_where_it_comes_from() -> None:
    fields, _ = map_member(
        profile(first_name="profile/Info.Name"), "8\n33", {"profile/INFO": {"Name": "Ada"}}
    )
    assert fields["first_name"] == Stated("Ada", Location("uniweb:members/8?33 profile/info.name"))


def test_a_plain_section_is_its_own_value_and_has_no_fields() -> None:
    sections = {"profile/biography": "Always knew."}
    assert map_member(profile(data__Bio="profile/biography"), "8", sections)[0] != {}
    fields, problems = map_member(profile(data__Bio="profile/biography.text"), "8", sections)
    assert (fields, len(problems)) == ({}, 1)


def test_one_name_in_two_spellings_with_two_values_is_a_problem() -> None:
    sections = {"profile/info": {"First Name": "Ada", "first_name": "Eva"}}
    assert len(map_member(profile(first_name="profile/info.first_name"), "8", sections)[1]) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "en", "fr", "Name"]) | st.text(), inner)
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["en", "fr"]), st.sampled_from(["last_name", "emails"]))
def test_whatever_a_member_holds_it_fills_text_or_is_a_problem(
    section: Any, language: str, target: str
) -> None:
    rules = profile(language, **{target: "profile/info.name"})
    fields, problems = map_member(rules, "833", {"profile/info": section})
    for stated in fields.values():
        values = stated.value if target == "emails" else (stated.value,)
        assert values
        assert all(isinstance(v, str) and v == v.strip() != "" for v in values)
    assert len(fields) + len(problems) <= 1
