"""Faults that tests ask for: what goes wrong with which requests, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KINDS = ("status", "delay", "drop_before", "drop_after", "truncate", "malformed")


@dataclass(slots=True)
class Fault:
    """One fault; `times` None means always, `skip` matching requests pass first."""

    method: str
    path: str
    kind: str
    status: int
    seconds: float
    times: int | None
    skip: int

    def meets(self, method: str, template: str) -> bool:
        """Whether this request is to suffer it; counts `skip` and `times` down."""
        if self.method not in {"*", method} or self.path not in {"*", template}:
            return False
        if self.times is not None and self.times <= 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """The faults in force, in the order given."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def replace(self, faults: list[Fault]) -> None:
        """Put these in force instead of those before."""
        self._faults = faults

    def next(self, method: str, template: str) -> Fault | None:
        """The fault that this request suffers: the first that meets it."""
        return next((fault for fault in self._faults if fault.meets(method, template)), None)


class FaultError(Exception):
    """A request for faults that cannot be read."""


def read_faults(body: Any) -> list[Fault]:
    """The faults of a control request; FaultError names the first member that is wrong."""
    if not isinstance(body, list):
        raise FaultError("send a list of faults")
    return [_read(index, entry) for index, entry in enumerate(body)]


def _read(index: int, entry: Any) -> Fault:
    where = f"fault {index}"
    if not isinstance(entry, dict):
        raise FaultError(f"{where}: send an object")
    kind = entry.get("kind")
    if kind not in KINDS:
        raise FaultError(f"{where}: kind must be one of {', '.join(KINDS)}")
    return Fault(
        method=_text(where, entry, "method").upper(),
        path=_text(where, entry, "path"),
        kind=kind,
        status=_status(where, entry) if kind == "status" else 0,
        seconds=_seconds(where, entry) if kind == "delay" else 0.0,
        times=_count(where, entry, "times"),
        skip=_count(where, entry, "skip") or 0,
    )


def _text(where: str, entry: dict[str, Any], name: str) -> str:
    value = entry.get(name, "*")
    if not isinstance(value, str) or not value:
        raise FaultError(f"{where}: {name} must be text, or * for any")
    return value


def _status(where: str, entry: dict[str, Any]) -> int:
    value: Any = entry.get("status")
    if not _is_integer(value) or not 200 <= value <= 599:
        raise FaultError(f"{where}: status must be an HTTP status from 200 to 599")
    return int(value)


def _seconds(where: str, entry: dict[str, Any]) -> float:
    value = entry.get("seconds")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3600:
        raise FaultError(f"{where}: seconds must be a number from 0 to 3600")
    return float(value)


def _count(where: str, entry: dict[str, Any], name: str) -> int | None:
    value = entry.get(name)
    if value is None:
        return None
    if not _is_integer(value) or value < 0:
        raise FaultError(f"{where}: {name} must be a number of requests, 0 or more")
    return int(value)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
