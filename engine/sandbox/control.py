"""The control plane under /_sandbox: look inside, set clock and faults, simulate, grade."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.sandbox.cohort import CohortError, make_cohort
from engine.sandbox.dump import dump_state
from engine.sandbox.faults import FaultError, Faults, read_faults
from engine.sandbox.gradebook import GradeError, change_grades
from engine.sandbox.simulate import play, play_all

if TYPE_CHECKING:
    from collections import Counter

    from engine.sandbox.store import Store

Handler = Callable[[Any], Any]

# 1970 and 2200: outside these a clock is a mistake, such as milliseconds.
_EARLIEST, _LATEST = 0, 7_258_118_400


class ControlError(Exception):
    """A control request that cannot be understood; the message says what to send."""


class Control:
    """Answers control requests; they are neither counted nor faulted."""

    def __init__(self, store: Store, counts: Counter[str], faults: Faults) -> None:
        self._store = store
        self._counts = counts
        self._faults = faults
        self._handlers: dict[tuple[str, str], Handler] = {
            ("GET", "/requests"): self._requests,
            ("GET", "/state"): lambda _: dump_state(store),
            ("POST", "/reset"): self._reset,
            ("POST", "/clock"): self._clock,
            ("POST", "/faults"): self._set_faults,
            ("POST", "/simulate"): self._simulate,
            ("POST", "/grades"): lambda body: change_grades(store, body),
            ("POST", "/cohort"): lambda body: make_cohort(store, body),
        }

    def answer(self, method: str, path: str, raw: bytes) -> tuple[int, bytes]:
        """Status and JSON body."""
        handler = self._handlers.get((method, path))
        if handler is None:
            there = ", ".join(f"{m} /_sandbox{p}" for m, p in self._handlers)
            return 404, _encode({"error": f"There is {there}."})
        try:
            return 200, _encode(handler(_read(raw)))
        except (ControlError, FaultError, GradeError, CohortError) as error:
            return 400, _encode({"error": str(error)})

    def _requests(self, _: Any) -> dict[str, int]:
        return dict(sorted(self._counts.items()))

    def _reset(self, _: Any) -> dict[str, Any]:
        self._store.reset()
        return {"reset": True, "now": self._store.clock.now()}

    def _clock(self, body: Any) -> dict[str, int]:
        now = body.get("now") if isinstance(body, dict) else None
        if isinstance(now, bool) or not isinstance(now, int | float):
            raise ControlError('send {"now": Unix seconds}')
        if not _EARLIEST <= now <= _LATEST:
            raise ControlError("now must be Unix seconds between the years 1970 and 2200")
        self._store.clock.set(float(now))
        return {"now": int(now)}

    def _set_faults(self, body: Any) -> dict[str, int]:
        faults = read_faults(body)
        self._faults.replace(faults)
        return {"faults": len(faults)}

    def _simulate(self, body: Any) -> dict[str, Any]:
        """One flow, or many in one transaction."""
        asked = body if isinstance(body, dict) else {}
        flow_ids = asked.get("flow_ids", [asked.get("flow_id")])
        if not isinstance(flow_ids, list) or not all(type(one) is int for one in flow_ids):
            raise ControlError('send {"flow_id": the flow\'s number}, or {"flow_ids": [numbers]}')
        if "flow_ids" in asked:
            return {"flows": play_all(self._store, flow_ids)}
        return play(self._store, flow_ids[0])


def _read(raw: bytes) -> Any:
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ControlError("the body is not JSON") from error


def _encode(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
