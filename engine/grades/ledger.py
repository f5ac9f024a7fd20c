"""What was delivered, kept in a database: beside the destination, or in the destination itself.

A line for each person on each flow of an export. A delivery that must not be torn apart writes its
lines first, as a batch that is on its way, and settles the batch when it has arrived. A batch that
is still there when a run begins was cut off in between; it holds all that is needed to bring it to
its end, so that nothing is delivered twice and nothing is lost.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import sqlalchemy as sa

from engine.errors import EngineError
from engine.grades.model import Delivered
from engine.grades.refusals import reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

TABLES = sa.MetaData()
LINES = sa.Table(
    "wisectl_deliveries",
    TABLES,
    sa.Column("export", sa.String(200), primary_key=True),
    sa.Column("flow", sa.String(200), primary_key=True),
    sa.Column("person", sa.String(255), primary_key=True),
    sa.Column("user_number", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("batch", sa.String(64), index=True),
    sa.Column("earlier", sa.Text),
)
"""`content` is the grade and what else its columns hold; `batch` is null once it has arrived, and
`earlier` is what the line was before, while it has not."""

TURNS = sa.Table(
    "wisectl_exports",
    TABLES,
    sa.Column("export", sa.String(200), primary_key=True),
    sa.Column("since", sa.BigInteger, nullable=False),
)
"""A line for each export, which whoever delivers locks first: others wait until they are done.
`since` is when the ledger was begun, in seconds since 1970."""

PLACES = sa.Table(
    "wisectl_places",
    TABLES,
    sa.Column("export", sa.String(200), primary_key=True),
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("shape", sa.Text, nullable=False),
    sa.Column("digests", sa.Text, nullable=False),
)
"""Where an export delivers to: files, which it writes down before they are there, a table or an
address. What the rows of a file look like is its shape; of what it holds, or is about to, digests
are kept."""

T = TypeVar("T")
AT_ONCE = 500


class Place(NamedTuple):
    """A file, and what it may hold; of a table or an address nothing more is known."""

    shape: str = ""
    digests: frozenset[str] = frozenset()


class Line(NamedTuple):
    """What is written of one grade: content is what was read, facts what else columns hold.

    One without content was taken back: its version counts on, should there be a grade again.
    """

    flow: str
    person: str
    user: int
    version: int
    content: Mapping[str, Any]
    facts: Mapping[str, Any]


def open_file(path: Path) -> sa.Engine:
    """A ledger in a file of its own, made where it is not there. Raises: EngineError."""
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, connect_args={"timeout": 30})
    try:
        # It holds grades: nobody else may read it, whatever their usual rights are.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        with engine.begin() as connection:
            TABLES.create_all(connection)
    except sa.exc.SQLAlchemyError as error:
        raise EngineError(f"the ledger {path} cannot be used: {reason(error)}") from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise EngineError(f"the ledger {path} cannot be used: {why}") from None
    return engine


class Ledger:
    """The lines of one export, on a connection that is in a transaction."""

    def __init__(self, connection: sa.Connection, export: str) -> None:
        self.connection, self._export = connection, export
        self._mine = LINES.c.export == export

    def take_turn(self) -> None:
        """Waits until nobody else delivers this export, to the end of the transaction.

        It is the first of the transaction, and writes nothing unless the export is new.
        """
        if self.connection.dialect.name == "sqlite":
            # It has no locks of rows; one that begins with reading may not write afterwards.
            self.connection.exec_driver_sql("BEGIN IMMEDIATE")
        locked = (
            sa.select(TURNS)
            .where(TURNS.c.export == self._export)
            .with_for_update()
            .with_hint(TURNS, "WITH (UPDLOCK, HOLDLOCK)", "mssql")
        )
        if self.connection.execute(locked).first() is None:
            self.connection.execute(_begun(self._export))

    def since(self) -> int:
        """When the ledger was begun, in seconds since 1970."""
        begun = sa.select(TURNS.c.since).where(TURNS.c.export == self._export)
        return int(self.connection.execute(begun).scalar_one())

    def places(self) -> dict[str, Place]:
        """By name each place that this export has delivered to, or was about to."""
        mine = sa.select(PLACES).where(PLACES.c.export == self._export)
        rows = self.connection.execute(mine)
        return {row.name: Place(row.shape, frozenset(row.digests.split())) for row in rows}

    def remember(self, places: Mapping[str, Place]) -> None:
        """These are places of this export from now on."""
        there = (PLACES.c.export == self._export, PLACES.c.name.in_(places))
        self.connection.execute(sa.delete(PLACES).where(*there))
        for name, place in places.items():
            row = {"export": self._export, "name": name, "shape": place.shape}
            row["digests"] = " ".join(sorted(place.digests))
            self.connection.execute(sa.insert(PLACES).values(row))

    def settle_place(self, place: str, moved_from: str, *, writes: bool) -> None:
        """Of what has one place at a time, which is this one from now on.

        Raises: EngineError, where the ledger is about another: grades that are not in this place
        would count as delivered.
        """
        known = self.places()
        if place in known:
            return
        others = sorted(set(known) - {moved_from})
        if others and self.has_grades():
            raise EngineError(
                f"what was delivered went to {others[0]}, and nothing says that it is in {place}: "
                "state moved_from, if it is; else set it back, or give the export another key"
            )
        if writes:
            self.connection.execute(sa.delete(PLACES).where(PLACES.c.export == self._export))
            self.remember({place: Place()})

    def has_grades(self) -> bool:
        """Whether anything was ever delivered."""
        return (
            self.connection.execute(sa.select(LINES.c.flow).where(self._mine)).first() is not None
        )

    def delivered(self, flow: str) -> dict[str, Delivered]:
        """By person what was delivered last of a flow, batches on their way included."""
        rows = self.connection.execute(
            sa.select(LINES).where(self._mine, LINES.c.flow == flow).order_by(LINES.c.person)
        )
        return {row.person: _delivered(row) for row in rows}

    def write(self, lines: Iterable[Line], known: Mapping[str, Delivered], batch: str = "") -> None:
        """Puts the lines in, over those of the same people; on their way as a batch, if named."""
        new: list[Line] = []
        moved: list[Line] = []
        for line in lines:
            (moved if line.person in known else new).append(line)
        for some in _portions(new):
            self.connection.execute(sa.insert(LINES), [self._values(one, batch) for one in some])
        statement = (
            sa.update(LINES)
            .where(
                self._mine,
                LINES.c.flow == sa.bindparam("of_flow"),
                LINES.c.person == sa.bindparam("of_person"),
            )
            .values(
                earlier=sa.case((sa.bindparam("is_sent") == 1, LINES.c.content), else_=None),
                user_number=sa.bindparam("user"),
                version=sa.bindparam("to"),
                content=sa.bindparam("holds"),
                batch=sa.bindparam("on_way"),
            )
        )
        for some in _portions(moved):
            self.connection.execute(statement, [_moved(one, batch) for one in some])

    def _values(self, line: Line, batch: str) -> dict[str, Any]:
        return {
            "export": self._export,
            "flow": line.flow,
            "person": line.person,
            "user_number": line.user,
            "version": line.version,
            "content": _json(line),
            "batch": batch or None,
            "earlier": None,
        }

    def on_their_way(self) -> dict[str, int]:
        """The batches that have not arrived, with how many grades are in each."""
        rows = self.connection.execute(
            sa.select(LINES.c.batch, sa.func.count())
            .where(self._mine, LINES.c.batch.is_not(None))
            .group_by(LINES.c.batch)
            .order_by(LINES.c.batch)
        )
        return {batch: count for batch, count in rows if batch}

    def batch(self, name: str) -> list[Line]:
        """The lines of a batch, by flow and person."""
        query = sa.select(LINES).where(self._mine, LINES.c.batch == name)
        return [_line(row) for row in self.connection.execute(_in_order(query))]

    def settle(self, batch: str) -> None:
        """A batch has arrived."""
        mine = sa.update(LINES).where(self._mine, LINES.c.batch == batch)
        self.connection.execute(mine.values(batch=None, earlier=None))

    def take_back(self, batch: str) -> None:
        """A batch was refused for good: its lines are what they were before it."""
        there = (self._mine, LINES.c.batch == batch)
        self.connection.execute(sa.delete(LINES).where(*there, LINES.c.earlier.is_(None)))
        for row in self.connection.execute(sa.select(LINES).where(*there)).all():
            user = json.loads(row.earlier)["facts"].get("user", row.user_number)
            back = {"content": row.earlier, "version": row.version - 1, "user_number": user}
            line = (*there, LINES.c.flow == row.flow, LINES.c.person == row.person)
            statement = sa.update(LINES).where(*line).values(**back, batch=None, earlier=None)
            self.connection.execute(statement)

    def split(self, batch: str, people: Iterable[str], into: str) -> None:
        """Some people of a batch are in another one from now on, on its way too."""
        for some in _portions([*people]):
            there = (self._mine, LINES.c.batch == batch, LINES.c.person.in_(some))
            self.connection.execute(sa.update(LINES).where(*there).values(batch=into))

    def stamp(self, flow: str) -> tuple[int, int]:
        """Another one for each delivery of a flow."""
        both = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(LINES.c.version), 0))
        count, versions = self.connection.execute(
            both.where(self._mine, LINES.c.flow == flow)
        ).one()
        return int(count), int(versions)

    def lines(self) -> Iterator[Line]:
        """Every grade that is there, by flow and person; some at a time are in memory."""
        query = _in_order(sa.select(LINES).where(self._mine))
        # Of the query alone: the connection would keep it for what is written afterwards.
        for row in self.connection.execute(query.execution_options(yield_per=AT_ONCE)):
            line = _line(row)
            if line.content:
                yield line


def _moved(line: Line, batch: str) -> dict[str, Any]:
    return {
        "of_flow": line.flow,
        "of_person": line.person,
        "is_sent": int(bool(batch)),
        "user": line.user,
        "to": line.version,
        "holds": _json(line),
        "on_way": batch or None,
    }


def _in_order(query: sa.Select[Any]) -> sa.Select[Any]:
    return query.order_by(LINES.c.flow, LINES.c.person)


def _portions(lines: list[T]) -> Iterator[list[T]]:
    for at in range(0, len(lines), AT_ONCE):
        yield lines[at : at + AT_ONCE]


def _json(line: Line) -> str:
    """One spelling for equal contents, in ASCII: some databases keep texts in a code page."""
    both = {"grade": dict(line.content), "facts": dict(line.facts)}
    return json.dumps(both, sort_keys=True, separators=(",", ":"))


def _line(row: Any) -> Line:
    both = json.loads(row.content)
    return Line(row.flow, row.person, row.user_number, row.version, both["grade"], both["facts"])


def _delivered(row: Any) -> Delivered:
    both = json.loads(row.content)
    number = both["facts"].get("number")
    return Delivered(row.person, row.user_number, row.version, both["grade"], number)


def _refuse_others(connection: sa.Connection, export: str) -> None:
    _, slash, key = export.rpartition("/")
    alike = sa.select(TURNS.c.export).where(TURNS.c.export.endswith(slash + key, autoescape=True))
    for other in connection.execute(alike).scalars():
        if other != export:
            holder = other.rpartition("/")[0]
            message = f"grades of the environment {holder} are delivered there"
            raise EngineError(f"{message}: give each environment a place of its own")


@contextmanager
def transaction(engine: sa.Engine, export: str, what: str = "the database") -> Iterator[Ledger]:
    """One export's ledger; what is written is there as a whole, or not at all.

    Raises: EngineError, where the database refuses, which says no value; or where the destination
    holds what the same export delivered from another environment.
    """
    try:
        with engine.begin() as connection:
            _refuse_others(connection, export)
            yield Ledger(connection, export)
    except sa.exc.SQLAlchemyError as error:
        if getattr(error, "connection_invalidated", False):
            message = f"the connection to {what} was lost: run it again, nothing is delivered twice"
            raise EngineError(message) from None
        raise EngineError(f"{what} refused: {reason(error)}") from None


def _begun(export: str) -> sa.Insert:
    return sa.insert(TURNS).values(export=export, since=int(time.time()))


def register(engine: sa.Engine, export: str) -> None:
    """The export has its line of turns from now on, which two who are the first cannot both write.

    Raises: EngineError, as `transaction` does.
    """
    try:
        with engine.begin() as connection:
            _refuse_others(connection, export)
            there = sa.select(TURNS.c.export).where(TURNS.c.export == export)
            if connection.execute(there).first() is None:
                connection.execute(_begun(export))
    except sa.exc.IntegrityError:
        # Another run was quicker.
        return
