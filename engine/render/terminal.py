"""A plan and its outcomes for people: what needs allowing first, who sits, who leaves, what moves.

Summary lines are an interface: scripts read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from engine.model import (
    Action,
    Address,
    Change,
    FieldChange,
    Note,
    Outcome,
    Plan,
    Result,
    Seat,
    SeatsChange,
    Status,
    Value,
)
from engine.render.causes import Cause, causes_of
from engine.render.style import Style, counted, mask, printable

GROUPED_FROM = 20
"""From so many changes on they are grouped by cause."""

LARGEST_CAUSES = 40
FOLDED_AFTER = 8
"""So many names of a list are shown; -v shows all."""

SYMBOLS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REMOVE: "-"}
COLORS = {Action.CREATE: "green", Action.UPDATE: "yellow", Action.REMOVE: "red"}
PERSONAL = ("first_name", "last_name", "phone", "emails", "data.")

NO_CHANGES = "No changes. WISEflow matches the manifests."


def render_plan(plan: Plan, style: Style) -> str:
    """The whole plan as text; its last lines are the summary."""
    blocks = [
        _held(plan, style),
        _planned(plan, style),
        _not_now(plan, Status.WAITING, "Waiting, by the clock", style),
        _not_now(plan, Status.BLOCKED, "Blocked, until mended", style),
        _notes(plan.notes, style),
        _problems(plan, style),
        "\n".join(summary(plan)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


# ---- summary -------------------------------------------------------------------------------------


def summary(plan: Plan) -> list[str]:
    """The lines that scripts read; what is held, blocked or waiting counts only there."""
    counts = count_actions(plan.changes)
    held, blocked, waiting = (
        sum(1 for change in plan.changes if change.status is status)
        for status in (Status.HELD, Status.BLOCKED, Status.WAITING)
    )
    rest = [
        f"{number} {word}"
        for number, word in ((held, "held"), (blocked, "blocked"), (waiting, "waiting"))
        if number
    ]
    lines = [f"Not part of it: {', '.join(rest)}."] if rest else []
    if not any(counts.values()) and not held:
        return [*lines, NO_CHANGES]
    numbers = [f"{counts[action]} to {action}" for action in Action]
    add, away = count_seats(plan.changes)
    return [*lines, f"Plan: {', '.join(numbers)}.", f"Seats: {add} to add, {away} to take away."]


def count_actions(changes: Iterable[Change]) -> dict[Action, int]:
    """Distinct addresses by their strongest planned action: create, then remove, then update."""
    strength = [Action.UPDATE, Action.REMOVE, Action.CREATE]
    strongest: dict[Address, Action] = {}
    for change in changes:
        if change.status is Status.PLANNED:
            known = strongest.get(change.address, Action.UPDATE)
            strongest[change.address] = max(known, change.action, key=strength.index)
    return {action: list(strongest.values()).count(action) for action in Action}


def count_seats(changes: Iterable[Change]) -> tuple[int, int]:
    """Seats that planned changes add, and those that they take away or deactivate."""
    seats = [c.seats for c in changes if c.seats and c.status is Status.PLANNED]
    added = sum(len(one.add) + len(one.reactivate) for one in seats)
    return added, sum(len(one.remove) + len(one.deactivate) for one in seats)


# ---- blocks --------------------------------------------------------------------------------------


def _held(plan: Plan, style: Style) -> str:
    held = [change for change in plan.changes if change.status is Status.HELD]
    if not held:
        return ""
    lines = [style.paint(f"! Held until allowed ({len(held)})", "red", "bold")]
    for change in held:
        lines += _change_lines(plan, change, style)
        lines += [style.paint(f"      held: {printable(r)}", "red") for r in change.reasons]
    for guard in plan.guards:
        if guard.refused:
            text = f"  guard {guard.name}: {guard.scope}: {guard.value}; limit {guard.limit}"
            lines.append(printable(text))
    return "\n".join(lines)


def _planned(plan: Plan, style: Style) -> str:
    planned = [change for change in plan.changes if change.status is Status.PLANNED]
    if len(planned) >= GROUPED_FROM and not style.verbose:
        return _grouped(plan, planned, style)
    return "\n".join(line for change in planned for line in _change_lines(plan, change, style))


def _not_now(plan: Plan, status: Status, title: str, style: Style) -> str:
    changes = [change for change in plan.changes if change.status is status]
    if not changes:
        return ""
    lines = [style.paint(f"! {title} ({len(changes)})", "cyan")]
    shown: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for change in changes:
        key = (change.part or str(change.action), change.reasons)
        shown.setdefault(key, []).append(str(change.address))
    for (part, reasons), addresses in sorted(shown.items(), key=lambda item: item[1][0]):
        names = _folded(addresses, style)
        lines.append(f"  {part} {names}")
        lines += [f"      {printable(reason)}" for reason in reasons]
    return "\n".join(lines)


def _notes(notes: Sequence[Note], style: Style) -> str:
    if not notes:
        return ""
    lines = [style.paint(f"Left alone, but you should know ({len(notes)})", "cyan")]
    for note in notes:
        message = mask(note.message) if style.mask else note.message
        lines.append(f"  {note.address}: {printable(message)}")
        if note.hint:
            lines.append(f"      {printable(note.hint)}")
    return "\n".join(lines)


def _problems(plan: Plan, style: Style) -> str:
    if not plan.problems:
        return ""
    title = style.paint(f"! Problems ({len(plan.problems)})", "red")
    return "\n".join([title, *(render_problem(problem) for problem in plan.problems)])


def render_problem(problem: object) -> str:
    """A problem over its lines, each safe to print."""
    return "\n".join(printable(line) for line in str(problem).split("\n"))


# ---- one change ----------------------------------------------------------------------------------


def _change_lines(plan: Plan, change: Change, style: Style) -> list[str]:
    symbol = style.paint(f"{SYMBOLS[change.action]} {change.action}", COLORS[change.action])
    part = f" {change.part}" if change.part and not change.seats else ""
    head = f"{symbol} {change.address}{part}"
    tail = [_starts(plan, change, style), str(change.location)]
    lines = ["   ".join([head, *filter(None, tail)])]
    lines += [_field_line(field, change, style) for field in change.fields]
    if change.seats:
        lines += _seat_lines(change.seats, style)
    lines += [style.paint(f"    ! {hazard.message}", "yellow") for hazard in change.hazards]
    return lines


def _starts(plan: Plan, change: Change, style: Style) -> str:
    start = plan.starts.get(change.address.key) if change.address.kind == "flow" else None
    return how_soon(start, plan.now, style) if start else ""


def how_soon(start: datetime, now: datetime, style: Style) -> str:
    """`starts in 10 h` when it is near, else the day; `started 3 h ago`."""
    away = start - now
    if timedelta(0) <= away < timedelta(days=3):
        return f"starts in {max(1, int(away.total_seconds() // 3600))} h"
    if timedelta(days=-3) < away < timedelta(0):
        return f"started {int(-away.total_seconds() // 3600)} h ago"
    return f"{'starts' if away > timedelta(0) else 'started'} {style.moment(start)}"


def _field_line(field: FieldChange, change: Change, style: Style) -> str:
    personal = change.address.kind == "user"
    after = show(field.path, field.after, style, personal=False)
    if change.action is Action.CREATE:
        return f"    {field.path}: {after}   {printable(field.written)}"
    before = show(field.path, field.before, style, personal=personal)
    return f"    {field.path}: {before} → {after}   {printable(field.written)}"


def show(path: str, value: Value, style: Style, *, personal: bool) -> str:
    """A value on one line; live personal ones masked where they must not be shown."""
    if value is None or value in ("", ()):
        return "nothing"
    if isinstance(value, datetime):
        return style.moment(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {show(path, v, style, personal=False)}" for k, v in value.items())
    if isinstance(value, tuple | list | frozenset):
        parts = [show(path, v, style, personal=personal) for v in value]
        return ", ".join(parts)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = printable(" ".join(str(value).split()))
    text = text if len(text) <= 80 else text[:79] + "…"
    return mask(text) if personal and style.mask and path.startswith(PERSONAL) else text


def _seat_lines(seats: SeatsChange, style: Style) -> list[str]:
    signs = (
        ("+ add", seats.add, "green"),
        ("+ re-activate", seats.reactivate, "green"),
        ("~ change", seats.change, "yellow"),
        ("- remove", seats.remove, "red"),
        ("- deactivate", seats.deactivate, "red"),
    )
    lines = []
    for sign, people, color in signs:
        if people:
            count = f" {len(people)}" if len(people) > 1 else ""
            names = _folded([_seat(seat, style) for seat in people], style)
            lines.append(f"    {seats.role}  {style.paint(sign + count, color)} {names}")
    if lines and seats.before != seats.after:
        empty = "; the set is emptied" if seats.after == 0 else ""
        lines[-1] += f"   {seats.before} → {seats.after}{empty}"
    return lines


def _seat(seat: Seat, style: Style) -> str:
    flags = [_flag(name, value, dict(seat.before).get(name)) for name, value in seat.flags]
    flags = [flag for flag in flags if flag]
    return style.person(seat.person) + (f" ({', '.join(flags)})" if flags else "")


def _flag(name: str, value: Value, before: Value) -> str:
    if name == "type":
        return f"{before} → {value}" if before else str(value)
    words = name.replace("_", " ")
    return words if value else f"not {words}"


def _folded(names: Sequence[str], style: Style) -> str:
    if style.verbose or len(names) <= FOLDED_AFTER + 1:
        return ", ".join(names)
    return f"{', '.join(names[:FOLDED_AFTER])} and {len(names) - FOLDED_AFTER} more (-v)"


# ---- grouped by cause ----------------------------------------------------------------------------


def _grouped(plan: Plan, planned: Sequence[Change], style: Style) -> str:
    causes = causes_of(planned)
    lines = [_cause_line(cause, style) for cause in causes[:LARGEST_CAUSES]]
    if len(causes) > LARGEST_CAUSES:
        rest = counted(len(causes) - LARGEST_CAUSES, "more cause")
        lines.append(f"  {rest}: see all with -v, or as data with --json")
    lines += _flow_table(plan, planned, style)
    lines += [
        style.paint(f"  ! {change.address}: {hazard.message}", "yellow")
        for change in planned
        for hazard in change.hazards
    ]
    lines.append(style.paint("Every name and value: add -v before the command.", "dim"))
    return "\n".join(lines)


def _cause_line(cause: Cause, style: Style) -> str:
    symbol = style.paint(f"{SYMBOLS[cause.action]} {cause.action}", COLORS[cause.action])
    number = len(cause.addresses)
    what = counted(number, cause.kind) if number > 1 else str(cause.addresses[0])
    text = cause.text
    if cause.field is not None:
        field = cause.field
        personal = cause.kind == "user"
        before = show(field.path, field.before, style, personal=personal)
        text = f"{field.path} {before} → {show(field.path, field.after, style, personal=False)}"
    where = printable(cause.written)
    return f"{symbol} {what}: {text}   {where}".rstrip()


def _flow_table(plan: Plan, planned: Sequence[Change], style: Style) -> list[str]:
    """Who comes and who goes, flow by flow: what an examination officer asks first."""
    flows: dict[Address, list[SeatsChange]] = {}
    for change in planned:
        if change.seats:
            flows.setdefault(change.address, []).append(change.seats)
    lines = []
    for address, roles in sorted(flows.items()):
        start = plan.starts.get(address.key)
        when = f"   {how_soon(start, plan.now, style)}" if start else ""
        lines.append(f"  {address}{when}")
        for seats in roles:
            lines += [f"  {line}" for line in _seat_lines(seats, style)]
    return ["", "Seats, flow by flow", *lines] if lines else []


# ---- outcomes ------------------------------------------------------------------------------------


def render_outcomes(plan: Plan, outcomes: Sequence[Outcome], style: Style) -> str:
    """What did not come about first, then the summary line."""
    order = [Result.FAILED, Result.UNKNOWN, Result.BLOCKED, Result.NOT_TRIED]
    lines = []
    for result in order:
        for outcome in outcomes:
            if outcome.result is result:
                head = style.paint(f"! {outcome.result}", "red")
                where = outcome.change.location
                lines.append(f"{head} {outcome.change.id}   {where}")
                lines.append(f"      {printable(outcome.message)}")
    done = [o.change for o in outcomes if o.result in (Result.DONE, Result.ALREADY_DONE)]
    counts = count_actions(done)
    words = {Action.CREATE: "created", Action.UPDATE: "updated", Action.REMOVE: "removed"}
    numbers = ", ".join(f"{counts[action]} {words[action]}" for action in Action)
    complete = "Apply complete" if len(done) == len(outcomes) else "Apply incomplete"
    lines.append(f"{complete}: {numbers}.")
    missing = len(outcomes) - len(done)
    if missing:
        lines.append(f"{counted(missing, 'change')} not done: run plan again, then apply.")
    held = sum(1 for change in plan.changes if change.status is Status.HELD)
    if held:
        lines.append(f"{counted(held, 'change')} held until allowed.")
    return "\n".join(lines) + "\n"
