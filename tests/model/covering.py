"""Takes the code through every transition of the model, in as few walks as is easily had.

Two transitions count as one where only the faults to come differ, or only which of the two
appliers is which: the code cannot know either. Crashes need not be taken for their own sake, since
nothing of a run outlives them; they are taken to come to what they lead to.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from tests.model.creation_model import NONE, Label, Rules, State, Step, start, steps
from tests.model.driven import Stage

if TYPE_CHECKING:
    from engine.wiseflow.creation import NewFlow

Path = list[Step]
NEAR = 300
"""How many states a walk looks through for a transition not taken yet, before it starts anew."""


class Covered(NamedTuple):
    """States and transitions of the model; the transitions that the code took, walks, steps."""

    states: int
    transitions: int
    taken: int
    walks: int
    steps: int
    ends: frozenset[str]


class Cover:
    """The model's graph, and which of its transitions the code has yet to take."""

    def __init__(self, rules: Rules) -> None:
        self.begin = start(rules)
        self.graph: dict[State, Path] = {self.begin: []}
        self.way: dict[State, Step] = {}
        todo = deque([self.begin])
        while todo:
            state = todo.popleft()
            self.graph[state] = list(steps(state, rules))
            for label, after in self.graph[state]:
                if after not in self.graph:
                    self.graph[after] = []
                    self.way[after] = (label, state)
                    todo.append(after)
        left = {
            _seen_by_code(state, label): state
            for state, path in self.graph.items()
            for label, _ in path
            if "crash" not in label.outcome
        }
        # In no order at all, but always the same: a bounded run takes some of everything.
        self.left = {
            one: left[one] for one in sorted(left, key=lambda one: crc32(repr(one).encode()))
        }

    def path_to_next(self) -> Path:
        """A shortest way from the beginning to a state with a transition not taken yet."""
        state, path = next(iter(self.left.values())), []
        while state != self.begin:
            label, before = self.way[state]
            path.append((label, state))
            state = before
        return path[::-1]

    def path_on(self, state: State) -> Path:
        """From here to a transition not taken yet, that one included; empty if none is near."""
        came: dict[State, Path] = {state: []}
        todo = deque([state])
        while todo and len(came) < NEAR:
            here = todo.popleft()
            for label, after in self.graph[here]:
                if _seen_by_code(here, label) in self.left:
                    return [*came[here], (label, after)]
                if after not in came:
                    came[after] = [*came[here], (label, after)]
                    todo.append(after)
        return []

    def took(self, state: State, label: Label) -> None:
        self.left.pop(_seen_by_code(state, label), None)


def _seen_by_code(state: State, label: Label) -> tuple[State, Label]:
    """The transition without what the code cannot know."""
    state = state._replace(crashes=0, losses=0)
    if len(state.appliers) != 2:
        return state, label
    if label.who == NONE:
        return min(state, _mirror(state)), label
    mirror = _mirror(state)
    return min((state, label), (mirror, label._replace(who=1 - label.who)))


def _mirror(state: State) -> State:
    late = tuple(sorted((1 - who, call, number) for who, call, number in state.late))
    return state._replace(appliers=state.appliers[::-1], late=late)


def cover(rules: Rules, new: NewFlow, most_steps: int | None = None) -> Covered:
    """Takes every transition, or as many as fit. Raises: MismatchError, where they part."""
    return asyncio.run(_cover(Cover(rules), rules, new, most_steps))


async def _cover(model: Cover, rules: Rules, new: NewFlow, most_steps: int | None) -> Covered:
    walks, taken, transitions = 0, 0, len(model.left)
    ends: set[str] = set()
    while model.left and (most_steps is None or taken < most_steps):
        stage = Stage(rules, new)
        await stage.open()
        walks += 1
        path = model.path_to_next()
        while path := path or model.path_on(stage.state):
            for label, after in path:
                model.took(stage.state, label)
                await stage.take(label, after)
            taken += len(path)
            path = []
        if not model.graph[stage.state]:
            ends.add(stage.state.log[-1])
        await stage.close()
    took = transitions - len(model.left)
    return Covered(len(model.graph), transitions, took, walks, taken, frozenset(ends))
