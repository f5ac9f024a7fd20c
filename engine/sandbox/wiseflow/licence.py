"""What the licence offers: roles, data types, flow types, scales, types of assessors."""

from __future__ import annotations

from typing import Any

from engine.sandbox.wiseflow.http import Answer, Call, Refusal, bare, operation, success

# Numbers of the meta types in /license/info, where a type is a number and not its name.
_META_TYPES = (
    "External User Id",
    "Personal Unique Id",
    "Personal Organisation Id",
    "Student Number",
    "User Alias",
    "UNIC ID",
)
_SCALE_MEMBERS = ("id", "name", "description", "input", "list")


def _only(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names if name in row} for row in rows]


@operation("GET", "/license/info")
def info(call: Call) -> Answer:
    """The licence at a glance, bare."""
    modules = call.licence("modules")
    return bare(
        {
            "flowTypes": _only(call.licence("flow_types"), "id", "name", "description"),
            "modules": _only(modules, "id", "name", "type"),
            "coverSheetElements": [],
            "flowPurposes": _only(call.licence("flow_purposes"), "id", "name", "value"),
            "userDataTypes": [
                {
                    "id": type_["id"],
                    "name": type_["name"],
                    "type": _META_TYPES.index(type_["type"]) + 1,
                    "description": type_["name"],
                    "pattern": type_["pattern"],
                }
                for type_ in call.licence("user_data_types")
            ],
            "settings": {"requireUniqueEmails": call.licence("licence")["requireUniqueEmails"]},
            "markingScales": _only(call.licence("grading_scales"), "id", "name"),
            "licenseRoles": _only(call.licence("roles"), "roleId", "name", "isProtected"),
        }
    )


@operation("GET", "/license/modules")
def modules(call: Call) -> Answer:
    """Features and authentication methods."""
    found = call.licence("modules")
    kinds = {"features": "FEATURE", "authentication_methods": "AUTHENTICATION"}
    return success(
        {
            group: _only([row for row in found if row.get("type") == kind], "id", "name")
            for group, kind in kinds.items()
        }
    )


@operation("GET", "/license/roles")
def roles(call: Call) -> Answer:
    """The licence roles."""
    return success(_only(call.licence("roles"), "roleId", "name", "isProtected"))


@operation("GET", "/license/roles/{roleId}/user-count")
def user_count(call: Call) -> Answer:
    """How many users have a licence role."""
    role = call.ids["roleId"]
    if all(row["roleId"] != role for row in call.licence("roles")):
        raise Refusal(404, "Role not found")
    count = call.store.scalar("SELECT count(*) FROM user_roles WHERE role_id = ?", role)
    return success([{"value": count}])


@operation("GET", "/license/user-data-types")
def user_data_types(call: Call) -> Answer:
    """The user data types; `type` is the name of the meta type."""
    return success(
        _only(
            call.licence("user_data_types"),
            "id",
            "name",
            "type",
            "pattern",
            "supportsMultipleValues",
            "protected",
            "visible",
        )
    )


@operation("GET", "/license/flow-types")
def flow_types(call: Call) -> Answer:
    """The flow types."""
    return success(_only(call.licence("flow_types"), "id", "name", "description"))


@operation("GET", "/license/flow-purposes")
def flow_purposes(call: Call) -> Answer:
    """The purposes."""
    return success(_only(call.licence("flow_purposes"), "id", "name", "value"))


@operation("GET", "/license/grading-scales")
def grading_scales(call: Call) -> Answer:
    """The grading scales."""
    return success(_only(call.licence("grading_scales"), *_SCALE_MEMBERS))


@operation("GET", "/license/assessor-types", bad_id=400)
def assessor_types(call: Call) -> Answer:
    """The assessor types of the licence."""
    return success(call.licence("assessor_types"))


@operation("GET", "/license/sis/clients")
def sis_clients(call: Call) -> Answer:
    """The SIS integrations, bare."""
    return bare(_only(call.licence("sis_clients"), "integrationId", "name", "institutionCode"))
