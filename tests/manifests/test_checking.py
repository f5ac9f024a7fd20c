"""Holding a node against a model: what is right is kept, and what is secret is never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StrictBool

from engine.checking import Line, Nullable, Shape, check
from engine.kind import Kind, LiveKind
from engine.kinds import KINDS
from engine.manifest import parse_yaml
from engine.model import Address
from engine.nodes import Node, Table
from tests.manifests.repositories import load, problems_of, write

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import pytest


class Hall(Shape):
    """A hall."""

    key: Line
    seats: Annotated[int, Field(ge=1, strict=True)]
    names: list[Line] = Field(default=[])
    note: Nullable[Line] = None
    bookable: StrictBool | None = None
    client_secret: Line | None = None


class _Nowhere:
    """A live side that is never asked."""

    async def read(self, *_: Any) -> None: ...

    def plan(self, *_: Any) -> None: ...

    async def write(self, *_: Any) -> None: ...


def node_of(text: str) -> Node:
    node, problems = parse_yaml(text, "x.yaml")
    assert node is not None
    assert problems == []
    return node


def said(text: str) -> list[str]:
    problems, _, _ = check(node_of(text), Hall, ("halls", 0))
    return [str(problem) for problem in problems]


def test_what_is_right_is_kept_beside_what_is_wrong() -> None:
    text = "{key: a, seats: none, names: [x, 1, y, ~, z], note: null, other: 1}"
    problems, clean, value = check(node_of(text), Hall)
    assert [p.field for p in problems] == ["seats", "names[1]", "names[3]", "other"]
    assert value is not None
    assert value.model_dump(include={"key", "seats", "names"}) == {
        "key": "a", "seats": None, "names": ["x", "y", "z"],
    }  # fmt: skip
    assert isinstance(clean, Table)
    assert set(clean.faulty) == {"seats", "other"}
    assert clean.at("seats").column == 10


def test_many_wrong_entries_of_one_list_leave_just_the_right_ones() -> None:
    words = ", ".join(f"a{n}, {n}" for n in range(12))
    problems, _, value = check(node_of(f"{{key: a, seats: 1, names: [{words}]}}"), Hall)
    assert {p.field for p in problems} == {f"names[{2 * n + 1}]" for n in range(12)}
    assert value is not None
    assert value.names == [f"a{n}" for n in range(12)]


def test_numbers_and_flags_say_what_to_do() -> None:
    assert said('{key: a, seats: "80"}') == [
        'x.yaml:1:10: halls[0].seats: must be a whole number, not "80"\n  remove the quotes'
    ]
    assert said("{key: a, seats: 0}") == ["x.yaml:1:10: halls[0].seats: must be at least 1"]
    assert "must be a whole number" in said("{key: a, seats: 0x1F}")[0]
    assert "must be a whole number" in said("{key: a, seats: 1.5}")[0]
    assert "write true or false" in said("{key: a, seats: 1, bookable: yes}")[0]


def test_secrets_are_never_shown() -> None:
    [text] = said("{key: a, seats: 1, client_secret: 004217}")
    assert "004217" not in text
    assert "put it in quotes" in text


def test_problems_keep_the_numbers_that_entries_have_in_the_file(tmp_path: Path) -> None:
    text = "flows: [{key: a}]\nrole_assignments: [{flows: [1, b, a], managers: [kim, 2, KIM]}]\n"
    write(tmp_path, {"m.yaml": text})
    fields = [problem.field for problem in problems_of(tmp_path)]
    prefix = "role_assignments[0]."
    assert fields == [
        prefix + "flows[0]", prefix + "flows[1]", prefix + "managers[1]", prefix + "managers[2]",
    ]  # fmt: skip


def test_a_new_kind_is_read_without_naming_it_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live: LiveKind = _Nowhere()
    monkeypatch.setitem(KINDS, "halls", Kind("hall", "halls", Hall, live))
    write(tmp_path, {"m.yaml": "halls:\n  - {key: a, seats: 80, names: [x], note: null}\n"})
    hall = load(tmp_path).resources[Address("hall", "a")]
    assert {path: stated.value for path, stated in hall.fields.items()} == {
        "seats": 80, "names": ("x",), "note": None,
    }  # fmt: skip
    write(tmp_path, {"m.yaml": "halls:\n  - {key: a, seats: 80}\n  - {key: A, seats: 1}\n"})
    [problem] = problems_of(tmp_path)
    assert "stands twice in halls" in problem.message
