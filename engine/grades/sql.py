"""Grades in a table of any SQL database: upserted, with their ledger in the same transaction.

A flow is one transaction: it waits for its turn, reads the ledger, and writes what is new or
changed into table and ledger. What others have in the table stays, but for the columns that are
ours in the rows of the people and flows that are delivered.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.grades.columns import cells
from engine.grades.database import (
    connect,
    database_at,
    is_no_file,
    make_tables,
    told,
    without_warnings,
)
from engine.grades.fitting import UnfitError, fitted
from engine.grades.ledger import TABLES, Ledger, register, transaction
from engine.grades.receiver import NOBODY_ELSE, FlowError, Refused, Sent
from engine.grades.reflecting import NUMBERS, own_table, reflected, schema_of
from engine.grades.rows import write_rows
from engine.grades.telling_apart import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from engine.grades.ledger import Line
    from engine.grades.model import Delivered, GradeExport
    from engine.grades.receiver import Stamp
    from engine.grades.rows import Row

NUMERIC = NUMBERS | {"grade", "entered", "stored"}
"""What may be a number in a column: `02` as 2. Of all else a leading zero is a part."""


class Table:
    """A table of a database; it and the ledger are made where they are not there."""

    def __init__(self, export: GradeExport, url: str, root: Path, *, read_only: bool) -> None:
        self._export, self._url, self._read_only = export, url, read_only
        self._root = root
        self._schema = schema_of(export)
        self._flow, self._held = export.flow_key
        self._person = export.person_column
        self._database: sa.Engine | None = None
        self._table: sa.Table | None = None
        self._has_ledger = False
        self._former: dict[tuple[str, str], str] | None = None
        self._refused: list[Refused] = []
        self._moved = 0

    def stamp(self, flow: str) -> Stamp:
        """What the ledger holds of the flow. Raises: EngineError."""
        database = self._database or self._prepared()
        if not self._has_ledger:
            return NOBODY_ELSE
        with transaction(database, self._export.name) as ledger:
            return ledger.stamp(flow)

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
            yield OpenedTable({}, self, None, NOBODY_ELSE)
            return
        with transaction(database, self._export.name) as ledger:
            if not self._read_only:
                ledger.take_turn()
            yield OpenedTable(ledger.delivered(flow), self, ledger, ledger.stamp(flow))

    async def send(self) -> Sent:
        return Sent(self._refused)

    async def finish(self) -> tuple[str, ...]:
        return (f"table {self._export.to.table}",) if self._moved else ()

    # ---- tables ----------------------------------------------------------------------------------

    def _prepared(self) -> sa.Engine:
        """The database, with its tables unless nothing may be written."""
        database = database_at(self._url, self._root)
        if self._read_only and is_no_file(database):
            return database
        connect(database)
        if self._schema:
            ledger_there = {"schema_translate_map": {None: self._schema}}
            database = database.execution_options(**ledger_there)
        with told():
            self._refuse_no_schema(database)
            self._table = reflected(database, self._export)
            self._refuse_another_place(database)
            if not self._read_only:
                make_tables(database, TABLES)
                register(database, self._export.name)
            if not self._read_only and self._table is None:
                make_tables(database, own_table(self._export))
                self._table = reflected(database, self._export)
            self._has_ledger = self._finds_ledger(database)
        if not self._read_only:
            with transaction(database, self._export.name) as ledger:
                ledger.take_turn()
                self._settle_place(ledger, writes=True)
        self._database = database
        return database

    def _finds_ledger(self, database: sa.Engine) -> bool:
        inspector = sa.inspect(database)
        names = [table.name for table in TABLES.sorted_tables]
        return all(inspector.has_table(one, schema=self._schema) for one in names)

    def _refuse_no_schema(self, database: sa.Engine) -> None:
        if self._schema and not sa.inspect(database).has_schema(self._schema):
            message = f"the database has no schema {self._schema}"
            raise EngineError(f"{message}: make it, or name another")

    def _refuse_another_place(self, database: sa.Engine) -> None:
        """Raises: EngineError, where the table is not there, or not that of the ledger."""
        if not self._finds_ledger(database):
            return
        with transaction(database, self._export.name) as ledger:
            self._settle_place(ledger, writes=False)
            # Looked for again: another run may just have made it, and then written down its place.
            if ledger.has_grades() and reflected(database, self._export) is None:
                message = f"the table {self._export.to.table} is gone, with what was delivered"
                hint = "restore it, or give the export another key, which delivers everything"
                raise EngineError(f"{message}: {hint}")

    def _settle_place(self, ledger: Ledger, *, writes: bool) -> None:
        to = self._export.to
        if to.moved_from in ledger.places() and to.table != to.moved_from:
            self._try_move(ledger)
        ledger.settle_place(to.table, to.moved_from, writes=writes)

    def _try_move(self, ledger: Ledger) -> None:
        """Raises: EngineError, where what was delivered is not in the table that is named."""
        to, connection = self._export.to, ledger.connection
        schema, _, name = to.moved_from.rpartition(".")
        # A view of that name may be for those who still read there.
        if name in sa.inspect(connection).get_table_names(schema=schema or None):
            message = f"moved_from says {to.moved_from}, and that table is still there"
            hint = "rename it, or give the export another key, which delivers everything"
            raise EngineError(f"{message}: {hint}")
        if self._table is None or not ledger.has_grades():
            return
        any_row = sa.select(sa.literal(1)).select_from(self._table).limit(1)
        if connection.execute(any_row).first() is None:
            message = f"moved_from says {to.moved_from}, and the table {to.table} is empty"
            hint = "fill it with what was delivered, or give the export another key"
            raise EngineError(f"{message}: {hint}")

    # ---- rows ------------------------------------------------------------------------------------

    def put(self, ledger: Ledger, lines: list[Line], known: Mapping[str, Delivered]) -> None:
        """Writes grades and ledger in the transaction that is open; what does not fit is left out.

        Raises: FlowError.
        """
        coming = [line for line in lines if line.content]
        if self._table is None or not coming:
            self._note(ledger, lines, known)
            return
        former = self._delivered_as(ledger, self._table, coming[0])
        rows = self._fitting(self._table, coming, known)
        there = self._there(ledger.connection, self._table, [*rows.values()], former)
        old: dict[str, Any] = {}
        for person, row in list(rows.items()):
            flow = former.get(person, row[self._flow])
            count = there[flow, _bare(row[self._person])]
            if count > 1:
                message = f"has several rows on this flow in the table {self._export.to.table}"
                self._refuse(rows, person, message)
            elif count:
                old[person] = flow
        if not self._read_only:
            self._write(ledger.connection, self._table, rows, old)
        self._note(ledger, [one for one in lines if one.person in rows or not one.content], known)
        self._moved += len(rows)

    def check(
        self, ledger: Ledger | None, lines: list[Line], known: Mapping[str, Delivered]
    ) -> list[Refused]:
        """What would not be written, of a table that nobody may write to."""
        if ledger is not None:
            self.put(ledger, lines, known)
        elif self._table is not None:
            self._fitting(self._table, lines, known)
        return self._refused

    def _note(self, ledger: Ledger, lines: list[Line], known: Mapping[str, Delivered]) -> None:
        if not self._read_only:
            ledger.write(lines, known)

    def _write(
        self, connection: sa.Connection, table: sa.Table, rows: dict[str, Row], old: dict[str, Any]
    ) -> None:
        """Inserts rows, and updates those of people who are there, on the flow that is named."""
        new = {person: row for person, row in rows.items() if person not in old}
        moved = {who: {**_named(rows[who]), "wisectl_flow": flow} for who, flow in old.items()}
        refused = write_rows(connection, sa.insert(table), new)
        refused += write_rows(connection, self._update(table), moved)
        for one in refused:
            for person in one.people:
                self._refuse(rows, person, one.message)

    def _update(self, table: sa.Table) -> sa.Update:
        person = f"wisectl_{[name for name, _ in self._export.columns].index(self._person)}"
        values: dict[str, Any] = {
            name: sa.bindparam(f"wisectl_{at}")
            for at, (name, _) in enumerate(self._export.columns)
            if name != self._person
        }
        mine = table.c[self._person] == sa.bindparam(person)
        found = table.c[self._flow] == sa.bindparam("wisectl_flow")
        return sa.update(table).where(found, mine).values(values)

    def _fitting(
        self, table: sa.Table, lines: list[Line], known: Mapping[str, Delivered]
    ) -> dict[str, Row]:
        """By person the rows; of people who are one in the table's column nobody's is there."""
        rows: dict[str, Row] = {}
        for line in lines:
            values = cells(line, self._export.columns)
            try:
                rows[line.person] = {
                    name: fitted(values[name], table.c[name], is_name=held not in NUMERIC)
                    for name, held in self._export.columns
                }
            except UnfitError as error:
                self._refused.append(Refused((line.person,), str(error)))
        column = table.c[self._person]
        moving = {line.person for line in lines}
        count = Counter(_bare(row[self._person]) for row in rows.values())
        others = (who for who, one in known.items() if who not in moving and one.content)
        count.update(map(_bare, _fitted(column, others)))
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
            with without_warnings():
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

    def __init__(
        self, known: Mapping[str, Delivered], table: Table, ledger: Ledger | None, stamp: Stamp
    ) -> None:
        self.known, self.stamp = known, stamp
        self._table, self._ledger = table, ledger

    def write(self, lines: list[Line]) -> None:
        if self._ledger is not None:
            self._table.put(self._ledger, lines, self.known)

    def check(self, lines: list[Line]) -> list[Refused]:
        """By the types of the columns, and the rows that are there."""
        return self._table.check(self._ledger, lines, self.known)


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
