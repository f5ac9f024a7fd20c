"""Reading YAML: hostile text never raises, the C parser and the pure one agree, caps hold."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.errors import Location, Problem
from engine.files import UNPRINTABLE
from engine.manifest import HAS_C_PARSER, c_events, compose, parse_yaml, pure_events, read_yaml
from engine.nodes import Node, Odd, Scalar, Sequence, Table, is_null, resolve

if TYPE_CHECKING:
    from pathlib import Path

needs_c = pytest.mark.skipif(not HAS_C_PARSER, reason="no C extension here")

PIECES = st.sampled_from(
    ["- ", "a", "b: ", "key: ", ": ", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ", ", "&x ",
     "*x", "<<: *x", '"', "'", "#", " # c", "|", ">", "|-\n  ", "? ", "!!str ", "!t ", "---\n",
     "...\n", "%YAML 1.2\n", "\t", "2027-05-03 09:00", "09:00", "a:b", "http://x/y", "0x1F", "~",
     "é", "😀", "\\", "\\n", "\\x41", "@", "`", "\r\n", "\r", " ", "  ", "yes", "1e5",
     "x" * 130, ":", "-", "?"]
)  # fmt: skip
TEXTS = (st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60)).filter(
    lambda text: not UNPRINTABLE.search(text) and "\ue03a" not in text
)
SAMPLE = """\
# a comment
flow_templates:
  - &written {key: written, type: FLOWassign, purpose: EXAMINATION}
flows:
  - key: math101-2027s
    <<: *written
    title: "Mathematics: 101"
    subtitle: 'It''s written'
    description: >-
      Four hours,
      all aids allowed.
    participation: {start: 2027-05-03 09:00, length: 4h}
    marking:
      start: 2027-05-05 12:00
      end: 2027-05-24T12:00:00+02:00
    copy_from: {flow: a, include: [settings, rubrics]}
"""


def values(node: Node | None) -> Any:
    """All that a node says, places too; an empty document and none at all are one."""
    if isinstance(node, Table):
        return node.location, {key: values(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return node.location, [values(item) for item in node.items]
    return node and (node.location, node.text, node.plain)


def is_inside(location: Location, text: str) -> bool:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return (
        1 <= location.line <= len(lines)
        and 1 <= location.column <= len(lines[location.line - 1]) + 1
    )


def places(node: Node | None) -> list[Location]:
    if isinstance(node, Table):
        below = [place for value in node.entries.values() for place in places(value)]
        return [node.location, *below]
    if isinstance(node, Sequence):
        return [node.location, *(place for item in node.items for place in places(item))]
    return [node.location] if node else []


@st.composite
def mutations(draw: st.DrawFn) -> str:
    text = SAMPLE
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 8)))
        text = (
            text[:start]
            + draw(PIECES | st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]))
            + text[end:]
        )
    return UNPRINTABLE.sub("?", text).replace("\ue03a", "?")


@settings(max_examples=400, deadline=None)
@given(TEXTS | mutations())
@example("{a: 09:00}")
@example("[[[[")
@example("a: &a [*a]")
@example("--- ")
@example("# c\n--- # c")
def test_any_text_gives_nodes_or_problems_inside_the_file(text: str) -> None:
    node, problems = parse_yaml(text, "x.yaml")
    for problem in problems:
        assert is_inside(problem.location, text), problem
        assert problem.message
    assert all(is_inside(place, text) for place in places(node))


@needs_c
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(TEXTS | mutations())
@example(SAMPLE)
@example("a: {start: 2027-05-03 09:00, length: 4h}")
@example("a: [b:c, 12:30:45, http://x/y]")
@example("a: 'b''c'\nd: \"\\u00e9\"\ne: |\n  x\n  y\n\nf: >\n  x\n  y\n")
@example("- \n- ~\n-\n- a\n")
def test_the_c_parser_reads_what_the_pure_one_reads(text: str) -> None:
    # The pure one refuses a little more (tabs at line ends, "|#"); what both read is the same.
    node, problems, refused = compose(c_events, text, "x.yaml")
    if not refused and not problems:
        pure_node, pure_problems, _ = compose(pure_events, text, "x.yaml")
        if not pure_problems:
            nothing = node is None or is_null(node)
            assert nothing == (pure_node is None or is_null(pure_node))
            assert nothing or values(node) == values(pure_node)


@needs_c
@pytest.mark.parametrize(
    "text", ["{a: 09:00}", "[b:c, http://x/y]", "a: {s: 2027-05-03 09:00, l: 4h}"]
)
def test_colons_inside_words_do_not_cost_the_fast_parser(text: str) -> None:
    node, problems, refused = compose(c_events, text, "x.yaml")
    assert not refused
    assert problems == []
    assert "\ue03a" not in str(values(node))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | TEXTS.map(lambda text: text.encode("utf-8", "replace")))
@example(b"\xff\xfe\x00")
@example(b"\xef\xbb\xbf")
@example(b"\xed\xa0\x80")
def test_any_bytes_give_nodes_or_problems(tmp_path_factory: Any, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "x.yaml"
    path.write_bytes(content)
    node, problems = read_yaml(path, path.parent)
    assert all(isinstance(problem, Problem) for problem in problems)
    assert all(problem.location.file == "x.yaml" for problem in problems)
    assert node is None or places(node)


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


def merged_laughs(levels: int) -> str:
    lines = ["a0: &a0 {" + ", ".join(f"k{n}: x" for n in range(10)) + "}"]
    lines += [
        f"a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}, <<: *a{n - 1}}}" for n in range(1, levels)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize("text", [laughs(9), merged_laughs(40)])
def test_aliases_that_expand_without_end_are_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    node, problems = parse_yaml(text, "x.yaml")
    assert node is None
    assert "aliases expanded" in problems[0].message
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "{? ", "[&a "])
@pytest.mark.parametrize("parse", ["c", "pure"])
def test_deep_nesting_is_refused_and_not_climbed(opening: str, parse: str) -> None:
    events = c_events if parse == "c" and HAS_C_PARSER else pure_events
    _, problems, _ = compose(events, opening * 50_000, "x.yaml")
    assert problems
    assert problems[0].location.line == 1


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("# " + "x" * 9_000_000)
    node, [problem] = read_yaml(path, tmp_path)
    assert node is None
    assert "larger than 8 MB" in str(problem)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfef\x00l\x00o\x00", "UTF-16"),
        (b"f\x00l\x00o\x00w\x00", "UTF-16"),
        ("users: [{key: S\u00f8r}]".encode("latin-1"), "not UTF-8: byte 0xf8"),
        (b"a: \x00", "U+0000"),
        (b"a: \xc0\x80", "not UTF-8"),
    ],
)
def test_other_encodings_are_told_how_to_be_saved(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    _, [problem] = read_yaml(path, tmp_path)
    assert words in str(problem)
    assert "UTF-8" in problem.hint or "remove" in problem.hint


def test_the_place_of_a_wrong_byte_is_its_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffa: é\r\nb: é".encode() + b"\xff")
    _, [problem] = read_yaml(path, tmp_path)
    assert problem.location == Location("x.yaml", 2, 5)


def test_files_that_are_no_files_are_problems(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "broken.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    (tmp_path / "device.yaml").symlink_to("/dev/zero")
    (tmp_path / "out.yaml").symlink_to("/etc/hostname")
    words = {
        "folder": "not a plain file",
        "broken": "leads to no file",
        "loop": "cannot be read",
        "device": "leads out",
        "out": "leads out",
        "none": "no such file",
    }
    for name, said in words.items():
        node, [problem] = read_yaml(tmp_path / f"{name}.yaml", tmp_path)
        assert node is None
        assert problem.location == Location(f"{name}.yaml", 1, 1)
        assert said in problem.message


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    _, [problem] = read_yaml(tmp_path / "pipe.yaml", tmp_path)
    assert "not a plain file" in problem.message


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "~\n", "\ufeff"])
def test_an_empty_file_means_nothing_and_is_fine(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    node, problems = read_yaml(tmp_path / "x.yaml", tmp_path)
    assert problems == []
    assert node is None or is_null(node)


def test_merge_keys_give_what_is_not_stated_and_keep_where_it_is_written() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  <<: [*a, *b]\n  x: 5\n"
    node, problems = parse_yaml(text, "m.yaml")
    assert problems == []
    assert isinstance(node, Table)
    merged = node.table("c")
    assert merged is not None
    found = {key: (merged.text(key), merged.at(key).line) for key in "xyz"}
    assert found == {"x": ("5", 5), "y": ("2", 1), "z": ("4", 2)}


@pytest.mark.parametrize("text", ["1e5", "0x1F", "1_000", ".inf", "007", "yes", "NO", "+1", "1."])
def test_what_dialects_read_differently_is_never_a_value(text: str) -> None:
    found = resolve(Scalar(Location("x", 1, 1), text, plain=True))
    assert isinstance(found, Odd)
    assert found.text == text


@pytest.mark.parametrize(
    "text",
    ["2027-05-03 09:00", "2027-05-03", "12:30:45", "1.2.3", "e5", "y", "nulls", "0x", "-", "."],
)
def test_what_looks_nearly_like_a_number_is_text(text: str) -> None:
    assert resolve(Scalar(Location("x", 1, 1), text, plain=True)) == text
