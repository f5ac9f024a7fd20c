"""A plan of few changes: each address with its fields, its seats, and where they are written."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from engine.model import INDIVIDUAL, Address
from engine.periods import moment
from engine.plan import Action, Change, FieldChange, Plan, Seat, SeatsChange
from engine.render.counts import action_by_address
from engine.render.text import Line, Span, Tone, folded, line
from engine.render.values import NOTHING, called, difference, label, shown_time, until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.errors import Location
    from engine.render.style import Style

OWN_TIMES = frozenset({"start", "end", "timebox"})
"""Flags of single participants."""

FOLDED_AFTER = 8
"""How many people or addresses stand in a row before the rest is a number."""

_WIDEST = 32

SYMBOLS = {
    Action.CREATE: Span("+ create", Tone.ADD),
    Action.UPDATE: Span("~ update", Tone.CHANGE),
    Action.REMOVE: Span("- remove", Tone.REMOVE),
}


def by_address(changes: Iterable[Change]) -> list[tuple[Address, list[Change]]]:
    """The changes of each address together, addresses and parts sorted."""
    ordered = sorted(changes, key=lambda c: (c.address, c.part))
    return [(address, list(steps)) for address, steps in groupby(ordered, lambda c: c.address)]


def blocks(changes: Iterable[Change], plan: Plan, style: Style) -> Iterator[Line]:
    """Each address with all that changes in it."""
    for address, steps in by_address(changes):
        symbol = SYMBOLS[action_by_address(steps)[address]]
        yield _heading(symbol, address, steps, plan, style)
        yield from details(steps, plan, style)


def _heading(symbol: Span, address: Address, steps: list[Change], plan: Plan, style: Style) -> Line:
    """`~ update flow/math101-2027s   starts in 10 h   manifests/math.yaml:12`."""
    name = Span(style.address(address), Tone.STRONG)
    place = placed(min(step.location for step in steps))
    return line(symbol, " ", name, how_soon(address, plan, style), Span(f"   {place}", Tone.FAINT))


def how_soon(address: Address, plan: Plan, style: Style) -> str:
    start = plan.starts.get(address.key) if address.kind == "flow" else None
    return f"   {until(start, plan.now, style)}" if start else ""


def placed(location: Location) -> str:
    """Where something is written, without the column: people look for the line."""
    here = f"{location.file}:{location.line}" if location.line else location.file
    through = location.through
    return f"{here} through {through.file}:{through.line}" if through else here


def details(steps: list[Change], plan: Plan, style: Style) -> Iterator[Line]:
    """The fields, seats and hazards of one address, names in one column."""
    names = [label(change.path, style, plan.now) for step in steps for change in step.fields]
    names += [called(step.seats, style) for step in steps if step.seats]
    width = min(max(map(len, names), default=0), _WIDEST)
    home = placed(min(step.location for step in steps))
    for step in steps:
        for change in step.fields:
            yield _field(change, step, (width, home), plan, style)
    for step in steps:
        if step.seats:
            yield from seat_lines(step.seats, width, home, style)
    for step in steps:
        yield from _hazards(step, style)


def _field(
    change: FieldChange, step: Change, column: tuple[int, str], plan: Plan, style: Style
) -> Line:
    width, home = column
    before, after = difference(step.address, change, style, plan.now)
    emptied = " (will be emptied)" if after == NOTHING and before != NOTHING else ""
    is_new = step.action is Action.CREATE and before == NOTHING
    text = after if is_new else f"{before} → {after}{emptied}"
    text = before if step.action is Action.REMOVE else text
    written = without_column(change.written)
    place = "" if written == home else written
    name = label(change.path, style, plan.now)
    return line(f"    {name:<{width}}  {text}", Span(f"   {place}", Tone.FAINT))


def without_column(written: str) -> str:
    """`flows.yaml:6` of `flows.yaml:6:5`, and what led there."""
    head, separator, through = written.partition(" through ")
    parts = head.split(":")
    has_column = len(parts) > 2 and parts[-1].isdigit() and parts[-2].isdigit()
    return ":".join(parts[:-1] if has_column else parts) + separator + through


def seat_lines(seats: SeatsChange, width: int, home: str, style: Style) -> Iterator[Line]:
    """Who comes and who goes, with the number of seats before and after on the first line."""
    name, numbers = called(seats, style), f"   {seats.before} → {seats.after}"
    numbers = "" if seats.role in INDIVIDUAL and seats.before == seats.after else numbers
    for verb, tone, people in verbs(seats):
        names = sorted(person(seat, style) for seat in people)
        text = folded(names, FOLDED_AFTER, verbose=style.verbose)
        place = common_place(people, home)
        yield line(
            f"    {name:<{width}}  ",
            Span(verb, tone),
            f"{_how_many(people)} {text}{numbers}",
            Span(f"   {place}", Tone.FAINT),
        )
        name = numbers = ""
    if seats.before and not seats.after:
        yield line(f"    {'':<{width}}  ", Span("! the set will be empty", Tone.ALERT))


def _how_many(people: tuple[Seat, ...]) -> str:
    return f" {len(people)}:" if len(people) > 1 else ""


def verbs(seats: SeatsChange) -> list[tuple[str, Tone, tuple[Seat, ...]]]:
    """The ways in which seats change, each with its symbol and word; those without seats not."""
    ways = [
        ("+ add", Tone.ADD, seats.add),
        ("+ reactivate", Tone.ADD, seats.reactivate),
        ("~ change", Tone.CHANGE, seats.change),
        ("- deactivate", Tone.REMOVE, seats.deactivate),
        ("- remove", Tone.REMOVE, seats.remove),
    ]
    return [(verb, tone, people) for verb, tone, people in ways if people]


def person(seat: Seat, style: Style) -> str:
    """Who it is, with the flags that the seat has or gets."""
    before = dict(seat.before)
    flags = [_flag(name, value, before.get(name), style) for name, value in seat.flags]
    name = style.person(seat.person)
    return f"{name} ({', '.join(flags)})" if flags else name


def _flag(name: str, value: object, before: object, style: Style) -> str:
    words = name.replace("_", " ")
    if name == "period":
        # The text by which plans know it; people read a local time.
        before, value = (moment(str(one)) if one else one for one in (before, value))
    if name in OWN_TIMES or name in ("period", "place"):
        was, now = (shown_time(one, style) for one in (before, value))
        return f"{words} {was} → {now}" if before not in (None, value) else f"{words} {now}"
    if value is None:
        return f"no {words}"
    if isinstance(value, bool):
        return words if value else f"not {words}"
    text = str(value) if name == "type" else f"{words} {value}"
    return f"{before} → {text}" if before not in (None, "", value) else text


def common_place(people: tuple[Seat, ...], home: str = "") -> str:
    """The one line, else the one file, where all these seats are written; else nothing."""
    places = {without_column(seat.written) for seat in people}
    if len(places) == 1:
        only = places.pop()
        return "" if only == home else only
    files = {written.partition(":")[0] for written in places}
    return files.pop() if len(files) == 1 else ""


def _hazards(step: Change, style: Style) -> Iterator[Line]:
    """What makes the step dangerous; why it is held is told where it is held."""
    for hazard in step.hazards:
        yield line("    ", Span(f"! {style.sentence(hazard.message)}", Tone.ALERT))
