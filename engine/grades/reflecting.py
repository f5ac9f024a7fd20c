"""The table of an export as it is in the database, or as it is made: with what no row could be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.grades.database import without_warnings

if TYPE_CHECKING:
    from engine.grades.model import GradeExport

NUMBERS = {"user", "participant", "submission", "version"}
"""Columns that are whole numbers."""


def schema_of(export: GradeExport) -> str | None:
    """Where the manifest names one: `sis` of `sis.results`."""
    return export.to.table.rpartition(".")[0] or None


def name_of(export: GradeExport) -> str:
    """The table's, without its schema."""
    return export.to.table.rpartition(".")[2]


def reflected(database: sa.Engine, export: GradeExport) -> sa.Table | None:
    """The table as it is there, if it is. Raises: EngineError, where it lacks a column."""
    schema, name = schema_of(export), name_of(export)
    if not sa.inspect(database).has_table(name, schema=schema):
        return None
    tables = sa.MetaData()
    with without_warnings():
        table = sa.Table(name, tables, schema=schema, autoload_with=database, resolve_fks=False)
    _refuse_generated(table, export)
    lacking = [name for name, _ in export.columns if name not in table.c]
    if lacking:
        raise EngineError(
            f"the table {export.to.table} has no column {', '.join(lacking)}: "
            "add it, or name another under columns"
        )
    _refuse_more_columns(table, export)
    return table


def _refuse_generated(table: sa.Table, export: GradeExport) -> None:
    made = [name for name, _ in export.columns if name in table.c]
    made = [name for name in made if table.c[name].computed is not None]
    if made:
        message = f"the database makes {', '.join(made)} of the table {export.to.table}"
        raise EngineError(f"{message} itself: name another under columns")


def _refuse_more_columns(table: sa.Table, export: GradeExport) -> None:
    """Raises: EngineError, where a row of ours would lack what no row may lack."""
    ours = {name for name, _ in export.columns}
    lacking = [one.name for one in table.c if one.name not in ours and _must_be_filled(one)]
    if lacking:
        raise EngineError(
            f"the table {export.to.table} wants {', '.join(lacking)} in every row: "
            "add it under columns, or let the database fill it"
        )


def own_table(export: GradeExport) -> sa.MetaData:
    """The table as we make it: one row for each person on each flow."""
    keys, tables = {export.flow_key[0], export.person_column}, sa.MetaData()
    columns: list[sa.Column[Any]] = []
    for name, held in export.columns:
        kind: Any = sa.BigInteger() if held in NUMBERS else sa.String(255)
        columns.append(sa.Column(name, kind, primary_key=name in keys, autoincrement=False))
    sa.Table(name_of(export), tables, *columns, schema=schema_of(export))
    return tables


def _must_be_filled(column: sa.Column[Any]) -> bool:
    """Whether a new row must say what the column holds."""
    is_filled = column.nullable or column.server_default is not None or column.computed is not None
    is_counted = column.identity is not None or column.autoincrement is True
    return not (is_filled or is_counted or _is_row_number(column))


def _is_row_number(column: sa.Column[Any]) -> bool:
    """A primary key of one whole number, which most databases count by themselves."""
    keys = [one for one in column.table.primary_key if isinstance(one.type, sa.Integer)]
    return len(column.table.primary_key) == 1 and column in keys
