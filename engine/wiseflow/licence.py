"""What the licence offers by name: data types, roles, flow types, assessor types."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.together import together

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.wiseflow.client import WiseflowApi


UNIQUE = frozenset(
    {"Personal Organisation Id", "Personal Unique Id", "External User Id", "UNIC ID"}
)
"""Meta types of which no two people have the same value. Source: WISEflow help, meta types."""


@dataclass(frozen=True, slots=True)
class DataType:
    """A user data type: `pattern` is the regular expression its values must match, or empty."""

    id: int
    name: str
    pattern: str = ""
    multiple: bool = False
    protected: bool = False
    visible: bool = True
    unique: bool = False
    """Whether only one person on the licence can have a value."""

    def accepts(self, value: str) -> bool:
        """Whether the pattern lets the value through; a pattern we cannot read decides nothing."""
        try:
            return not self.pattern or re.search(self.pattern, value) is not None
        except re.error:
            return True


@dataclass(frozen=True, slots=True)
class LicenceRole:
    id: int
    name: str
    protected: bool = False


@dataclass(frozen=True, slots=True)
class Licence:
    """Names of one licence with their ids; what was not asked for is empty."""

    data_types: Mapping[str, DataType] = field(default_factory=dict)
    roles: Mapping[str, LicenceRole] = field(default_factory=dict)
    flow_types: Mapping[str, int] = field(default_factory=dict)
    assessor_types: Mapping[str, int] = field(default_factory=dict)
    grading_scales: Mapping[str, int] = field(default_factory=dict)
    integrations: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Of student information systems; nothing says that a name stands once."""

    def assessor_type_name(self, type_id: int | None) -> str | None:
        """The name of an assessor type on a seat; None where the seat has none."""
        names = {number: name for name, number in self.assessor_types.items()}
        return names.get(type_id, f"#{type_id}") if type_id else None


async def read_licence(
    api: WiseflowApi,
    *,
    roles: bool = True,
    flow_types: bool = True,
    assessor_types: bool = True,
    grading_scales: bool = True,
    integrations: bool = False,
) -> Licence:
    """The licence's names, one request for each list that is asked for.

    Source: WISEflow OpenAPI, GET /license/user-data-types, /license/roles, /license/flow-types,
    /license/assessor-types, /license/grading-scales, /license/sis/clients.
    """
    data_rows, role_rows, flow_rows, assessor_rows, scale_rows, client_rows = await together(
        (
            _if(True, api, "/license/user-data-types"),
            _if(roles, api, "/license/roles"),
            _if(flow_types, api, "/license/flow-types"),
            _if(assessor_types, api, "/license/assessor-types"),
            _if(grading_scales, api, "/license/grading-scales"),
            _if(integrations, api, "/license/sis/clients"),
        )
    )
    return Licence(
        data_types={row["name"]: _data_type(row) for row in data_rows},
        roles={
            row["name"]: LicenceRole(row["roleId"], row["name"], bool(row.get("isProtected")))
            for row in role_rows
        },
        flow_types={row["name"]: row["id"] for row in flow_rows},
        assessor_types={row["title"]: row["id"] for row in assessor_rows},
        grading_scales={row["name"]: row["id"] for row in scale_rows},
        integrations=_integrations(client_rows),
    )


async def _if(wanted: bool, api: WiseflowApi, path: str) -> list[dict[str, Any]]:
    return (await api.call("GET", path)) or [] if wanted else []


def _integrations(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, ...]]:
    """By name; one without a name goes by its institution."""
    found: dict[str, tuple[int, ...]] = {}
    for row in rows:
        name = row.get("name") or row.get("institutionCode") or ""
        found[name] = (*found.get(name, ()), row["integrationId"])
    return found


def _data_type(row: Mapping[str, Any]) -> DataType:
    return DataType(
        id=row["id"],
        name=row["name"],
        pattern=row.get("pattern") or "",
        multiple=bool(row.get("supportsMultipleValues")),
        protected=bool(row.get("protected")),
        visible=row.get("visible") is not False,
        unique=row.get("type") in UNIQUE,
    )


def fingerprint(licence: Licence, user_key: str) -> str:
    """`L-` and 6 hex digits, made from the ids of the user key and of the protected roles."""
    key = licence.data_types.get(user_key)
    protected = sorted(role.id for role in licence.roles.values() if role.protected)
    text = f"{key.id if key else 0}:{','.join(map(str, protected))}"
    return "L-" + hashlib.sha256(text.encode()).hexdigest()[:6]
