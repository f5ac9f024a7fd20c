"""Every state of the model, and what must be true in it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from tests.model.creation_model import FAILED, Applier, Label, Rules, State, is_end, start, steps

if TYPE_CHECKING:
    from collections.abc import Callable


class Explored(NamedTuple):
    """What a search of all states found; `wrong` is empty if nothing, else `trace` leads there."""

    states: int
    ends: frozenset[str]
    """The flows at every end, all appliers done."""
    wrong: str = ""
    flows: str = ""
    trace: tuple[Label, ...] = ()


def explore(rules: Rules, wrong_in: Callable[[State, Rules], str]) -> Explored:
    """Breadth first to the end, or to a wrong state: then the trace is a shortest one."""
    begin = start(rules)
    came: dict[State, tuple[State, Label] | None] = {begin: None}
    todo = deque([begin])
    ends: set[str] = set()
    while todo:
        state = todo.popleft()
        now = state.log[-1]
        if wrong := wrong_in(state, rules):
            return Explored(len(came), frozenset(ends), wrong, now, _trace(came, state))
        if is_end(state):
            ends.add(now)
        for label, after in steps(state, rules):
            if after not in came:
                came[after] = (state, label)
                todo.append(after)
    return Explored(len(came), frozenset(ends))


def _trace(came: dict[State, tuple[State, Label] | None], state: State) -> tuple[Label, ...]:
    labels = []
    while (step := came[state]) is not None:
        state, label = step
        labels.append(label)
    return tuple(reversed(labels))


def wrong_state(state: State, rules: Rules) -> str:
    """What must never be: two finished flows; and at an end anything but one flow, finished.

    After a crash a draft may be left behind, until one more run; that one must clear it.
    """
    now = state.log[-1]
    if now.count("f") > 1:
        return "two finished flows carry the key"
    if any(one.step == FAILED for one in state.appliers):
        return "an applier cannot tell the flow from its rivals"
    if not is_end(state) or (set(now) <= set("f-") and "f" in now):
        return ""
    if "f" not in now:
        return "everybody is done, and no flow is finished"
    if state.crashes == rules.crashes:
        return "everybody is done, nobody crashed, and a draft is left behind"
    after = later_run(now, rules)
    cleared = after.count("f") == 1 and set(after) <= set("f-")
    return "" if cleared else f"even one more run leaves {after}"


def second_flow(state: State, _: Rules) -> str:
    """What must never be with one applier, no crash, and searches that do not lag."""
    return "a create was repeated though it had been done" if len(state.log[-1]) > 1 else ""


def later_run(flows: str, rules: Rules) -> str:
    """The flows after one more run by itself, with no fault."""
    state = State((Applier(),), (flows,))
    while not is_end(state):
        state = next(after for _, after in steps(state, rules))
    return state.log[-1]
