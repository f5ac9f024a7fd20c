"""Everything the sandbox remembers: one SQLite file (or `:memory:`).

How the UNIWeb part keeps its rows here: `store.documents("members")` is a mapping from text keys
to JSON values in the same file. Rows that an institution brings are loaded at the first start and
at every reset; `store.on_seed(load)` registers a function that is called with the institution
then (and at once, when the file was just made). `store.clock` is the sandbox's time,
`store.transaction()` makes several writes one.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from engine.sandbox.clock import FIRST_NOW, Clock, clock_start
from engine.sandbox.seed import load_institution
from engine.sandbox.tables import FIRST_IDS, SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

Row = sqlite3.Row

_FORMAT = "3"


class Institution(Protocol):
    """What a new sandbox is filled with; the members are lists of plain dicts."""

    @property
    def users(self) -> list[dict[str, Any]]:
        """The users of the licence."""


class StoreFormatError(Exception):
    """The file was made by another version of the sandbox."""


class Store:
    """One sandbox's data; safe to share between threads, one transaction at a time."""

    def __init__(
        self,
        path: str | Path,
        institution: Callable[[], Any],
        *,
        clock: str | None = None,
    ) -> None:
        """Open the file, or make and fill it.

        `institution` is called only when rows are needed. `clock` is an ISO time or "now"; None
        leaves the clock of an existing file alone.
        """
        self._institution = institution
        self._loaders: list[Callable[[Any], None]] = []
        self._resetters: list[Callable[[], None]] = []
        self._licence: dict[str, Any] = {}
        self._lock = threading.RLock()
        self._depth = 0
        self.path = str(path)
        self.connection = _connect(self.path)
        self.fresh = self._prepare()
        self.clock = Clock(self)
        if self.fresh or clock is not None:
            self.set_setting("clock_start", clock or FIRST_NOW)
            self.clock.set(clock_start(clock or FIRST_NOW))
        if self.fresh:
            with self.transaction():
                self._load()

    def institution(self) -> Any:
        """The institution that fills this sandbox (built once)."""
        if not hasattr(self, "_built"):
            self._built = self._institution()
        return self._built

    def on_seed(self, load: Callable[[Any], None]) -> None:
        """Have `load` called with the institution whenever rows are seeded."""
        self._loaders.append(load)
        if self.fresh:
            with self.transaction():
                load(self.institution())

    def on_reset(self, forget: Callable[[], None]) -> None:
        """Have `forget` called whenever the sandbox returns to its seed."""
        self._resetters.append(forget)

    def reset(self) -> None:
        """Return to the seed and to the first time of the clock; tokens stay valid."""
        with self.transaction():
            for (name,) in self.connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).fetchall():
                if name not in {"settings", "tokens"}:
                    self.connection.execute(f"DELETE FROM {name}")  # noqa: S608
            _number_from_the_start(self.connection)
            self._licence.clear()
            self.clock.set(clock_start(self.setting("clock_start", FIRST_NOW)))
            self._load()
            for load in self._loaders:
                load(self.institution())
        for forget in self._resetters:
            forget()

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[None]:
        """All or nothing for the statements inside; inner transactions join the outer one."""
        with self._lock:
            if self._depth == 0:
                self.connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            self._depth += 1
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self.connection.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self.connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def all(self, sql: str, *values: Any, **named: Any) -> list[Row]:
        """Every row of a query."""
        with self._lock:
            return self.connection.execute(sql, named or values).fetchall()

    def one(self, sql: str, *values: Any, **named: Any) -> Row | None:
        """The first row of a query, or None."""
        with self._lock:
            row: Row | None = self.connection.execute(sql, named or values).fetchone()
            return row

    def scalar(self, sql: str, *values: Any, **named: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, *values, **named)
        return None if row is None else row[0]

    def run(self, sql: str, *values: Any, **named: Any) -> int:
        """The number of rows that a statement changed."""
        with self._lock:
            return self.connection.execute(sql, named or values).rowcount

    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run one statement for many rows."""
        with self._lock:
            self.connection.executemany(sql, rows)

    def insert(self, table: str, **columns: Any) -> int:
        """The id of a new row."""
        names = ", ".join(columns)
        places = ", ".join("?" * len(columns))
        with self._lock:
            cursor = self.connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608
                tuple(columns.values()),
            )
            return int(cursor.lastrowid or 0)

    def setting(self, name: str, default: str) -> str:
        """A remembered value of the sandbox itself."""
        found = self.scalar("SELECT value FROM settings WHERE name = ?", name)
        return default if found is None else str(found)

    def set_setting(self, name: str, value: str) -> None:
        """Remember a value of the sandbox itself."""
        self.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)

    def documents(self, collection: str) -> Documents:
        """A mapping from text keys to JSON values, kept in this file under a name."""
        return Documents(self, collection)

    def licence(self, name: str) -> Any:
        """One of the licence's lists, or the licence itself; not to be changed."""
        if name not in self._licence:
            self._licence[name] = self.documents("licence")[name]
        return self._licence[name]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self.connection.close()

    def _load(self) -> None:
        """Fill the tables as of the first time of the clock, so that every reset gives the same."""
        start = clock_start(self.setting("clock_start", FIRST_NOW))
        load_institution(self, self.institution(), int(start or self.clock.now()))

    def _prepare(self) -> bool:
        """Whether the file was new and has been given its tables."""
        with self.transaction():
            if self.one("SELECT 1 FROM sqlite_master WHERE name = 'settings'"):
                found = self.setting("format", "0")
                if found != _FORMAT:
                    raise StoreFormatError(
                        f"{self.path} was made by another version of the sandbox; "
                        "remove it to start anew"
                    )
                return False
            for statement in SCHEMA.split(";\n"):
                if statement.strip():
                    self.connection.execute(statement)
            self.set_setting("format", _FORMAT)
            _number_from_the_start(self.connection)
            return True


class Documents(MutableMapping[str, Any]):
    """JSON values by key, in key order."""

    def __init__(self, store: Store, collection: str) -> None:
        self._store = store
        self._collection = collection

    def __getitem__(self, key: str) -> Any:
        body = self._store.scalar(
            "SELECT body FROM documents WHERE collection = ? AND key = ?", self._collection, key
        )
        if body is None:
            raise KeyError(key)
        return json.loads(body)

    def __setitem__(self, key: str, value: Any) -> None:
        body = json.dumps(value, ensure_ascii=False)
        self._store.run(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", self._collection, key, body
        )

    def __delitem__(self, key: str) -> None:
        if not self._store.run(
            "DELETE FROM documents WHERE collection = ? AND key = ?", self._collection, key
        ):
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        rows = self._store.all(
            "SELECT key FROM documents WHERE collection = ? ORDER BY key", self._collection
        )
        return iter([row["key"] for row in rows])

    def __len__(self) -> int:
        count: int = self._store.scalar(
            "SELECT count(*) FROM documents WHERE collection = ?", self._collection
        )
        return count


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=30, cached_statements=512
    )
    connection.row_factory = sqlite3.Row
    # SQLite's own lower() knows ASCII only.
    connection.create_function("casefold", 1, _casefold, deterministic=True)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    # 64 MB: the indices of a hundred thousand grades do not fit into the default of two.
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def _casefold(value: str | None) -> str | None:
    return None if value is None else value.casefold()


def _number_from_the_start(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM sqlite_sequence")
    connection.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", FIRST_IDS.items())
