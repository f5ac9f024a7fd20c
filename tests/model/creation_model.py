"""The creation protocol (engine/creation.py) as a small model that can be explored to its end.

Two appliers that share nothing want one flow for one key. A flow is one letter, its number is its
place in the text: `m` marked, `k` marked and keyed, `f` finished (keyed, its marker gone), `-`
deleted. A search shows the flows as they were some writes ago, and never goes back. Any call of
an applier may be its last before a crash; an answer to a write may be lost, and the write done at
once, later, or never. Whoever crashed starts again from nothing.

Each step of an applier is one call of the code: the tests drive the code through the same steps
and hold every call against this model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

NONE = -1


class Applier(NamedTuple):
    """Where one run stands: its next call, and all that it remembers."""

    step: str = "look"
    why: str = "find"
    """What the next call is for: the same search or read serves several ends."""
    halfway: bool = False
    """The first of the two searches of a look is done."""
    shown: tuple[tuple[int, bool], ...] = ()
    """What it showed: numbers, and whether settled."""
    own: int = NONE
    rival: int = NONE
    gone: tuple[int, ...] = ()
    lost: bool = False
    sweep: tuple[int, ...] = ()


class State(NamedTuple):
    """Everything: what is left of the faults, the appliers, the server, requests on their way."""

    appliers: tuple[Applier, ...]
    log: tuple[str, ...]
    """The flows as a search shows them, then after each later write; the last is now."""
    late: tuple[tuple[int, str, int], ...] = ()
    crashes: int = 0
    losses: int = 0


class Rules(NamedTuple):
    """The protocol, whole or with a step taken out, and what may go wrong around it."""

    wait_before_repeat: bool = True
    search_before_repeat: bool = True
    second_look: bool = True
    marker_before_key: bool = True
    sweep: bool = True
    """Whether drafts beside the finished flow are given up."""
    key_apart: bool = True
    """False: the key is a part of what the last request writes (`flow_key: code`)."""
    appliers: int = 2
    crashes: int = 1
    losses: int = 1
    lag: int = 2
    """How many writes a search may lag behind."""


class Label(NamedTuple):
    """What happened: who, which call, and what became of it."""

    who: int
    call: str
    outcome: str = "answered"


Step = tuple[Label, State]
WRITES = frozenset({"make", "key", "leave marker", "delete"})
DONE, FAILED = "done", "failed"


def start(rules: Rules) -> State:
    return State((Applier(),) * rules.appliers, ("",), (), rules.crashes, rules.losses)


# ---- the server ------------------------------------------------------------------------------


def after_write(flows: str, call: str, number: int) -> str:
    """The flows after a write; on a deleted flow it does nothing."""
    if call == "make":
        return flows + "m"
    new = {
        "key": {"m": "k"},
        "leave marker": {"k": "f", "m": "f"},
        "delete": {"m": "-", "k": "-", "f": "-"},
    }[call]
    letter = flows[number]
    return flows[:number] + new.get(letter, letter) + flows[number + 1 :]


def written(state: State, call: str, number: int, rules: Rules) -> State:
    now = after_write(state.log[-1], call, number)
    if now == state.log[-1]:
        return state
    return state._replace(log=(*state.log, now)[-rules.lag - 1 :])


# ---- the applier -----------------------------------------------------------------------------


def first(found: dict[int, bool]) -> int:
    """Who has precedence: what is settled, then the lowest number."""
    return min(found, key=lambda number: (not found[number], number), default=NONE)


def look(applier: Applier, why: str) -> Applier:
    return applier._replace(step="look", why=why, halfway=False, shown=())


def searched(applier: Applier, seen: str, rules: Rules) -> Applier:
    """After one of the two searches of a look; the second knows better."""
    if applier.why in ("settle", "leftovers"):
        return _settle(applier, seen, rules)
    order = ("mk", "kf") if rules.marker_before_key else ("kf", "mk")
    letters = order[applier.halfway]
    shown = {n: letter == "f" for n, letter in enumerate(seen) if letter in letters}
    shown = {number: shown[number] for number in shown if number not in applier.gone}
    if not applier.halfway:
        return applier._replace(halfway=True, shown=tuple(sorted(shown.items())))
    both = dict(applier.shown) | shown
    return looked(applier._replace(halfway=False, shown=()), both, rules)


def looked(applier: Applier, found: dict[int, bool], rules: Rules) -> Applier:
    """Decides after both searches."""
    if sum(found.values()) > 1:
        return Applier(FAILED)
    if applier.why == "keep":
        return _keep(applier, first({applier.own: False} | found), found)
    if found:
        return applier._replace(step="read", why="finish", own=first(found))
    return applier._replace(step="make")


def _keep(applier: Applier, winner: int, found: dict[int, bool]) -> Applier:
    if winner != applier.own:
        return applier._replace(step="read", why="rival", rival=winner)
    if applier.own in found:
        return applier._replace(step="read", why="finish")
    return look(applier, "keep")


def _settle(applier: Applier, seen: str, rules: Rules) -> Applier:
    """Looks for the key until ours is shown finished, and then for the marker."""
    if applier.why == "settle":
        if seen.count("f") > 1:
            return Applier(FAILED)
        return look(
            applier, "leftovers" if seen[applier.own : applier.own + 1] == "f" else "settle"
        )
    marked = (number for number, letter in enumerate(seen) if letter in "mk")
    others = tuple(number for number in marked if number != applier.own)
    if not others or not rules.sweep:
        return Applier(DONE)
    return applier._replace(step="read", why="kept", sweep=others)


def read(applier: Applier, letter: str, rules: Rules) -> Applier:
    """After a GET of the flow itself, which never lags."""
    if applier.why == "rival":
        return _read_rival(applier, letter)
    if applier.why == "give up":
        there = letter in "mk"
        return applier._replace(step="delete") if there else looking(applier._replace(own=NONE))
    if applier.why == "kept":
        return applier._replace(why="sweep") if letter == "f" else Applier(DONE)
    if applier.why == "sweep":
        return applier._replace(step="delete") if letter in "mk" else swept(applier)
    return _read_own(applier, letter, rules)


def _read_rival(applier: Applier, letter: str) -> Applier:
    if letter == "-":
        gone = tuple(sorted((*applier.gone, applier.rival)))
        return look(applier._replace(gone=gone, rival=NONE), "keep")
    return applier._replace(why="give up", rival=NONE)


def _read_own(applier: Applier, letter: str, rules: Rules) -> Applier:
    if letter == "-":
        # What fails on the way is read once more before it counts as gone.
        return look_again(applier) if applier.why == "finish" else applier._replace(why="finish")
    if letter == "f":
        return settling(applier)
    if applier.why == "overlay":
        return applier._replace(step="leave marker")
    return applier._replace(step="key") if rules.key_apart else applier._replace(why="overlay")


def look_again(applier: Applier) -> Applier:
    """Its flow is gone, whatever searches go on showing."""
    gone = tuple(sorted((*applier.gone, applier.own)))
    return looking(applier._replace(gone=gone, own=NONE))


def looking(applier: Applier) -> Applier:
    """The start of a round: after a lost answer, it waits."""
    return applier._replace(step="wait", own=NONE) if applier.lost else look(applier, "find")


def settling(applier: Applier) -> Applier:
    """What was lost is shown once a later write of ours is, or after the longest lag."""
    return applier._replace(step="wait longer") if applier.lost else look(applier, "settle")


def swept(applier: Applier) -> Applier:
    rest = applier.sweep[1:]
    return applier._replace(step="read", sweep=rest) if rest else Applier(DONE)


def answered(applier: Applier, call: str, before: str, rules: Rules) -> Applier:
    """After the answer to a write; `before` are the flows that it met."""
    if call == "make":
        made = applier._replace(own=len(before), lost=False)
        return look(made, "keep") if rules.second_look else made._replace(step="read", why="finish")
    if call == "delete":
        return swept(applier) if applier.why == "sweep" else looking(applier._replace(own=NONE))
    if before[applier.own] == "-":
        return applier._replace(step="read", why="finish")
    if call == "key":
        return applier._replace(step="read", why="overlay")
    return settling(applier._replace(lost=False))


def unanswered(applier: Applier, call: str, rules: Rules) -> Applier:
    """A create is looked for before it is repeated; every other write is repeated as it is."""
    lost = applier._replace(lost=True)
    if call != "make":
        return applier
    return lost._replace(step="wait") if rules.wait_before_repeat else waited(lost, rules)


def waited(applier: Applier, rules: Rules) -> Applier:
    return look(applier, "find") if rules.search_before_repeat else applier._replace(step="make")


def target(applier: Applier) -> int:
    """The flow that the next call is about."""
    if applier.step == "make":
        return NONE
    return {"rival": applier.rival, "sweep": (applier.sweep or (NONE,))[0]}.get(
        applier.why, applier.own
    )


# ---- all that can happen next ----------------------------------------------------------------


def steps(state: State, rules: Rules) -> Iterator[Step]:
    """Every next state, with what led there."""
    for place, late in enumerate(state.late):
        rest = state.late[:place] + state.late[place + 1 :]
        yield Label(*late[:2], "done late"), written(state._replace(late=rest), *late[1:], rules)
    if len(state.log) > 1:
        yield Label(NONE, "search catches up"), state._replace(log=state.log[1:])
    for who, applier in enumerate(state.appliers):
        if applier.step not in (DONE, FAILED):
            yield from _calls(state, who, applier, rules)


def _calls(state: State, who: int, applier: Applier, rules: Rules) -> Iterator[Step]:
    call = applier.step
    if call in WRITES:
        yield from _writes(state, who, applier, rules)
    elif not _must_wait(state, who, call):
        yield Label(who, call), _with(state, who, _after_read(state, applier, rules))
    if state.crashes and applier != Applier():
        yield Label(who, call, "crash before"), _crashed(state, who)


def _must_wait(state: State, who: int, call: str) -> bool:
    """Waiting ends when every create of ours is done or gone, or when searches have caught up."""
    on_its_way = any(late[:2] == (who, "make") for late in state.late)
    return (call == "wait" and on_its_way) or (call == "wait longer" and len(state.log) > 1)


def _after_read(state: State, applier: Applier, rules: Rules) -> Applier:
    if applier.step == "wait":
        return waited(applier, rules)
    if applier.step == "wait longer":
        return look(applier._replace(lost=False), "settle")
    if applier.step == "look":
        return searched(applier, state.log[0], rules)
    return read(applier, state.log[-1][target(applier)], rules)


def _writes(state: State, who: int, applier: Applier, rules: Rules) -> Iterator[Step]:
    call, number = applier.step, target(applier)
    done = written(state, call, number, rules)
    yield (
        Label(who, call),
        _with(done, who, answered(applier, call, state.log[-1], rules)),
    )
    late = state._replace(late=tuple(sorted((*state.late, (who, call, number)))))
    if state.losses:
        lost = unanswered(applier, call, rules)
        for outcome, then in (("lost, done", done), ("lost, late", late), ("lost, never", state)):
            less = then._replace(losses=state.losses - 1)
            yield Label(who, call, outcome), _with(less, who, lost)
    if state.crashes:
        yield Label(who, call, "crash after"), _crashed(done, who)
        yield Label(who, call, "crash, late"), _crashed(late, who)


def _with(state: State, who: int, applier: Applier) -> State:
    appliers = (*state.appliers[:who], applier, *state.appliers[who + 1 :])
    return state._replace(appliers=appliers)


def _crashed(state: State, who: int) -> State:
    """It starts again from nothing; whether at once or much later is the schedule's choice."""
    return _with(state, who, Applier())._replace(crashes=state.crashes - 1)


def is_end(state: State) -> bool:
    return not state.late and all(one.step in (DONE, FAILED) for one in state.appliers)
