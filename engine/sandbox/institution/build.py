"""Puts the institution together: licence, users, flows, UNIWeb; one generator for what varies."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from engine.sandbox.institution.flows import TEMPLATES, UNDECLARED, Cast, Flow, build_flow
from engine.sandbox.institution.licence import Licence, build_licence
from engine.sandbox.institution.names import DOMAIN, ascending
from engine.sandbox.institution.university import add_university_users, university_exams
from engine.sandbox.institution.uniweb import build_uniweb
from engine.sandbox.institution.users import Users, add_users

if TYPE_CHECKING:
    from collections.abc import Iterator

Rows = list[dict[str, Any]]

SIZES = ("small", "university")


@dataclass(frozen=True, slots=True)
class Institution:
    """Northfield as both servers load it: plain rows, ids unique within each list."""

    licence: dict[str, Any]
    roles: Rows
    user_data_types: Rows
    flow_types: Rows
    grading_scales: Rows
    assessor_types: Rows
    flow_purposes: Rows
    modules: Rows
    sis_clients: Rows
    users: Rows
    flows: Rows
    uniweb: dict[str, Any]


def build_institution(seed: int = 0, size: str = "small") -> Institution:
    """Northfield: 300 users and a dozen flows, or as `university` 30,000 and 3,000.

    The same seed gives the same bytes. The seed moves server ids and the strangers to the
    example; the names of the licence's parts, the example's people, UNIWeb and the flows to copy
    from are the same under every seed. Raises ValueError for a size that is not one of SIZES.
    """
    if size not in SIZES:
        raise ValueError(f"unknown size {size!r}: {', '.join(SIZES)}")
    rng = Random(seed)  # noqa: S311 - example data, not secrets
    licence = build_licence(rng)
    users = Users(licence, ascending(rng, 300_000))
    add_users(users, rng)
    cast = _cast(users)
    if size == "university":
        add_university_users(users, rng)
    for row in licence.assessor_types:
        row["updatedBy"] = users.rows[0]["id"]
    return Institution(
        licence=licence.info,
        roles=licence.roles,
        user_data_types=licence.user_data_types,
        flow_types=licence.flow_types,
        grading_scales=licence.grading_scales,
        assessor_types=licence.assessor_types,
        flow_purposes=licence.flow_purposes,
        modules=licence.modules,
        sis_clients=licence.sis_clients,
        users=users.rows,
        flows=list(_flows(licence, cast, users if size == "university" else None, rng)),
        uniweb=build_uniweb(),
    )


def _cast(users: Users) -> Cast:
    """The strangers to the example: its people hold no seats before its manifests say so."""
    staff = [row["id"] for row in users.rows if len(row["roles"]) == 4 and len(row["data"]) == 3]
    return Cast(
        office=users.ids[f"exam-office@{DOMAIN}"],
        staff=staff[-40:],
        students=[row["id"] for row in users.rows[-80:]],
    )


def _flows(licence: Licence, cast: Cast, everybody: Users | None, rng: Random) -> Iterator[Flow]:
    ids = ascending(rng, 7_000_000)
    for exam in (*UNDECLARED, *TEMPLATES):
        yield build_flow(exam, ids, licence, cast, rng)
    if everybody is None:
        return
    crowd = Cast(cast.office, cast.staff, [row["id"] for row in everybody.rows[300:]])
    for exam in university_exams(rng):
        yield build_flow(exam, ids, licence, crowd, rng)
