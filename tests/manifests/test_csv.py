"""CSV text as cells that know their place: laws, and hostile files."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.csvfile import Sheet, parse_csv
from tests.manifests.repositories import problems_of, write

if TYPE_CHECKING:
    from pathlib import Path

CELLS = st.text(st.sampled_from("aé😀 ,;\"\n'.\t"), max_size=6)
PIECES = st.sampled_from(
    ["key", "a", ",", ";", '"', "\n", "\r\n", "\r", "\t", " ", '""', "é", "\0"]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=40)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 4))
    rows = st.lists(CELLS, min_size=width, max_size=width).filter(
        lambda r: any(c.strip() for c in r)
    )
    return [[f"c{n}" for n in range(width)], *draw(st.lists(rows, min_size=1, max_size=5))]


@settings(deadline=None)
@given(tables(), st.sampled_from([",", ";"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_is_written_as_csv_is_read_again(
    table: list[list[str]], delimiter: str, line_end: str, mark: bool
) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=line_end).writerows(table)
    if len(table[0]) == 1 and delimiter == ";":
        return  # one column: the header does not show which separator was meant
    text = "\ufeff" * mark + out.getvalue()
    sheet = parse_csv(text.encode(), "x.csv")
    assert isinstance(sheet, Sheet), sheet
    assert [list(sheet.header), *(list(row.cells) for row in sheet.rows)] == table
    lines = out.getvalue().replace("\r\n", "\n").split("\n")
    for row in sheet.rows:
        for index, cell in enumerate(row.cells):
            place = sheet.place(row, index)
            found = lines[place.line - 1][place.column - 1 :]
            start = cell.split("\n", maxsplit=1)[0]
            assert found.startswith((start, '"' + start.replace('"', '""')))


@settings(deadline=None, max_examples=300)
@given(TEXTS)
@example('"')
@example('a,"b\nc')
@example('""\n""')
@example("\r\r\n\n;")
def test_any_text_is_a_sheet_or_problems_inside_the_file(text: str) -> None:
    found = parse_csv(text.encode("utf-8", "replace"), "x.csv")
    if isinstance(found, Sheet):
        assert found.rows
        assert all(len(row.cells) == len(found.header) for row in found.rows)
        return
    assert found
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in found:
        place = problem.location
        assert 1 <= place.line <= len(lines)
        assert 1 <= place.column <= len(lines[place.line - 1]) + 1


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=60))
@example(b"\xff\xfek\x00")
@example(b"k\x00e\x00")
@example(b"\x00")
@example(b"\xef\xbb\xbf")
def test_any_bytes_are_a_sheet_or_problems(content: bytes) -> None:
    found = parse_csv(content, "x.csv")
    assert isinstance(found, Sheet) or all(p.location.file == "x.csv" for p in found)


def test_other_encodings_are_told_how_to_be_saved(tmp_path: Path) -> None:
    roster = "rosters: [{key: r, csv: r.csv}]\n"
    for content, words in {
        "key,name\nada,Sør\n".encode("latin-1"): "r.csv:2:6: is not UTF-8: byte 0xf8",
        "key\nada\n".encode("utf-16"): "UTF-16",
        "key\nada\n".encode("utf-16-be"): "UTF-16",
    }.items():
        write(tmp_path, {"m.yaml": roster, "r.csv": content})
        [problem] = problems_of(tmp_path)
        assert words in str(problem)
        assert "UTF-8" in problem.hint


def test_a_byte_order_mark_alone_is_an_empty_file() -> None:
    [problem] = parse_csv(b"\xef\xbb\xbf", "x.csv")  # type: ignore[misc]
    assert "empty" in problem.message


def test_spaces_and_joiners_of_other_scripts_are_text() -> None:
    sheet = parse_csv("key,name\na,L\u00a0a\u200db\n".encode(), "x.csv")
    assert isinstance(sheet, Sheet)
    assert sheet.rows[0].cells[1] == "L\u00a0a\u200db"
