"""Rows written in a transaction that is open: one that the database refuses keeps back no other."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.grades.ledger import AT_ONCE
from engine.grades.receiver import IN_A_ROW, Refused
from engine.grades.refusals import reason

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]

_OF_ALL = (sa.exc.OperationalError, sa.exc.ProgrammingError, sa.exc.InternalError)
"""Errors that every other row would meet too."""


def write_rows(
    connection: sa.Connection, statement: sa.Insert | sa.Update, rows: Mapping[str, Row]
) -> list[Refused]:
    """Writes rows by person; who is refused, by a constraint, a trigger or a rule of the table.

    Where many are refused in a row, the others are not tried one by one. Raises: SQLAlchemyError,
    where it is about no row.
    """
    listed = [*rows.items()]
    waiting = deque(listed[at : at + AT_ONCE] for at in range(0, len(listed), AT_ONCE))
    refused: list[Refused] = []
    in_a_row = 0
    while waiting:
        some = waiting.popleft()
        why = _refusal(connection, statement, [row for _, row in some])
        if why and len(some) > 1 and in_a_row < IN_A_ROW:
            half = len(some) // 2
            waiting.extendleft((some[half:], some[:half]))
            continue
        in_a_row = in_a_row + 1 if why else 0
        if why:
            people = tuple(person for person, _ in some)
            refused.append(Refused(people, f"the database refused: {why}"))
    return refused


class _UntakenError(Exception):
    """The database has said yes, and not done it."""


def _refusal(
    connection: sa.Connection, statement: sa.Insert | sa.Update, rows: list[Row]
) -> str | None:
    """Why the rows are not taken, of which none is written then."""
    try:
        with connection.begin_nested():
            counted = statement.execution_options(preserve_rowcount=True)
            count = connection.execute(counted, rows).rowcount
            # Some drivers do not count. A trigger or a rule may drop a row without a word.
            if 0 <= count < len(rows):
                raise _UntakenError
    except _UntakenError:
        return "a trigger or a rule of the table drops the row"
    except sa.exc.DatabaseError as error:
        if isinstance(error, _OF_ALL):
            raise
        return reason(error)
    return None
