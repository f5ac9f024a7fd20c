"""Users in WISEflow: found in bulk by their identifiers, written one call at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.errors import IncompleteReadError
from engine.together import together
from engine.wiseflow.second_looks import doubt_users

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.model import Person
    from engine.wiseflow.client import WiseflowApi
    from engine.wiseflow.licence import Licence

SEARCH_LIMIT = 100
"""Rows a page. Source: WISEflow OpenAPI, POST /users/search, `limit`."""

Filter = tuple[int, str]
"""A data type's id and a value."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """One user as the bulk search answers; `data` by data type id, in the server's order."""

    id: int
    first_name: str
    last_name: str
    phone: str | None
    language: str | None
    emails: tuple[str, ...]
    roles: tuple[str, ...]
    data: Mapping[int, tuple[str, ...]]
    deactivated: bool

    def has(self, wanted: Filter) -> bool:
        values = self.data.get(wanted[0], ())
        return wanted[1].casefold() in {value.casefold() for value in values}

    def resembles(self, wanted: Filter) -> bool:
        """Whether a partial match of the value could have found this row."""
        values = self.data.get(wanted[0], ())
        return any(wanted[1].casefold() in value.casefold() for value in values)

    def key(self, licence: Licence, user_key: str) -> str | None:
        """The person's key in manifests, where they have one."""
        kind = licence.data_types.get(user_key)
        values = self.data.get(kind.id, ()) if kind else ()
        return values[0] if values else None


def _row(row: Mapping[str, Any]) -> UserRow:
    data: dict[int, list[str]] = {}
    for entry in row.get("dataTypes") or []:
        data.setdefault(entry["id"], []).append(str(entry["value"]))
    return UserRow(
        id=row["id"],
        first_name=row.get("firstName") or "",
        last_name=row.get("lastName") or "",
        phone=row.get("phone") or None,
        language=row.get("language") or None,
        emails=tuple(row.get("emails") or ()),
        roles=tuple(role["name"] for role in row.get("roles") or ()),
        data={number: tuple(values) for number, values in data.items()},
        deactivated=bool(row.get("deactivated")),
    )


@dataclass(slots=True)
class UserSearch:
    """Finds users by identifiers, whatever the server makes of several filters in one search.

    The documents leave open whether filters are joined by AND or by OR. A batch is trusted only
    once an answer has proved OR (a row that lacks one of the filters' values); until then, each
    value that a batch did not find is searched for alone.
    """

    api: WiseflowApi
    proved_or: bool = False
    rows: dict[int, UserRow] = field(default_factory=dict)

    async def find(self, wanted: Iterable[Filter]) -> dict[Filter, list[UserRow]]:
        """For each filter the users that hold exactly this value, compared without case.

        Raises: IncompleteReadError, where somebody whom no search found is there all the same.
        """
        filters = sorted(set(wanted))
        batches = [filters[at : at + SEARCH_LIMIT] for at in range(0, len(filters), SEARCH_LIMIT)]
        answers = await together(self._search(batch) for batch in batches)
        unproved = [
            batch
            for batch, rows in zip(batches, answers, strict=True)
            if not self._proves_or(batch, rows)
        ]
        if not self.proved_or:
            await self._one_by_one(unproved)
        found = self._matches(filters)
        await doubt_users(self.api, [wanted for wanted in filters if not found[wanted]])
        return found

    async def _one_by_one(self, batches: Sequence[Sequence[Filter]]) -> None:
        lacking = [
            wanted
            for batch in batches
            if len(batch) > 1
            for wanted in batch
            if not any(row.has(wanted) for row in self.rows.values())
        ]
        await together(self._search([wanted]) for wanted in lacking)

    def _proves_or(self, batch: Sequence[Filter], rows: Sequence[UserRow]) -> bool:
        """Only OR answers a row that one filter names and another does not even resemble."""
        proved = any(
            any(row.has(wanted) for wanted in batch)
            and any(not row.resembles(wanted) for wanted in batch)
            for row in rows
        )
        self.proved_or = self.proved_or or proved
        return proved

    async def _search(self, batch: Sequence[Filter]) -> list[UserRow]:
        body = {"dataTypes": [{"id": number, "value": value} for number, value in batch]}
        answer = await self.api.pages("POST", "/users/search", limit=SEARCH_LIMIT, body=body)
        rows = [_row(row) for row in answer]
        self.rows.update({row.id: row for row in rows})
        return rows

    def _matches(self, filters: Sequence[Filter]) -> dict[Filter, list[UserRow]]:
        """One pass over the rows: a term has tens of thousands of both."""
        holders: dict[Filter, list[UserRow]] = {}
        for row in sorted(self.rows.values(), key=lambda row: row.id):
            pairs = {(number, v.casefold()) for number, vs in row.data.items() for v in vs}
            for pair in pairs:
                holders.setdefault(pair, []).append(row)
        return {(n, value): holders.get((n, value.casefold()), []) for n, value in filters}


def filter_for(person: Person, licence: Licence) -> Filter | None:
    """The search filter of a person; None where the licence has no such data type."""
    kind = licence.data_types.get(person.data_type)
    return (kind.id, person.value) if kind else None


async def read_emails(
    api: WiseflowApi, user_id: int, known: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Rows with emailId, email, primary, fromExternalSource, activated.

    Raises: IncompleteReadError, where one of those that the bulk search showed is not among them.
    """
    path = "/users/{userId}/emails"
    rows: list[dict[str, Any]] = await api.call("GET", path, ids={"userId": user_id})
    there = {str(row.get("email")).casefold() for row in rows}
    if not {email.casefold() for email in known} <= there:
        message = "the list lacks an e-mail that the search shows"
        raise IncompleteReadError("GET", f"/users/{user_id}/emails", 200, message)
    return rows


async def read_user_data(api: WiseflowApi, user_id: int) -> list[dict[str, Any]]:
    """Rows with userDataId, userDataTypeId, value."""
    return list(await api.call("GET", "/users/{userId}/user-data", ids={"userId": user_id}) or [])


async def read_user_roles(api: WiseflowApi, user_id: int) -> list[dict[str, Any]]:
    """Rows with userRoleId, licenseRoleId, name, isProtected."""
    return list(await api.call("GET", "/users/{userId}/roles", ids={"userId": user_id}) or [])


async def read_flows(api: WiseflowApi, user_id: int) -> list[str]:
    """The titles of the flows that have the user in any role, archived ones left out.

    Source: WISEflow OpenAPI, GET /user/{userId}/flows: lists by relation.
    """
    answer = await api.call("GET", "/user/{userId}/flows", ids={"userId": user_id})
    rows = {row["id"]: row.get("name") or "" for related in answer.values() for row in related}
    return sorted(name or f"#{number}" for number, name in rows.items())
