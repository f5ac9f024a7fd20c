"""A plan, its outcomes and problems as people read them: small plans whole, large ones by cause.

All is sorted, so the same plan gives the same text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from engine.errors import Problem
from engine.model import Change, Guard, Note, Outcome, Plan, Result, Status
from engine.render.blocks import NAMES, allow_flag, blocks
from engine.render.counts import apply_summary, count, plan_summary
from engine.render.groups import grouped
from engine.render.text import Line, Span, Tone, counted, line, paint
from engine.render.values import View, date, zone_name

GROUPED_FROM = 20
"""From so many addresses on, changes are told by cause."""
COUNTED_FROM = 2000
"""From so many addresses on, only the largest causes are told."""
LARGEST = 10

_DRIFT = ("live", "both")

T = TypeVar("T")


def render_plan(plan: Plan, view: View, base: str = "no base") -> str:
    """The whole plan: what needs allowing first, the summary lines last."""
    parts = [
        [_header(plan, view, base)],
        list(_needs_allowing(plan, view)),
        list(_changes(plan, view, Status.PLANNED, drift=False)),
        list(_changes(plan, view, Status.PLANNED, drift=True)),
        list(_later(plan, view, Status.WAITING, "Waiting: the clock will allow these")),
        list(_later(plan, view, Status.BLOCKED, "Blocked: not possible now")),
        list(_notes(plan.notes, view)),
        list(_problems(plan.problems)),
        list(_summary(plan)),
    ]
    return paint(_joined(parts), colour=view.colour)


def _joined(parts: Iterable[list[Line]]) -> Iterator[Line]:
    """The parts that say something, an empty line between two."""
    for index, part in enumerate(part for part in parts if part):
        if index:
            yield line()
        yield from part


def _header(plan: Plan, view: View, base: str) -> Line:
    when = f"{date(plan.now, view, plan.now)} {zone_name(view.zone)}"
    part = "" if plan.complete else "   part of the manifests (--target, --exclude)"
    return line(Span(plan.environment, Tone.STRONG), f"   {base}   {when}{part}")


def _needs_allowing(plan: Plan, view: View) -> Iterator[Line]:
    """Refused guards and held changes, each with the exact flag."""
    guards = sorted((g for g in plan.guards if g.refused), key=lambda g: (g.name, g.scope))
    held = sorted((c for c in plan.changes if c.status is Status.HELD), key=lambda c: c.id)
    if not guards and not held:
        return
    yield line(Span("Needs allowing: nothing here is done until you say so", Tone.ALERT))
    for guard in guards:
        yield from _guard(guard)
    limit = LARGEST if _size(plan) >= COUNTED_FROM else GROUPED_FROM
    yield from _limited(held, limit, view, lambda change: _held(change, plan, view))


def _guard(guard: Guard) -> Iterator[Line]:
    what = f" guard {guard.name} on {guard.scope}: {guard.value}, the limit is {guard.limit}"
    yield line(Span("! refused", Tone.ALERT), what)
    if guard.allow:
        yield line(f"    {guard.allow}")


def _held(change: Change, plan: Plan, view: View) -> Iterator[Line]:
    yield line(Span("! held", Tone.ALERT), f"   {change.id}", *_place(change))
    told = [*change.reasons]
    for hazard in change.hazards:
        flag = allow_flag(hazard, change.address)
        if hazard.holds and not any(hazard.message in reason for reason in told):
            told.append(hazard.message)
        if hazard.holds and not any(flag in reason for reason in told):
            told.append(flag)
    for text in told:
        yield line(f"    {text}")
    yield from _body(change, plan, view)


def _body(change: Change, plan: Plan, view: View) -> Iterator[Line]:
    """What the change would do, below its reasons: the block without its heading."""
    for spans in list(blocks([change], plan, view))[1:]:
        yield spans


def _place(change: Change) -> tuple[Span, ...]:
    here = change.location
    return (Span(f"   {here.file}:{here.line}" if here.line else f"   {here.file}", Tone.FAINT),)


def _size(plan: Plan) -> int:
    """The number of addresses that the plan touches."""
    return len({change.address for change in plan.changes})


def _changes(plan: Plan, view: View, status: Status, *, drift: bool) -> Iterator[Line]:
    chosen = [c for c in plan.changes if c.status is status and (c.origin in _DRIFT) is drift]
    if not chosen:
        return
    if drift:
        yield line(Span("Drift: changed in WISEflow since the last apply", Tone.STRONG))
    number = len({change.address for change in chosen})
    if view.verbose or number < GROUPED_FROM:
        yield from blocks(chosen, plan, view)
    else:
        yield from grouped(chosen, plan, view, LARGEST if number >= COUNTED_FROM else None)


def _later(plan: Plan, view: View, status: Status, title: str) -> Iterator[Line]:
    """Changes that are not planned now; the same reason is told once, with all it concerns."""
    chosen = sorted((c for c in plan.changes if c.status is status), key=lambda c: c.id)
    if not chosen:
        return
    yield line(Span(title, Tone.STRONG))
    by_reason: dict[tuple[str, ...], list[Change]] = {}
    for change in chosen:
        by_reason.setdefault(change.reasons, []).append(change)
    word = f"! {status.value}" if status is Status.BLOCKED else f"~ {status.value}"
    for reasons, changes in by_reason.items():
        yield from _limited(changes, NAMES, view, lambda c: [line(f"{word}   {c.id}", *_place(c))])
        for reason in reasons:
            yield line(f"    {reason}")


def _limited(
    items: list[T], limit: int, view: View, told: Callable[[T], Iterable[Line]]
) -> Iterator[Line]:
    """The lines of each item; after `limit` items the number of the rest."""
    for item in items if view.verbose else items[:limit]:
        yield from told(item)
    if len(items) > limit and not view.verbose:
        yield line(f"    and {len(items) - limit} more (-v, or --json)")


def _notes(notes: Iterable[Note], view: View) -> Iterator[Line]:
    ordered = sorted(notes, key=lambda n: (n.address, n.message))
    if ordered:
        yield line(Span("To know: nothing is written for these", Tone.STRONG))
        yield from _limited(ordered, GROUPED_FROM, view, _note)


def _note(note: Note) -> Iterator[Line]:
    yield line(f"  {note.address}: {note.message}")
    if note.hint:
        yield line(f"    {note.hint}")


def _problems(problems: Iterable[Problem]) -> Iterator[Line]:
    for problem in sorted(problems):
        where = f"{problem.location}: "
        what = f"{problem.field}: {problem.message}" if problem.field else problem.message
        yield line(Span(where, Tone.STRONG), what)
        for hint in problem.hint.splitlines():
            yield line(f"  {hint}")


def _summary(plan: Plan) -> Iterator[Line]:
    counts = count(plan)
    later = {"held": counts.held, "blocked": counts.blocked, "waiting": counts.waiting}
    told = [f"{number} {word}" for word, number in later.items() if number]
    if told:
        yield line(f"Not done now: {', '.join(told)}.")
    if counts.unchanged and counts.has_changes:
        yield line(f"Unchanged: {counts.unchanged}.")
    for text in plan_summary(plan):
        yield line(Span(text, Tone.STRONG))


def render_problems(problems: Iterable[Problem], view: View) -> str:
    """Every problem: where, which field, what is wrong, and below it what to do."""
    return paint(_problems(problems), colour=view.colour)


_UNDONE = (Result.FAILED, Result.UNKNOWN, Result.BLOCKED, Result.NOT_TRIED)


def render_outcomes(outcomes: Iterable[Outcome], view: View) -> str:
    """What was not done and why, first; then the summary line."""
    outcomes = list(outcomes)
    lines: list[Line] = []
    for result in _UNDONE:
        chosen = sorted((o for o in outcomes if o.result is result), key=lambda o: o.change.id)
        lines += _limited(chosen, GROUPED_FROM, view, _outcome)
    repeated = sum(o.result is Result.ALREADY_DONE for o in outcomes)
    if repeated:
        lines.append(line(f"Already done before: {counted(repeated, 'change')}."))
    lines.append(line(Span(apply_summary(outcomes), Tone.STRONG)))
    return paint(lines, colour=view.colour)


def _outcome(outcome: Outcome) -> Iterator[Line]:
    tone = Tone.ALERT if outcome.result in (Result.FAILED, Result.UNKNOWN) else Tone.CHANGE
    word = Span(f"! {outcome.result.value:<10}", tone)
    yield line(word, f" {outcome.change.id}", *_place(outcome.change))
    if outcome.message:
        yield line(f"    {outcome.message}")
