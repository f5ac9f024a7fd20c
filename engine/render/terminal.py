"""A plan, its outcomes and problems as people read them: small plans whole, large ones by cause.

All is sorted, so the same plan gives the same text. Summary lines are an interface.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, TypeVar

from engine.holding import IN_MANIFESTS
from engine.plan import Change, Guard, Note, Outcome, Plan, Result, Status
from engine.render.blocks import FOLDED_AFTER, SYMBOLS, blocks, details, placed
from engine.render.counts import action_by_address, apply_summary, count, plan_summary
from engine.render.groups import grouped
from engine.render.style import Style, counted
from engine.render.text import Line, Span, Tone, line, paint
from engine.render.values import called, date, zone_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from engine.errors import Problem

GROUPED_FROM = 20
"""From so many addresses on, changes are told by cause."""
COUNTED_FROM = 2000
"""From so many addresses on, only the largest causes are told."""
LARGEST = 10
SHORT = 7
"""So much of a commit's name tells it from others."""

_DRIFT = ("live", "both")
_ENTRY = re.compile(r'\{(?:"(?:[^"\\]|\\.)*"|[^{}"])*\}')
"""One entry of `allow` on one line; braces in quotes are text."""

T = TypeVar("T")


def render_plan(plan: Plan, style: Style) -> str:
    """The whole plan: what needs allowing first, the summary lines last."""
    parts = [
        list(_header(plan, style)),
        list(_needs_allowing(plan, style)),
        list(_planned(plan, style, drift=False)),
        list(_planned(plan, style, drift=True)),
        list(_later(plan, style, Status.WAITING, "Waiting, by the clock")),
        list(_later(plan, style, Status.BLOCKED, "Blocked, until mended")),
        list(_notes(plan.notes, style)),
        [
            line(style.sentence(text))
            for problem in sorted(plan.problems)
            for text in _told(problem)
        ],
        list(_summary(plan)),
    ]
    return paint(_joined(parts), color=style.color)


def _joined(parts: Iterable[list[Line]]) -> Iterator[Line]:
    """The parts that say something, an empty line between two."""
    for index, part in enumerate(part for part in parts if part):
        if index:
            yield line()
        yield from part


def _header(plan: Plan, style: Style) -> Iterator[Line]:
    when = f"{date(plan.now, style, plan.now)} {zone_name(style.zone)}"
    part = "" if plan.complete else "   a part of the manifests: --target, --exclude"
    base = f"base {plan.base[:SHORT]}" if plan.base else "no base"
    yield line(Span(plan.environment, Tone.STRONG), f"   {base}   {when}{part}")
    if plan.no_base:
        yield line(Span(f"! {style.sentence(plan.no_base)}", Tone.ALERT))


# ---- what needs allowing -------------------------------------------------------------------------


def _needs_allowing(plan: Plan, style: Style) -> Iterator[Line]:
    """Refused guards and held changes, each with the exact flag, then the entries for git."""
    guards = sorted((g for g in plan.guards if g.refused), key=lambda g: (g.name, g.scope))
    held = sorted((c for c in plan.changes if c.status is Status.HELD), key=lambda c: c.id)
    if not guards and not held:
        return
    title = f"! Held until allowed: {counted(len(held), 'change')}"
    yield line(Span(title, Tone.ALERT))
    for guard in guards:
        yield from _guard(guard, style)
    limit = LARGEST if len(plan.changes) >= COUNTED_FROM else GROUPED_FROM
    yield from _limited(held, limit, style, lambda change: _held(change, plan, style))
    yield from _entries(held, limit, style)


def _entries(held: Iterable[Change], limit: int, style: Style) -> Iterator[Line]:
    """What a manifest must say to let all of it through: YAML as it can be pasted."""
    told = [reason for one in held for reason in one.reasons if reason.startswith(IN_MANIFESTS)]
    entries = sorted({entry for reason in told for entry in _ENTRY.findall(reason)})
    if entries:
        yield line("To allow all of it in a pull request, with a reason, in any manifest:")
        yield line("allow:")
        yield from _limited(entries, limit, style, lambda one: [line(f"  - {style.sentence(one)}")])


def _guard(guard: Guard, style: Style) -> Iterator[Line]:
    limit = f"{style.sentence(guard.scope)}: {guard.value}; the limit is {guard.limit}"
    yield line(Span("! refused", Tone.ALERT), f" by the guard {guard.name}: {limit}")
    if guard.allow:
        yield line(f"    --allow {shlex.quote(guard.allow)}")


def _held(change: Change, plan: Plan, style: Style) -> Iterator[Line]:
    """The change with what it would do, then why it is held."""
    symbol = SYMBOLS[action_by_address([change])[change.address]]
    yield line(
        Span("! held ", Tone.ALERT),
        symbol,
        f" {_id(change, style)}",
        _faint(placed(change.location)),
    )
    yield from details([change], plan, style)
    for reason in change.reasons:
        if not reason.startswith(IN_MANIFESTS):
            yield line(f"    held: {style.sentence(reason)}")


def _id(change: Change, style: Style) -> str:
    address = style.address(change.address)
    said = f" ({called(change.seats, style)})" if change.seats and change.seats.of else ""
    return f"{address}:{change.part}{said}" if change.part else address


def _faint(text: str) -> Span:
    return Span(f"   {text}", Tone.FAINT)


# ---- what is planned, and what is not ------------------------------------------------------------


def _planned(plan: Plan, style: Style, *, drift: bool) -> Iterator[Line]:
    chosen = [
        change
        for change in plan.changes
        if change.status is Status.PLANNED and (change.origin in _DRIFT) is drift
    ]
    if not chosen:
        return
    if drift:
        yield line(Span("Drift: changed in WISEflow since the last apply", Tone.STRONG))
    number = len({change.address for change in chosen})
    if style.verbose or number < GROUPED_FROM:
        yield from blocks(chosen, plan, style)
        return
    yield from grouped(chosen, plan, style, LARGEST if number >= COUNTED_FROM else None)
    yield line(
        Span("Every name and value: add -v before the command, or --json after it.", Tone.FAINT)
    )


def _later(plan: Plan, style: Style, status: Status, title: str) -> Iterator[Line]:
    """Changes that are not planned now; a reason is told once, with all that it stops."""
    chosen = sorted((c for c in plan.changes if c.status is status), key=lambda c: c.id)
    if not chosen:
        return
    yield line(Span(f"! {title}: {counted(len(chosen), 'change')}", Tone.STRONG))
    stopped: dict[tuple[str, ...], list[Change]] = {}
    for change in chosen:
        stopped.setdefault(change.reasons, []).append(change)
    for reasons, changes in stopped.items():
        yield from _limited(changes, FOLDED_AFTER, style, lambda c: [_stopped(c, style)])
        for reason in reasons:
            yield line(f"      {style.sentence(reason)}")


def _stopped(change: Change, style: Style) -> Line:
    word = f"  {change.status}  {change.action} {_id(change, style)}"
    return line(word, _faint(placed(change.location)))


def _limited(
    items: Sequence[T], limit: int, style: Style, told: Callable[[T], Iterable[Line]]
) -> Iterator[Line]:
    """The lines of each item; after `limit` items the number of the rest."""
    for item in items if style.verbose else items[:limit]:
        yield from told(item)
    if len(items) > limit and not style.verbose:
        yield line(f"    and {len(items) - limit} more (-v, or --json)")


def _notes(notes: Iterable[Note], style: Style) -> Iterator[Line]:
    ordered = sorted(notes, key=lambda n: (n.address, n.message))
    if ordered:
        title = f"Left alone, but you should know: {counted(len(ordered), 'note')}"
        yield line(Span(title, Tone.STRONG))
        yield from _limited(ordered, GROUPED_FROM, style, lambda note: _note(note, style))


def _note(note: Note, style: Style) -> Iterator[Line]:
    yield line(f"  {style.address(note.address)}: {style.sentence(note.message)}")
    if note.hint:
        yield line(f"      {style.sentence(note.hint)}")


def _summary(plan: Plan) -> Iterator[Line]:
    counts = count(plan)
    later = {"held": counts.held, "blocked": counts.blocked, "waiting": counts.waiting}
    told = [f"{number} {word}" for word, number in later.items() if number]
    if told:
        yield line(f"Not part of it: {', '.join(told)}.")
    for text in plan_summary(plan):
        yield line(Span(text, Tone.STRONG))


# ---- problems and outcomes -----------------------------------------------------------------------


def render_problem(problem: Problem) -> str:
    """A problem over its lines, each safe to print; without a newline at its end."""
    return paint((line(text) for text in _told(problem)), color=False).rstrip("\n")


def _told(problem: Problem) -> list[str]:
    return str(problem).split("\n")


_UNDONE = (Result.FAILED, Result.UNKNOWN, Result.BLOCKED, Result.NOT_TRIED)


def render_outcomes(plan: Plan, outcomes: Sequence[Outcome], style: Style) -> str:
    """What was not done and why, first; then the summary line, then what is left to do."""
    lines: list[Line] = []
    for result in _UNDONE:
        chosen = sorted((o for o in outcomes if o.result is result), key=lambda o: o.change.id)
        lines += _limited(chosen, GROUPED_FROM, style, lambda outcome: _outcome(outcome, style))
    repeated = sum(outcome.result is Result.ALREADY_DONE for outcome in outcomes)
    if repeated:
        lines.append(line(f"Already done before: {counted(repeated, 'change')}."))
    lines.append(line(Span(apply_summary(outcomes), Tone.STRONG)))
    if any(outcome.result in _UNDONE for outcome in outcomes):
        lines.append(line("What was not done is planned again: run plan, then apply."))
    held = count(plan).held
    if held:
        lines.append(line(f"{counted(held, 'change')} held until allowed."))
    return paint(lines, color=style.color)


def _outcome(outcome: Outcome, style: Style) -> Iterator[Line]:
    is_bad = outcome.result in (Result.FAILED, Result.UNKNOWN)
    word = Span(f"! {outcome.result:<10}", Tone.ALERT if is_bad else Tone.CHANGE)
    change = outcome.change
    yield line(word, f" {_id(change, style)}", _faint(placed(change.location)))
    if outcome.message:
        yield line(f"      {style.sentence(outcome.message)}")
