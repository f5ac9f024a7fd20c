"""A plan of many changes: its causes, then who sits and who examines, flow by flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.render.blocks import FOLDED_AFTER, by_address, how_soon, seat_lines
from engine.render.causes import Cause, causes_of
from engine.render.style import counted
from engine.render.text import Line, Span, Tone, folded, line
from engine.render.values import called

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.plan import Change, Plan
    from engine.render.style import Style

TABLE_UP_TO = 60
"""So many flows are told one by one; more are told as causes, those who lose a seat by name."""


def grouped(
    changes: Sequence[Change], plan: Plan, style: Style, limit: int | None
) -> Iterator[Line]:
    """The causes, each with the addresses it changes; after `limit` the largest only."""
    with_seats = [change for change in changes if change.seats]
    has_table = limit is None and len({change.address for change in with_seats}) <= TABLE_UP_TO
    every = causes_of(changes, plan, style, seats=not has_table)
    for cause in _largest(every, limit):
        yield _headline(cause)
        yield from _members(cause, style)
    if limit is not None and len(every) > limit:
        yield line(f"  and {counted(len(every) - limit, 'smaller cause')}: -v, or --json")
    yield from _hazards(changes, style)
    if has_table and with_seats:
        yield line()
        yield line(Span("Seats, flow by flow", Tone.STRONG))
        yield from _table(with_seats, plan, style)


def _largest(causes: list[Cause], limit: int | None) -> list[Cause]:
    if limit is None or len(causes) <= limit:
        return causes
    chosen = {id(cause) for cause in sorted(causes, key=lambda one: -one.size)[:limit]}
    return [cause for cause in causes if id(cause) in chosen]


def _headline(cause: Cause) -> Line:
    number = counted(len(cause.addresses), cause.kind)
    if cause.people:
        number = f"{counted(len(cause.people), 'seat')} of {number}"
    text = f" {cause.text}   {number}" if cause.text else f" {number}"
    return line(cause.symbol, text, Span(f"   {cause.written}", Tone.FAINT))


def _members(cause: Cause, style: Style) -> Iterator[Line]:
    """The addresses; of seats only those that are taken, each with its flow."""
    if cause.people and not cause.takes:
        return
    names = sorted(style.address(address).partition("/")[2] for address in cause.addresses)
    if cause.people:
        names = [f"{style.person(who)} ({where.key})" for who, where in sorted(cause.people)]
    yield line(f"    {folded(names, FOLDED_AFTER, verbose=style.verbose)}")


def _hazards(changes: Sequence[Change], style: Style) -> Iterator[Line]:
    """What is dangerous without being held: above all, who is messaged."""
    told = sorted(
        (hazard.name, change.address, style.sentence(hazard.message))
        for change in changes
        for hazard in change.hazards
    )
    for name in dict.fromkeys(name for name, _, _ in told):
        rows = [(address, message) for found, address, message in told if found == name]
        yield line(Span(f"! {name}", Tone.ALERT), f"   {counted(len(rows), 'change')}")
        for address, message in rows if style.verbose else rows[:FOLDED_AFTER]:
            yield line(f"    {style.address(address)}: {message}")
        if len(rows) > FOLDED_AFTER and not style.verbose:
            yield line(f"    and {len(rows) - FOLDED_AFTER} more (-v)")


def _table(changes: Sequence[Change], plan: Plan, style: Style) -> Iterator[Line]:
    width = max(len(called(change.seats, style)) for change in changes if change.seats)
    for address, steps in by_address(changes):
        yield line(f"  {address}{how_soon(address, plan, style)}")
        for step in steps:
            if step.seats:
                yield from seat_lines(step.seats, width, "", style)
