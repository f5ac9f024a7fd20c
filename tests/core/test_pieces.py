"""Of many secrets, a text is looked up among their pieces: as if each were looked for."""

from __future__ import annotations

import random

import pytest

from engine.redaction import FEW, Pieces


@pytest.mark.parametrize("number", range(60))
def test_a_piece_is_found_wherever_it_stands_and_nothing_else_is(number: int) -> None:
    """Later rounds bring shorter pieces, or longer ones."""
    dice, pieces, known = random.Random(number), Pieces(), set[bytes]()  # noqa: S311 - no secret
    for _ in range(3):
        length = dice.randint(2, 5)
        several = {dice.randbytes(length) for _ in range(FEW + 1)}
        pieces.add(several)
        known |= several
    text = dice.randbytes(40)
    assert pieces.any_in(text) is any(piece in text for piece in known)
    for piece in known:
        assert pieces.any_in(text[:20] + piece + text[20:])
