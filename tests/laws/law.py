"""A law is a function of a stage and a world; it is tried on its share of all worlds of a run.

WISECTL_WORLDS   how many worlds all laws together are tried on (60 where nothing is said)
WISECTL_UNTIL    seconds since 1970 after which no law begins with further worlds; it is told then
WISECTL_SEED     what the worlds are drawn from (1), or `random`
WISECTL_SHRINK   look for a smaller world that breaks a law: takes minutes
"""

from __future__ import annotations

import math
import os
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.internal.conjecture import engine as conjecture
from hypothesis.internal.conjecture import providers

from tests.laws import tally
from tests.laws.report import SEED
from tests.laws.worlds import FAMILY, World, families

if TYPE_CHECKING:
    from tests.laws.stage import Stage

WORLDS = int(os.environ.get("WISECTL_WORLDS", "60"))
UNTIL = float(os.environ.get("WISECTL_UNTIL", "inf"))
LATE = "NOT TRIED, the time was up"
A_TIME = 5 * FAMILY
"""Worlds of one test at most, where a law says nothing else, so that workers share a law."""

conjecture.BUFFER_SIZE = 64 * 1024
"""Worlds are larger than what Hypothesis draws at most: else it gives most up without a word."""

providers._get_local_constants = lambda: providers._local_constants
"""None: else worlds hold words of whatever modules a worker has loaded, and no seed brings them."""

SPARE = 8
"""Examples more than are counted: the simplest worlds come first in every test, some twice."""

PHASES = [Phase.generate, *([Phase.shrink] if os.environ.get("WISECTL_SHRINK") else [])]


class EnoughError(BaseException):
    """Ends the drawing of examples, of which Hypothesis counts only how many there are at most."""


Law = Callable[["Stage", World], None]
Test = Callable[["Stage", int], None]


def law(share: float, most: int | None = None, a_time: int = A_TIME) -> Callable[[Law], Test]:
    """Makes a test of a law; `share` is its part of all worlds, `most` where more tell nothing."""
    count = max(1, round(WORLDS * share))
    count = min(count, most) if most is not None else count
    parts = math.ceil(count / a_time)

    def decorate(function: Law) -> Test:
        name = function.__name__.removeprefix("test_")

        def on_worlds(stage: Stage, part: int) -> None:
            worlds = min(a_time, count - part * a_time)
            if part and time.time() > UNTIL:
                tally.note(LATE, name, worlds)
                return
            tried: list[int] = []
            known: set[tuple[int, ...]] = set() if part == 0 else {(0,) * FAMILY}
            number = zlib.crc32(f"{os.environ.get(SEED, '1')}/{name}/{part}".encode())

            @seed(number)
            @settings(
                max_examples=math.ceil(worlds / FAMILY) + SPARE,
                deadline=None,
                database=None,
                phases=PHASES,
                suppress_health_check=list(HealthCheck),
                print_blob=False,
            )
            @given(families())
            def on_family(family: list[World]) -> None:
                chances = tuple(world.chance for world in family)
                left = worlds - len(tried)
                if chances in known:
                    return
                known.add(chances)
                for world in family[:left]:
                    tally.note("worlds", name)
                    tried.append(world.chance)
                    stage.set_out()
                    try:
                        function(stage, world)
                    except Exception as error:
                        # The same worlds are tried again, to be told or made smaller.
                        known.discard(chances)
                        del tried[worlds - left :]
                        error.add_note(world.told())
                        raise
                if left <= FAMILY or time.time() > UNTIL:
                    raise EnoughError

            with suppress(EnoughError):
                on_family()
            if tried and time.time() > UNTIL:
                tally.note(LATE, name, worlds - len(tried))
                return
            assert len(tried) == worlds, f"{len(tried)} worlds were tried instead of {worlds}"

        on_worlds.law = function  # type: ignore[attr-defined]
        on_worlds.__name__, on_worlds.__doc__ = function.__name__, function.__doc__
        on_worlds.__module__ = function.__module__
        return pytest.mark.parametrize("part", range(parts))(on_worlds)

    return decorate
