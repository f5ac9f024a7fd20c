"""A plan of few changes: each address with its fields, its seats, and where they are written."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from itertools import groupby

from engine.model import Action, Address, Change, FieldChange, Hazard, Plan, Seat, SeatsChange
from engine.render.counts import action_by_address
from engine.render.text import Line, Span, Tone, folded, line
from engine.render.values import View, label, shown, until

NAMES = 8
"""How many people or flows stand in a row before the rest is a number."""

SYMBOLS = {
    Action.CREATE: Span("+ create", Tone.ADD),
    Action.UPDATE: Span("~ update", Tone.CHANGE),
    Action.REMOVE: Span("- remove", Tone.REMOVE),
}


def by_address(changes: Iterable[Change]) -> list[tuple[Address, list[Change]]]:
    """The changes of each address together, addresses and parts sorted."""
    ordered = sorted(changes, key=lambda c: (c.address, c.part))
    return [(address, list(steps)) for address, steps in groupby(ordered, lambda c: c.address)]


def blocks(changes: Iterable[Change], plan: Plan, view: View) -> Iterator[Line]:
    """Each address with all that changes in it."""
    for address, steps in by_address(changes):
        yield heading(SYMBOLS[action_by_address(steps)[address]], address, steps, plan)
        yield from details(steps, plan, view)


def heading(symbol: Span, address: Address, steps: list[Change], plan: Plan) -> Line:
    """`~ update flow/math101-2027s   starts in 10 h   manifests/math.yaml:12`."""
    parts: list[str | Span] = [symbol, " ", Span(str(address), Tone.STRONG)]
    start = plan.starts.get(address.key) if address.kind == "flow" else None
    if start:
        parts.append(f"   {until(start, plan.now)}")
    parts.append(Span(f"   {place(steps)}", Tone.FAINT))
    return line(*parts)


def place(steps: list[Change]) -> str:
    """Where the entry is written, without the column: people look for the line."""
    here = min(step.location for step in steps)
    text = f"{here.file}:{here.line}" if here.line else here.file
    return f"{text} through {here.through.file}:{here.through.line}" if here.through else text


def details(steps: list[Change], plan: Plan, view: View) -> Iterator[Line]:
    """The fields, seats and hazards of one address, names in one column."""
    names = [label(f.path) for s in steps for f in s.fields] + [
        s.seats.role for s in steps if s.seats
    ]
    width = min(max(map(len, names), default=0), 32)
    home = place(steps)
    for step in steps:
        for change in step.fields:
            yield _field(change, step, width, home, plan, view)
    for step in steps:
        if step.seats:
            yield from _seats(step.seats, width, home, view)
        yield from hazards(step)


def _field(
    change: FieldChange, step: Change, width: int, home: str, plan: Plan, view: View
) -> Line:
    after = shown(change.after, view, plan.now)
    emptied = change.after in (None, ()) and change.before not in (None, ())
    after = f"{after}: will be emptied" if emptied else after
    is_new = step.action is Action.CREATE and change.before is None
    text = after if is_new else f"{shown(change.before, view, plan.now)} → {after}"
    written = "" if _line_of(change.written) == home else _line_of(change.written)
    return line(f"    {label(change.path):<{width}}  {text}", Span(f"   {written}", Tone.FAINT))


def _line_of(written: str) -> str:
    """The place without its column."""
    head, separator, through = written.partition(" through ")
    file, _, rest = head.partition(":")
    number, _, column = rest.partition(":")
    short = f"{file}:{number}" if number.isdigit() and column.isdigit() else head
    return short + separator + through


def _seats(seats: SeatsChange, width: int, home: str, view: View) -> Iterator[Line]:
    """Who comes and who goes, with the number of seats before and after on the first line."""
    first = True
    for verb, tone, people in verbs(seats):
        name, numbers = (seats.role, f"   {seats.before} → {seats.after}") if first else ("", "")
        names = folded((_person(seat) for seat in people), NAMES, verbose=view.verbose)
        written = common_place(people, home)
        yield line(
            f"    {name:<{width}}  ",
            Span(verb, tone),
            f" {names}{numbers}",
            Span(f"   {written}", Tone.FAINT),
        )
        first = False
    if seats.before and not seats.after:
        yield line(f"    {'':<{width}}  ", Span("! nobody is left in this role", Tone.ALERT))


def verbs(seats: SeatsChange) -> list[tuple[str, Tone, tuple[Seat, ...]]]:
    """The ways in which seats change, each with its symbol and word, those without seats left out."""
    ways = [
        ("+ add", Tone.ADD, seats.add),
        ("+ reactivate", Tone.ADD, seats.reactivate),
        ("~ change", Tone.CHANGE, seats.change),
        ("- deactivate", Tone.REMOVE, seats.deactivate),
        ("- remove", Tone.REMOVE, seats.remove),
    ]
    return [(verb, tone, people) for verb, tone, people in ways if people]


def _person(seat: Seat) -> str:
    before = dict(seat.before)
    flags = []
    for name, value in seat.flags:
        new = _flag(value)
        flags.append(f"{name} {_flag(before[name])} → {new}" if name in before else f"{name} {new}")
    return f"{seat.person} ({', '.join(flags)})" if flags else seat.person


def _flag(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return " ".join(map(str, value))
    return str(value)


def common_place(people: tuple[Seat, ...], home: str) -> str:
    """The one line, else the one file, where all these seats are written; else nothing."""
    places = {_line_of(seat.written) for seat in people}
    if len(places) == 1:
        only = places.pop()
        return "" if only == home else only
    files = {written.partition(":")[0] for written in places}
    return files.pop() if len(files) == 1 else ""


def hazards(step: Change) -> Iterator[Line]:
    """What makes the step dangerous; those that hold it are told where it is held."""
    for hazard in step.hazards:
        if not hazard.holds:
            yield line("    ", Span(f"! {hazard.message}", Tone.ALERT))


def allow_flag(hazard: Hazard, address: Address) -> str:
    """The exact flag that lets one held change through, ready for a shell."""
    return f"--allow {shlex.quote(f'{hazard.name}:{address}')}"
