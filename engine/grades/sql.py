"""Grades in a table of any SQL database: upserted, with their ledger in the same transaction."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.grades.columns import Cell, cells
from engine.grades.ledger import TABLES, Ledger, reason, transaction
from engine.grades.model import FLOW_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.grades.ledger import Line
    from engine.grades.model import Delivered, GradeExport
    from engine.grades.receiver import Refused

_NUMBERS = {"user", "participant", "submission", "version"}
PORTION = 500


class Table:
    """A table of a database; it and the ledger are made where they are not there."""

    def __init__(self, export: GradeExport, url: str, *, read_only: bool) -> None:
        self._export, self._read_only = export, read_only
        self._engine = _engine(url)
        self._moved = 0
        self._table: sa.Table | None = None

    async def recover(self) -> int:
        """Nothing: grades and ledger are there together, or neither is."""
        return 0

    def unfinished(self) -> int:
        return 0

    @contextmanager
    def open(self, flow: str) -> Iterator[OpenedTable]:
        with _told():
            self._prepare()
        if self._table is None:
            yield OpenedTable({}, self, None, flow)
            return
        with transaction(self._engine, self._export.name) as ledger:
            if not self._read_only:
                ledger.take_turn()
            yield OpenedTable(ledger.delivered(flow), self, ledger, flow)

    async def send(self) -> list[Refused]:
        return []

    async def finish(self) -> tuple[str, ...]:
        self._engine.dispose()
        return (f"table {self._export.to.table}",) if self._moved else ()

    def _prepare(self) -> None:
        """Makes the tables, or looks whether they are there where nothing may be written."""
        if self._table is not None:
            return
        name = self._export.to.table
        inspector = sa.inspect(self._engine)
        if self._read_only and not inspector.has_table("wisectl_deliveries"):
            return
        if not self._read_only:
            _make_ledger(self._engine)
        if inspector.has_table(name):
            self._table = sa.Table(name, sa.MetaData(), autoload_with=self._engine)
            self._check(self._table)
        elif self._read_only:
            self._table = sa.Table(name, sa.MetaData(), *self._columns())
        else:
            self._table = sa.Table(name, sa.MetaData(), *self._columns())
            self._table.create(self._engine, checkfirst=True)

    def _columns(self) -> Iterator[sa.Column[Any]]:
        keys = set(self._keys())
        for name, held in self._export.columns:
            kind: Any = sa.BigInteger() if held in _NUMBERS else sa.String(255)
            yield sa.Column(name, kind, primary_key=name in keys, autoincrement=False)

    def _keys(self) -> tuple[str, str]:
        """The columns that tell a grade: that of the flow, and that of the person."""
        by_held = {held: name for name, held in reversed(self._export.columns)}
        flow = next(by_held[held] for held in FLOW_KEYS if held in by_held)
        return flow, by_held["person"]

    def _check(self, table: sa.Table) -> None:
        lacking = [name for name, _ in self._export.columns if name not in table.c]
        if lacking:
            raise EngineError(
                f"the table {table.name} has no column {', '.join(lacking)}: "
                "add it, or name another under columns"
            )

    def put(self, ledger: Ledger, lines: list[Line], known: Mapping[str, Delivered]) -> None:
        """Writes grades and ledger in the transaction that is open."""
        table = self._table
        if table is None or not lines:
            return
        connection = ledger.connection
        rows = [self._row(table, line) for line in lines]
        flow, person = self._keys()
        there = _people(connection, table, flow, person, rows[0][flow])
        new = [row for row in rows if row[person] not in there]
        old = [row for row in rows if row[person] in there]
        for at in range(0, len(new), PORTION):
            connection.execute(sa.insert(table), new[at : at + PORTION])
        for row in old:
            where = (table.c[flow] == row[flow], table.c[person] == row[person])
            connection.execute(sa.update(table).where(*where).values(row))
        ledger.write(lines, known)
        self._moved += len(lines)

    def _row(self, table: sa.Table, line: Line) -> dict[str, Any]:
        row = cells(line, self._export.columns)
        return {name: _typed(table.c[name], value) for name, value in row.items()}


class OpenedTable:
    """One flow, in a transaction that ends with the block."""

    def __init__(
        self, known: Mapping[str, Delivered], table: Table, ledger: Ledger | None, flow: str
    ) -> None:
        self.known = known
        self._table, self._ledger, self._flow = table, ledger, flow

    def write(self, lines: list[Line]) -> None:
        if self._ledger is not None:
            self._table.put(self._ledger, lines, self.known)


def _engine(url: str) -> sa.Engine:
    """Raises: EngineError, which says nothing of the URL: it holds a password."""
    try:
        parsed = sa.make_url(url)
        return sa.create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    except (sa.exc.ArgumentError, ValueError):
        message = "the database's URL is none: such as postgresql+psycopg://user:password@host/name"
        raise EngineError(message) from None
    except (sa.exc.NoSuchModuleError, ImportError) as error:
        driver = getattr(error, "name", None) or "that its URL names"
        raise EngineError(f"the driver {driver} is not installed: pip install it") from None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        raise EngineError(f"the database refused: {reason(error)}") from None


def _make_ledger(engine: sa.Engine) -> None:
    """Of two who make it at once, one is told that it is there."""
    for _ in range(2):
        try:
            TABLES.create_all(engine)
        except sa.exc.SQLAlchemyError:
            continue
        return
    TABLES.create_all(engine)


def _people(
    connection: sa.Connection, table: sa.Table, flow: str, person: str, value: Any
) -> set[Any]:
    """The people of whom the table has a grade on the flow, whoever wrote it."""
    found = connection.execute(sa.select(table.c[person]).where(table.c[flow] == value))
    return {row[0] for row in found}


def _typed(column: sa.Column[Any], value: Cell) -> Any:
    """The value as the receiver's column takes it. Raises: EngineError, which says no value."""
    try:
        kind: Any = column.type.python_type
    except NotImplementedError:
        return value
    if value is None or isinstance(value, kind):
        return value
    try:
        if kind is datetime:
            return datetime.fromisoformat(str(value))
        return Decimal(str(value).replace(",", ".")) if kind is Decimal else kind(value)
    except (ValueError, TypeError, InvalidOperation):
        message = f"a value does not fit the column {column.name}, which is {column.type}"
        raise EngineError(message) from None
