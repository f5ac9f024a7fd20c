"""Grades and databases, without one: tables of every dialect, values of columns, and reasons."""

from __future__ import annotations

import re
import sqlite3
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite

from engine.grades.fitting import UnfitError, fitted
from engine.grades.ledger import TABLES
from engine.grades.refusals import reason

DIALECTS = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.dialect(),
    "mysql": mysql.dialect(),
    "mssql": mssql.dialect(),
    "oracle": oracle.dialect(),
}
LARGEST_KEY = {"mysql": (4, 3072), "mssql": (1, 900), "oracle": (4, 6398)}
"""Bytes of a character and of a primary key. Sources: MySQL, InnoDB limits; SQL Server, maximum
capacity; Oracle, logical limits with blocks of 8 KB."""


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_makes_the_ledger(dialect: str) -> None:
    for table in TABLES.sorted_tables:
        made = str(sa.schema.CreateTable(table).compile(dialect=DIALECTS[dialect]))
        assert "PRIMARY KEY" in made
        for index in table.indexes:
            assert "INDEX" in str(sa.schema.CreateIndex(index).compile(dialect=DIALECTS[dialect]))


@pytest.mark.parametrize("dialect", LARGEST_KEY)
def test_no_key_of_the_ledger_is_too_long(dialect: str) -> None:
    size, most = LARGEST_KEY[dialect]
    for table in TABLES.sorted_tables:
        lengths = [int(getattr(one.type, "length", None) or 8) for one in table.primary_key]
        assert size * sum(lengths) <= most


# ---- values --------------------------------------------------------------------------------------

CET = "2027-01-11T09:30:00+01:00"


@pytest.mark.parametrize(
    ("kind", "value", "there"),
    [
        (sa.String(3), "Bøø", "Bøø"),
        (sa.String(), 12, "12"),
        (sa.Enum("A", "B"), "B", "B"),
        (sa.Integer(), "0012", 12),
        (sa.Integer(), "12.0", 12),
        (sa.Numeric(5, 2), "89,90", Decimal("89.90")),
        (sa.Numeric(5, 1), "89.90", Decimal("89.9")),
        (sa.Numeric(), "-89.125", Decimal("-89.125")),
        (sa.Float(), "89.5", 89.5),
        (sa.DateTime(timezone=True), CET, datetime.fromisoformat(CET)),
        (sa.DateTime(), CET, datetime(2027, 1, 11, 8, 30)),
        (sa.DateTime(), "2027-01-11T08:30:00Z", datetime(2027, 1, 11, 8, 30)),
        (sa.Date(), "2027-01-11T08:30:00Z", date(2027, 1, 11)),
        (
            sa.Uuid(),
            "12345678123456781234567812345678",
            UUID(int=0x12345678123456781234567812345678),
        ),
        (sa.types.NullType(), "as it is", "as it is"),
    ],
)
def test_a_value_has_the_type_of_its_column(kind: Any, value: str, there: object) -> None:
    assert fitted(value, sa.Column("mark", kind), is_name=False) == there
    assert fitted(None, sa.Column("mark", kind)) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (sa.String(3), "four"),
        (sa.String(), "no\0ught"),
        (sa.Enum("A", "B"), "C"),
        (sa.Integer(), "A"),
        (sa.Integer(), "1.5"),
        (sa.Integer(), "1_0"),
        (sa.Integer(), "١"),
        (sa.BigInteger(), str(2**63)),
        (sa.Numeric(3, 1), "89.99"),
        (sa.Numeric(3, 1), "100"),
        (sa.Numeric(), "NaN"),
        (sa.Float(), "inf"),
        (sa.Boolean(), "1"),
        (sa.LargeBinary(), "A"),
        (sa.Date(), "Pass"),
        (sa.DateTime(), "12"),
        (sa.Uuid(), "A"),
    ],
)
def test_a_value_that_a_column_would_change_or_refuse_is_unfit(kind: Any, value: str) -> None:
    with pytest.raises(UnfitError) as error:
        fitted(value, sa.Column("mark", kind), is_name=False)
    assert str(error.value).startswith("does not fit the column mark, which is ")
    assert not re.search(rf"\b{re.escape(value)}\b", str(error.value))


@pytest.mark.parametrize("kind", [sa.Integer(), sa.BigInteger(), sa.Numeric(12, 0), sa.Float()])
def test_a_person_is_no_number_that_has_lost_a_zero(kind: Any) -> None:
    """04100000 and 4100000 may be two people."""
    column = sa.Column("student", kind)
    for value in ("04100000", "+4100000", "4100000.0", "4100000,0"):
        with pytest.raises(UnfitError):
            fitted(value, column)


def test_a_number_that_is_written_as_a_column_has_it_may_be_a_person() -> None:
    assert fitted("4100000", sa.Column("student", sa.Integer())) == 4100000
    assert fitted("4100000", sa.Column("student", sa.Numeric(12, 0))) == Decimal(4100000)


def test_nothing_does_not_fit_a_column_that_must_not_be_empty() -> None:
    with pytest.raises(UnfitError, match="has nothing for the column mark"):
        fitted(None, sa.Column("mark", sa.String(), nullable=False))


# ---- reasons -------------------------------------------------------------------------------------


class StrangeError(Exception):
    """What drivers raise that are not installed here."""


def failed(origin: Exception, *values: str) -> str:
    """The reason of an error on a statement with values."""
    return reason(sa.exc.DBAPIError("INSERT", list(values), origin))


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (
            psycopg.errors.UniqueViolation(
                'duplicate key value violates unique constraint "k"\nDETAIL:  Key (a)=(12345678)'
            ),
            "UniqueViolation: 23505",
        ),
        (
            psycopg.errors.InvalidTextRepresentation('invalid input for integer: "12345678\n"A"'),
            "InvalidTextRepresentation: 22P02",
        ),
        (psycopg.errors.RaiseException("12345678 may not have A"), "RaiseException: P0001"),
        (
            psycopg.errors.InsufficientPrivilege("permission denied for table grades"),
            "InsufficientPrivilege: permission denied for table grades",
        ),
        (
            StrangeError(1062, "Duplicate entry 'exam-1-12345678' for key 'grades.PRIMARY'"),
            "StrangeError: 1062",
        ),
        (
            StrangeError("23000", "[23000] The duplicate key value is (exam-1, 12345678). (2627)"),
            "StrangeError: 23000",
        ),
        (StrangeError("ORA-00001: row with (PERSON:'12345678')"), "StrangeError"),
        (sqlite3.IntegrityError("UNIQUE constraint failed: t.a, t.b"), "IntegrityError: t.a, t.b"),
        (sqlite3.IntegrityError("12345678 may not have A"), "IntegrityError"),
        (ValueError("could not convert string to float: '12345678'"), "ValueError"),
        (LookupError("'12345678' is not among the defined enum values"), "LookupError"),
    ],
)
def test_no_value_is_in_the_reason_of_a_refusal(origin: Exception, said: str) -> None:
    assert failed(origin, "12345678", "A") == said


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (
            psycopg.OperationalError(
                'connection failed: connection to server at "10.1.2.3", port 5432 failed:'
                ' FATAL:  password authentication failed for user "sis"\nmore'
            ),
            "OperationalError: connection failed: connection to server at …, port 5432 failed:"
            " FATAL:  password authentication failed for user …",
        ),
        (
            StrangeError(2003, "Can't connect to MySQL server on 'db.example' ([Errno 111])"),
            "StrangeError: Can't connect to MySQL server on … …",
        ),
        (sqlite3.OperationalError("database is locked"), "OperationalError: database is locked"),
        (psycopg.errors.RaiseException("12345678 may not have A"), "RaiseException: P0001"),
    ],
)
def test_where_no_values_were_sent_the_words_are_told(origin: Exception, said: str) -> None:
    assert failed(origin) == said
