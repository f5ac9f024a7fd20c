"""The one place that says how a command ends. Scripts and CI read these numbers.

0 done · 1 error · 2 changes, drift or not ready · 3 manifests or settings invalid ·
4 authentication · 5 rate or availability budget spent · 6 held by a guard or hazard ·
7 plan stale · 8 partly applied · 9 plan expired · 10 lock held · 11 answered no · 70 a bug ·
130 interrupted
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.plan import Outcome, Plan, Result, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DONE, ERROR, CHANGES, INVALID, AUTHENTICATION, BUDGET, HELD = range(7)
STALE, PARTLY, EXPIRED, LOCKED, DECLINED = 7, 8, 9, 10, 11
BUG, INTERRUPTED = 70, 130

WORST_FIRST = (
    BUG,
    INTERRUPTED,
    INVALID,
    AUTHENTICATION,
    LOCKED,
    STALE,
    EXPIRED,
    PARTLY,
    BUDGET,
    ERROR,
    HELD,
    CHANGES,
)
"""0 and 11 stand alone; of all others the first here wins."""


def worst(codes: Iterable[int]) -> int:
    """The one exit code of a command to which several apply."""
    found = set(codes) - {DONE}
    if not found:
        return DONE
    return next((code for code in WORST_FIRST if code in found), DECLINED)


def of_plan(plan: Plan, detailed: bool) -> int:
    """2 for changes and 6 for held ones only where asked for; a read that failed always shows."""
    codes = {ERROR} if plan.incomplete else set()
    if detailed:
        statuses = {change.status for change in plan.changes}
        codes |= {CHANGES} if Status.PLANNED in statuses else set()
        codes |= {HELD} if Status.HELD in statuses else set()
    return worst(codes)


def of_apply(plan: Plan, outcomes: Sequence[Outcome], *, interrupted: bool = False) -> int:
    """8 where some was done and some was not, 1 where nothing was, 6 where something is held."""
    codes = {ERROR} if plan.incomplete else set()
    codes |= {INTERRUPTED} if interrupted else set()
    good = {Result.DONE, Result.ALREADY_DONE}
    results = {outcome.result for outcome in outcomes if outcome.exit_code != HELD}
    if results - good:
        codes.add(PARTLY if results & good else ERROR)
    codes |= {outcome.exit_code for outcome in outcomes if outcome.result not in good} - {DONE}
    if any(change.status is Status.HELD for change in plan.changes):
        codes.add(HELD)
    return worst(codes)
