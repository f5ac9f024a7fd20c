"""A sandbox in a process of its own, whose whole state can be kept and brought back.

    python -m tests.laws.server      prints its URL, then obeys `keep NAME` and `restore NAME`

A process of its own, so that the tests' process can be killed and forked without harm to it.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from engine.sandbox.serve import Options, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.sandbox.store import Store

ROOT = Path(__file__).resolve().parents[2]
STAYS = {"settings", "tokens"}
"""Tables that a reset leaves alone too."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Every row of every table, and the time."""

    now: int
    tables: dict[str, list[tuple[object, ...]]]


def keep(store: Store) -> Kept:
    with store.transaction(write=False):
        tables = {
            name: [tuple(row) for row in store.all(f"SELECT * FROM {name}")]  # noqa: S608
            for name in _tables(store)
        }
        return Kept(store.clock.now(), tables)


def restore(store: Store, kept: Kept) -> None:
    with store.transaction():
        for name in _tables(store):
            store.run(f"DELETE FROM {name}")  # noqa: S608
            rows = kept.tables[name]
            if rows:
                places = ", ".join("?" * len(rows[0]))
                store.many(f"INSERT INTO {name} VALUES ({places})", rows)  # noqa: S608
    store.clock.set(float(kept.now))


def _tables(store: Store) -> list[str]:
    found = store.all("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [row["name"] for row in found if row["name"] not in STAYS]


def main() -> None:
    """Serves until standard input ends."""
    kept: dict[str, Kept] = {}
    with running(Options(rate_limit=False)) as sandbox:
        print(sandbox.url, flush=True)
        for line in sys.stdin:
            word, name = line.split()
            if word == "keep":
                kept[name] = keep(sandbox.store)
            else:
                restore(sandbox.store, kept[name])
            print("done", flush=True)


@dataclass(frozen=True, slots=True)
class Server:
    """The running process: where it listens, and how its state is kept."""

    url: str
    _orders: TextIO
    _answers: TextIO

    def keep(self, name: str) -> None:
        self._obey("keep", name)

    def restore(self, name: str) -> None:
        self._obey("restore", name)

    def _obey(self, word: str, name: str) -> None:
        self._orders.write(f"{word} {name}\n")
        self._orders.flush()
        answer = self._answers.readline()
        assert answer == "done\n", f"{word} {name}: the sandbox answered {answer!r}"


@contextmanager
def serving() -> Iterator[Server]:
    """The sandbox's process while the block lasts."""
    command = [sys.executable, "-m", "tests.laws.server"]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Server(process.stdout.readline().strip(), process.stdin, process.stdout)
        process.stdin.close()


if __name__ == "__main__":
    main()
