"""Databases that grades are delivered to, reached by URLs of which no message says a word."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.grades.refusals import reason
from engine.redaction import hide_everywhere

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60
"""Seconds that SQLite and PostgreSQL wait for somebody else's transaction."""
CONNECT = 15
"""Seconds that PostgreSQL has to take a connection."""


def database_at(url: str, root: Path) -> sa.Engine:
    """Raises: EngineError, which says nothing of the URL: it holds a password."""
    try:
        with without_warnings():
            return _made(_from(root, sa.make_url(url)))
    except (sa.exc.NoSuchModuleError, ImportError) as error:
        driver = getattr(error, "name", None) or "that its URL names"
        raise EngineError(f"the driver {driver} is not installed: pip install it") from None
    except (sa.exc.ArgumentError, ValueError):
        message = "the database's URL is none: such as postgresql+psycopg://user:password@host/name"
        raise EngineError(message) from None


def _from(root: Path, url: sa.URL) -> sa.URL:
    """SQLite's file where manifests' paths begin, not where the command runs."""
    path = url.database or ""
    if url.get_backend_name() != "sqlite" or path[:5] == "file:":
        return url
    if path in ("", ":memory:"):
        raise EngineError("a database in memory keeps nothing: name a file in its URL")
    if not Path(path).is_absolute() and not (root / path).parent.is_dir():
        raise EngineError(f"there is no folder {Path(path).parent} for the database: make it")
    return url.set(database=str(root / path))


def _made(url: sa.URL) -> sa.Engine:
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    hide_everywhere(str(url.password or ""))
    # What drivers log goes to standard error where nobody takes it, values included.
    for driver in ("psycopg", "psycopg.pool"):
        logging.getLogger(driver).addHandler(logging.NullHandler())
    options = _options(url)
    # A connection for each flow: one that waits while WISEflow is read may be closed meanwhile.
    return sa.create_engine(url, poolclass=sa.pool.NullPool, hide_parameters=True, **options)


def _options(url: sa.URL) -> dict[str, Any]:
    """What its URL says goes first."""
    options = dict(_OPTIONS.get(url.get_backend_name(), {}))
    stated = options.get("connect_args", {})
    left = {name: value for name, value in stated.items() if name not in url.query}
    return {**options, "connect_args": left} if stated else options


# Whoever has waited for its turn must see what the other run has written.
_SEES_OTHERS = {"isolation_level": "READ COMMITTED"}
_OPTIONS: dict[str, dict[str, Any]] = {
    "sqlite": {"connect_args": {"timeout": PATIENCE}},
    "postgresql": {
        "connect_args": {
            "connect_timeout": CONNECT,
            "options": f"-c lock_timeout={PATIENCE}s",
        },
        **_SEES_OTHERS,
    },
    "mysql": _SEES_OTHERS,
    "mariadb": _SEES_OTHERS,
}


def connect(database: sa.Engine) -> None:
    """Raises: EngineError, where the database cannot be reached as its URL says."""
    with told():
        try:
            database.connect().close()
        except (TypeError, ValueError, OSError) as error:
            message = f"the database's URL is not as its driver wants it: {type(error).__name__}"
            raise EngineError(message) from None


def is_no_file(database: sa.Engine) -> bool:
    """Whether it is SQLite's and not there: to look into it would make it."""
    path = (database.url.database or "").removeprefix("file:")
    return database.dialect.name == "sqlite" and not Path(path).exists()


@contextmanager
def told() -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        raise EngineError(f"the database refused: {reason(error)}") from None


@contextmanager
def without_warnings() -> Iterator[None]:
    """SQLAlchemy warns of types that it does not know, and of numbers in SQLite."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        yield


def make_tables(database: sa.Engine, tables: sa.MetaData) -> None:
    """Of two who make tables at once, one is told that they are there."""
    for _ in tables.sorted_tables:
        try:
            tables.create_all(database)
        except sa.exc.DatabaseError:
            continue
        return
    tables.create_all(database)
