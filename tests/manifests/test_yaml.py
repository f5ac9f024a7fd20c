"""Reading YAML: hostile text never raises, the C parser and the pure one agree, caps hold."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.errors import Location, Problem
from engine.files import UNPRINTABLE
from engine.manifest import CParser, _compose, c_events, parse_yaml, pure_events, read_yaml
from engine.nodes import Node, Odd, Scalar, Sequence, Table, is_null, resolve

if TYPE_CHECKING:
    from pathlib import Path

needs_c = pytest.mark.skipif(CParser is None, reason="no C extension here")

PIECES = st.sampled_from(
    ["- ", "a", "b: ", "key: ", ": ", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ", ", "&x ", "*x",
     "<<: *x", '"', "'", "#", " # c", "|", ">", "|-\n  ", "? ", "!!str ", "!t ", "---\n", "...\n",
     "%YAML 1.2\n", "\t", "2027-05-03 09:00", "09:00", "a:b", "http://x/y", "0x1F", "~", "é", "😀",
     "\\", "\\n", "\\x41", "@", "`", "\r\n", "\r", " ", "  ", "yes", "1e5", "x" * 130, ":", "-", "?"]
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
        1 <= location.line <= len(lines) and 1 <= location.column <= len(lines[location.line - 1]) + 1
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
        text = text[:start] + draw(PIECES | st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])) + text[end:]
    return UNPRINTABLE.sub("?", text).replace("\ue03a", "?")


@settings(max_examples=400, deadline=None)
@given(TEXTS | mutations())
@example("{a: 09:00}")
@example("[[[[")
@example("a: &a [*a]")
def test_any_text_gives_nodes_or_problems_inside_the_file(text: str) -> None:
    node, problems = parse_yaml(text, "x.yaml")
    for problem in problems:
        assert is_inside(problem.location, text), problem
        assert problem.message
    assert all(is_inside(place, text) for place in places(node))


@needs_c
@settings(max_examples=6000, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(TEXTS | mutations())
@example(SAMPLE)
@example("a: {start: 2027-05-03 09:00, length: 4h}")
@example("a: [b:c, 12:30:45, http://x/y]")
@example("a: 'b''c'\nd: \"\\u00e9\"\ne: |\n  x\n  y\n\nf: >\n  x\n  y\n")
@example("- \n- ~\n-\n- a\n")
def test_the_c_parser_reads_what_the_pure_one_reads(text: str) -> None:
    # The pure one refuses a little more (tabs at line ends, "|#"); what both read is the same.
    node, problems, refused = _compose(c_events, text, "x.yaml")
    if not refused and not problems:
        pure_node, pure_problems, pure_refused = _compose(pure_events, text, "x.yaml")
        nothing = node is None or is_null(node)
        assert pure_refused or nothing or values(node) == values(pure_node)
        assert pure_refused or not nothing or pure_node is None or is_null(pure_node)
        assert pure_refused or not pure_problems


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
