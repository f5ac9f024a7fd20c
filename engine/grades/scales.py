"""From what WISEflow stores as a grade to what was entered, and to the receiver's code. Pure.

Source: WISEflow OpenAPI, `grading-scale-input` and `grading-scale-list-option`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING

from engine.kinds.grade_export import RANGE

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 60
"""More characters than any grade has; a pattern is tried on no more."""


class GradeError(Exception):
    """A grade that cannot be told to the receiver; the text says why."""


class ScaleError(GradeError):
    """The same, of all grades of a scale."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A grading scale: a list of grades, or numbers with a modifier between entered and stored."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    """From the stored to the entered grade; empty where grades are numbers."""
    modifier: int = 1
    decimals: int | None = None
    pattern: str = ""
    least: int | None = None
    most: int | None = None

    def entered(self, stored: str) -> str:
        """The grade as it was entered. Raises: GradeError."""
        if self.options:
            if stored not in self.options:
                raise GradeError(f'is no grade of the scale "{self.name}"')
            return self.options[stored]
        number = self._number(stored)
        if not self._fits(number):
            raise GradeError(f'is not as the scale "{self.name}" writes grades')
        return number

    def _number(self, stored: str) -> str:
        """With as many decimals as are shown; all that there are where nothing is said."""
        value = number_of(stored)
        if value is None:
            raise GradeError(f'is no number, and the scale "{self.name}" has numbers')
        value /= self.modifier or 1
        if self.decimals is None:
            return f"{value.normalize():f}"
        rounded = value.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
        if rounded != value:
            raise GradeError(f'has more decimals than the scale "{self.name}" shows')
        return f"{rounded:f}"

    def _fits(self, number: str) -> bool:
        """Whether the pattern takes the number; one that we cannot read decides nothing."""
        inner = re.fullmatch(r"/(.*)/[a-z]*", self.pattern, re.DOTALL)
        pattern = inner[1] if inner else self.pattern
        if not pattern or len(number) > LONGEST:
            return not pattern
        shorter = number.rstrip("0").rstrip(".") if "." in number else number
        try:
            return any(re.search(pattern, one) for one in (number, shorter))
        except re.error:
            return True


def code_of(scale: Scale, entered: str, codes: Mapping[str, Mapping[str, str]]) -> str:
    """The receiver's code; the entered grade itself where no codes are stated at all.

    Raises: GradeError; ScaleError, where codes are stated and none for the scale.
    """
    if not codes:
        return entered
    if scale.name not in codes:
        raise ScaleError(f'nothing in codes is about the scale "{scale.name}"')
    mine = codes[scale.name]
    if entered in mine:
        return mine[entered]
    if not scale.options:
        for written, code in mine.items():
            if _covers(written, entered):
                return code
    raise GradeError(f'has no code: codes of "{scale.name}" do not name it')


def _covers(written: str, entered: str) -> bool:
    """Whether a number, or a range such as `85 .. 100`, is about an entered number."""
    value = number_of(entered)
    if value is None:
        return False
    found = RANGE.fullmatch(written.strip())
    if found is None:
        return number_of(written) == value
    least, most = number_of(found[1]), number_of(found[2])
    return least is not None and most is not None and least <= value <= most


def number_of(text: str) -> Decimal | None:
    """The number that a text is, written with a point or a comma."""
    if len(text) > LONGEST or not re.fullmatch(r"\s*[-+]?\d+([.,]\d+)?\s*", text, re.ASCII):
        return None
    try:
        return Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
