"""Flows made to be graded, and what is read of their grades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sandbox.licence import Licence

Row = dict[str, Any]


def cohort(wise: Licence, people: int = 2, flows: int = 1, **more: Any) -> list[int]:
    """The ids of new concluded flows with as many participants."""
    answer = wise.control.post("/cohort", json={"flows": flows, "participants": people, **more})
    assert answer.status_code == 200, answer.text
    ids: list[int] = answer.json()["flow_ids"]
    return ids


def people_of(wise: Licence, flow: int) -> list[Row]:
    """Every participant of a flow."""
    found: list[Row] = []
    while not found or len(found) % 100 == 0:
        page = wise.data("GET", f"/flows/{flow}/participants?limit=100&offset={len(found)}")
        if not page:
            break
        found += page
    return found


def assessments(wise: Licence, flow: int) -> list[Row]:
    """The assessments of a flow."""
    found: list[Row] = wise.call("GET", f"/flow/{flow}/assessments").json()
    return found


def trail_of(wise: Licence, flow: int, person: int, query: str = "?limit=100") -> list[Row]:
    """A page of a participant's audit trail, latest first."""
    path = f"/flows/{flow}/participants/{person}/marking-audit-trail{query}"
    found: list[Row] = wise.data("GET", path)["auditEvents"]
    return found


def set_grades(wise: Licence, person: int, **members: Any) -> Row:
    """How the grades stand after a change by hand."""
    answer = wise.control.post("/grades", json=[{"participant_id": person, **members}])
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()
    found: Row = row
    return found


def refusal(wise: Licence, body: Any) -> str:
    """Why a change of grades is refused."""
    answer = wise.control.post("/grades", json=body)
    assert answer.status_code == 400
    return str(answer.json()["error"])


def one_seat(wise: Licence, **more: Any) -> tuple[int, int]:
    """A flow and its only participant."""
    (flow,) = cohort(wise, people=1, **more)
    return flow, people_of(wise, flow)[0]["participantId"]


def scales(wise: Licence) -> dict[str, Row]:
    """The grading scales by name."""
    return {scale["name"]: scale for scale in wise.data("GET", "/license/grading-scales")}
