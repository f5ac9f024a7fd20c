"""Grades in a table of any SQL database: upserted, with their ledger in the same transaction.

A flow is one transaction: it waits for its turn, reads the ledger, and writes what is new or
changed into table and ledger. What others have in the table stays, but for the columns that are
ours in the rows of the people and flows that are delivered.
"""

from __future__ import annotations

import warnings
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.grades.columns import cells
from engine.grades.fitting import UnfitError, fitted
from engine.grades.ledger import AT_ONCE, TABLES, Ledger, reason, register, transaction
from engine.grades.receiver import FlowError, Refused
from engine.grades.telling_apart import same
from engine.redaction import hide_everywhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.grades.ledger import Line
    from engine.grades.model import Delivered, GradeExport

Row = dict[str, Any]

_NUMBERS = {"user", "participant", "submission", "version"}
PATIENCE = 60
"""Seconds that SQLite waits for another run's transaction."""
CONNECT = 15
"""Seconds that PostgreSQL has to take a connection."""


class Table:
    """A table of a database; it and the ledger are made where they are not there."""

    def __init__(self, export: GradeExport, url: str, *, read_only: bool) -> None:
        self._export, self._url, self._read_only = export, url, read_only
        schema, _, self._name = export.to.table.rpartition(".")
        self._schema = schema or None
        self._flow, self._held = export.flow_key
        self._person = next(name for name, held in export.columns if held == "person")
        self._database: sa.Engine | None = None
        self._table: sa.Table | None = None
        self._has_ledger = False
        self._former: dict[tuple[str, str], str] | None = None
        self._refused: list[Refused] = []
        self._moved = 0

    async def recover(self) -> int:
        """Nothing: grades and ledger are there together, or neither is."""
        return 0

    def unfinished(self) -> int:
        return 0

    @contextmanager
    def open(self, flow: str) -> Iterator[OpenedTable]:
        self._refused = []
        database = self._database or self._prepared()
        if not self._has_ledger:
            yield OpenedTable({}, self, None)
            return
        with transaction(database, self._export.name) as ledger:
            if not self._read_only:
                ledger.take_turn()
            yield OpenedTable(ledger.delivered(flow), self, ledger)

    async def send(self) -> list[Refused]:
        return self._refused

    async def finish(self) -> tuple[str, ...]:
        return (f"table {self._export.to.table}",) if self._moved else ()

    # ---- tables ----------------------------------------------------------------------------------

    def _prepared(self) -> sa.Engine:
        """The database, with its tables unless nothing may be written."""
        database = _database(self._url)
        if self._read_only and _is_no_file(database):
            return database
        _connect(database)
        if self._schema:
            ledger_there = {"schema_translate_map": {None: self._schema}}
            database = database.execution_options(**ledger_there)
        with _told():
            self._table = self._reflected(database)
            if not self._read_only:
                _make(database, TABLES)
                register(database, self._export.name)
            if not self._read_only and self._table is None:
                _make(database, self._own_table())
                self._table = self._reflected(database)
            inspector = sa.inspect(database)
            names = [table.name for table in TABLES.sorted_tables]
            self._has_ledger = all(inspector.has_table(one, schema=self._schema) for one in names)
        self._database = database
        return database

    def _reflected(self, database: sa.Engine) -> sa.Table | None:
        """The table as it is there, if it is. Raises: EngineError, where it lacks a column."""
        if not sa.inspect(database).has_table(self._name, schema=self._schema):
            return None
        with _without_warnings():
            table = sa.Table(
                self._name,
                sa.MetaData(),
                schema=self._schema,
                autoload_with=database,
                resolve_fks=False,
            )
        lacking = [name for name, _ in self._export.columns if name not in table.c]
        if lacking:
            raise EngineError(
                f"the table {self._export.to.table} has no column {', '.join(lacking)}: "
                "add it, or name another under columns"
            )
        return table

    def _own_table(self) -> sa.MetaData:
        keys, tables = {self._flow, self._person}, sa.MetaData()
        columns: list[sa.Column[Any]] = []
        for name, held in self._export.columns:
            kind: Any = sa.BigInteger() if held in _NUMBERS else sa.String(255)
            columns.append(sa.Column(name, kind, primary_key=name in keys, autoincrement=False))
        sa.Table(self._name, tables, *columns, schema=self._schema)
        return tables

    # ---- rows ------------------------------------------------------------------------------------

    def put(self, ledger: Ledger, lines: list[Line], known: Mapping[str, Delivered]) -> None:
        """Writes grades and ledger in the transaction that is open; what does not fit is left out.

        Raises: FlowError.
        """
        if self._table is None or not lines:
            return
        former = self._delivered_as(ledger, self._table, lines[0])
        rows = self._fitting(self._table, lines, known)
        there = self._there(ledger.connection, self._table, [*rows.values()], former)
        new: list[Row] = []
        old: list[Row] = []
        for person, row in list(rows.items()):
            flow = former.get(person, row[self._flow])
            count = there[flow, _bare(row[self._person])]
            if count > 1:
                message = f"has several rows on this flow in the table {self._export.to.table}"
                self._refuse(rows, person, message)
            elif count:
                old.append({**_named(row), "wisectl_flow": flow})
            else:
                new.append(row)
        self._write(ledger.connection, self._table, new, old)
        ledger.write([line for line in lines if line.person in rows], known)
        self._moved += len(rows)

    def _write(
        self, connection: sa.Connection, table: sa.Table, new: list[Row], old: list[Row]
    ) -> None:
        for at in range(0, len(new), AT_ONCE):
            connection.execute(sa.insert(table), new[at : at + AT_ONCE])
        if not old:
            return
        person = f"wisectl_{[name for name, _ in self._export.columns].index(self._person)}"
        found = (
            table.c[self._flow] == sa.bindparam("wisectl_flow"),
            table.c[self._person] == sa.bindparam(person),
        )
        values: dict[str, Any] = {
            name: sa.bindparam(f"wisectl_{at}")
            for at, (name, _) in enumerate(self._export.columns)
            if name != self._person
        }
        update = sa.update(table).where(*found).values(values)
        for at in range(0, len(old), AT_ONCE):
            connection.execute(update, old[at : at + AT_ONCE])

    def _fitting(
        self, table: sa.Table, lines: list[Line], known: Mapping[str, Delivered]
    ) -> dict[str, Row]:
        """By person the rows; of people who are one in the table's column nobody's is there."""
        rows: dict[str, Row] = {}
        for line in lines:
            values = cells(line, self._export.columns)
            try:
                rows[line.person] = {
                    name: fitted(value, table.c[name]) for name, value in values.items()
                }
            except UnfitError as error:
                self._refused.append(Refused((line.person,), str(error)))
        column = table.c[self._person]
        moving = {line.person for line in lines}
        count = Counter(_bare(row[self._person]) for row in rows.values())
        count.update(map(_bare, _fitted(column, (one for one in known if one not in moving))))
        for person, row in list(rows.items()):
            if count[_bare(row[self._person])] > 1:
                message = f"is one person with another in the column {column.name}"
                self._refuse(rows, person, message)
        return rows

    def _refuse(self, rows: dict[str, Row], person: str, message: str) -> None:
        del rows[person]
        self._refused.append(Refused((person,), message))

    def _there(
        self,
        connection: sa.Connection,
        table: sa.Table,
        rows: list[Row],
        former: Mapping[str, Any],
    ) -> Counter[tuple[Any, Any]]:
        """How many rows the table has by flow and person, whoever wrote them."""
        person = table.c[self._person]
        count: Counter[tuple[Any, Any]] = Counter()
        for flow in {*former.values(), *(row[self._flow] for row in rows)}:
            query = sa.select(person).where(table.c[self._flow] == flow)
            with _without_warnings():
                count.update((flow, _bare(row[0])) for row in connection.execute(query))
        return count

    def _delivered_as(self, ledger: Ledger, table: sa.Table, line: Line) -> dict[str, Any]:
        """By person what told the flow from others when it was delivered, where that can change.

        Raises: FlowError, where that told another flow from others, which would lose its grades.
        """
        if self._held == "flow":
            return {}
        if self._former is None:
            self._former = {
                (one.flow, one.person): str(one.facts.get(self._held) or "")
                for one in ledger.lines()
            }
        mine = same(str(line.facts.get(self._held) or ""))
        for (flow, _), value in self._former.items():
            if flow != line.flow and same(value) == mine:
                raise FlowError(f"{flow} was delivered under its {self._held} before")
        before = {who: one for (flow, who), one in self._former.items() if flow == line.flow}
        return dict(zip(before, _fitted(table.c[self._flow], before.values()), strict=True))


class OpenedTable:
    """One flow, in a transaction that ends with the block."""

    def __init__(self, known: Mapping[str, Delivered], table: Table, ledger: Ledger | None) -> None:
        self.known = known
        self._table, self._ledger = table, ledger

    def write(self, lines: list[Line]) -> None:
        if self._ledger is not None:
            self._table.put(self._ledger, lines, self.known)


def _database(url: str) -> sa.Engine:
    """Raises: EngineError, which says nothing of the URL: it holds a password."""
    try:
        with _without_warnings():
            return _made(sa.make_url(url))
    except (sa.exc.NoSuchModuleError, ImportError) as error:
        driver = getattr(error, "name", None) or "that its URL names"
        raise EngineError(f"the driver {driver} is not installed: pip install it") from None
    except (sa.exc.ArgumentError, ValueError):
        message = "the database's URL is none: such as postgresql+psycopg://user:password@host/name"
        raise EngineError(message) from None


def _made(url: sa.URL) -> sa.Engine:
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    hide_everywhere(str(url.password or ""))
    options = _OPTIONS.get(url.get_backend_name(), {})
    # A connection for each flow: one that waits while WISEflow is read may be closed meanwhile.
    return sa.create_engine(url, poolclass=sa.pool.NullPool, hide_parameters=True, **options)


# Whoever has waited for its turn must see what the other run has written.
_SEES_OTHERS = {"isolation_level": "READ COMMITTED"}
_OPTIONS: dict[str, dict[str, Any]] = {
    "sqlite": {"connect_args": {"timeout": PATIENCE}},
    "postgresql": {"connect_args": {"connect_timeout": CONNECT}, **_SEES_OTHERS},
    "mysql": _SEES_OTHERS,
    "mariadb": _SEES_OTHERS,
}


def _connect(database: sa.Engine) -> None:
    """Raises: EngineError, where the database cannot be reached as its URL says."""
    with _told():
        try:
            database.connect().close()
        except (TypeError, ValueError, OSError) as error:
            message = f"the database's URL is not as its driver wants it: {type(error).__name__}"
            raise EngineError(message) from None


def _is_no_file(database: sa.Engine) -> bool:
    """Whether it is SQLite's and not there: to look into it would make it."""
    path = (database.url.database or "").removeprefix("file:")
    return database.dialect.name == "sqlite" and not Path(path).exists()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        raise EngineError(f"the database refused: {reason(error)}") from None


@contextmanager
def _without_warnings() -> Iterator[None]:
    """SQLAlchemy warns of types that it does not know, and of numbers in SQLite."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        yield


def _make(database: sa.Engine, tables: sa.MetaData) -> None:
    """Of two who make tables at once, one is told that they are there."""
    for _ in tables.sorted_tables:
        try:
            tables.create_all(database)
        except sa.exc.DatabaseError:
            continue
        return
    tables.create_all(database)


def _bare(value: Any) -> Any:
    """A value without the spaces that some types of column put behind it."""
    return value.rstrip(" ") if isinstance(value, str) else value


def _fitted(column: sa.Column[Any], values: Iterable[str]) -> Iterator[Any]:
    """Values as the column has them; those that it does not take cannot be there, as they are."""
    for value in values:
        try:
            yield fitted(value, column)
        except UnfitError:
            yield value


def _named(row: Row) -> Row:
    """A row by the names that values have in an update, which no column has."""
    return {f"wisectl_{at}": value for at, value in enumerate(row.values())}
