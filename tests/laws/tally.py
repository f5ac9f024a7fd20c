"""What the laws have met, counted, so that what none of them reached is seen."""

from __future__ import annotations

import json
import os
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.laws.scene import STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER = "WISECTL_LAWS_FOLDER"
"""The environment variable by which workers know where to leave their counts."""

TALLY: dict[str, Counter[str]] = {}
"""By section: worlds, operations, answers lost, killed at, faults, flow states, changes, ..."""

READS_OF_PLAN = """
    POST /oauth2/token, GET /license/user-data-types, GET /license/roles,
    GET /license/flow-types, GET /license/assessor-types, POST /users/search, POST /flows/search,
    GET /users/{userId}/emails, GET /users/{userId}/user-data, GET /flow/{flowId},
    GET /flow/{flowId}/assignments, GET /flows/{flowId}/metadata, GET /flows/{flowId}/description,
    GET /flows/{flowId}/managers, GET /flows/{flowId}/authors, GET /flows/{flowId}/assessors,
    GET /flows/{flowId}/reviewers, GET /flows/{flowId}/invigilators,
    GET /flows/{flowId}/participants, GET /license/grading-scales,
    GET /flows/{flowId}/grading-scale, GET /flows/{flowId}/timebox,
    GET /flows/{flowId}/anonymisation, GET /flows/{flowId}/assessor-types,
    GET /flows/{flowId}/marking/assessor-allocation-type, GET /flow/{flowId}/assessments,
    GET /flows/{flowId}/reviewers/{reviewerId}/allocations,
    GET /user/{userId}/flows, GET /webhooks, GET /license/rooms,
    GET /license/sis/clients, GET /flows/{flowId}/sources, GET /flows/{flowId}/periods,
    POST /api/token.php, POST /api/resource.php
"""
READS_OF_APPLY = """
    GET /flows/{flowId}/dates, GET /flows/{flowId}/external-sources,
    GET /flows/{flowId}/assessor-groups, GET /users/{userId}, GET /users/{userId}/roles,
    GET /license/rooms/{roomId}, GET /license/rooms/{roomId}/flows
"""
WRITES = """
    POST /license/user, PUT /users/{userId}, POST /users/{userId}/emails,
    PATCH /users/{userId}/emails, DELETE /users/{userId}/emails/{emailId},
    POST /users/{userId}/roles, DELETE /users/{userId}/roles/{userRoleId},
    POST /users/{userId}/user-data, PATCH /users/{userId}/user-data,
    DELETE /users/{userId}/user-data/{userDataId}, POST /license/create/flow,
    POST /flows/{flowId}/copy, DELETE /flows/{flowId}, POST /flows/{flowId}/external-sources,
    POST /flow/{flowId}/source/add,
    DELETE /flow/{flowId}/source/remove/{sourceCode}/integration/{integrationId},
    DELETE /flows/{flowId}/external-sources/{flowExternalSourceId},
    PUT /flows/{flowId}/metadata, PATCH /flows/{flowId}/dates, PUT /flows/{flowId}/description,
    PUT /flows/{flowId}/grading-scale, PUT /flows/{flowId}/timebox, PUT /flows/{flowId}/settings,
    PUT /flows/{flowId}/anonymisation, DELETE /flows/{flowId}/anonymisation,
    PUT /flows/{flowId}/marking/assessor-allocation-type,
    DELETE /flows/{flowId}/assessor-types/{assessorTypeId},
    PATCH /flows/{flowId}/activate, POST /flows/{flowId}/assessor-types,
    POST /flows/{flowId}/managers, POST /flows/{flowId}/authors, POST /flows/{flowId}/assessors,
    POST /flows/{flowId}/reviewers, POST /flows/{flowId}/invigilators,
    POST /flows/{flowId}/participants, DELETE /flows/{flowId}/managers/{managerId},
    DELETE /flows/{flowId}/authors/{authorId}, DELETE /flows/{flowId}/assessors/{assessorId},
    DELETE /flows/{flowId}/reviewers/{reviewerId},
    DELETE /flows/{flowId}/invigilators/{invigilatorId},
    DELETE /flows/{flowId}/participants/{participantId},
    PUT /flows/{flowId}/participants/{participantId}/activated,
    PATCH /flows/{flowId}/assessors/{assessorId}, PATCH /flows/{flowId}/reviewers/{reviewerId},
    PATCH /flows/{flowId}/invigilators/{invigilatorId},
    POST /flows/{flowId}/assessors/{assessorId}/allocations,
    POST /flows/{flowId}/assessors/{assessorId}/allocations/participants/{participantId},
    DELETE /flows/{flowId}/assessors/{assessorId}/allocations/participants/{participantId},
    PUT /flows/{flowId}/reviewers/{reviewerId}/allocations,
    POST /flows/{flowId}/reviewers/{reviewerId}/allocations/participants/{participantId},
    DELETE /flows/{flowId}/reviewers/{reviewerId}/allocations/participants/{participantId},
    POST /flows/{flowId}/assessor-groups,
    DELETE /flows/{flowId}/assessor-groups/{assessorGroupId},
    POST /flows/{flowId}/assessor-groups/{assessorGroupId}/allocations/assessors/{assessorId},
    DELETE /flows/{flowId}/assessor-groups/{assessorGroupId}/allocations/assessors/{assessorId},
    PUT /flows/{flowId}/assessor-groups/{assessorGroupId}/allocations/participants,
    POST /flows/{flowId}/assessor-groups/{assessorGroupId}/allocations/participants/{participantId},
    DELETE
    /flows/{flowId}/assessor-groups/{assessorGroupId}/allocations/participants/{participantId},
    POST /flows/{flowId}/periods, PATCH /flows/{flowId}/periods/{periodId},
    DELETE /flows/{flowId}/periods/{periodId}, PUT /flows/{flowId}/periods/{periodId}/slots,
    POST /webhooks, PUT /webhooks/{webhookId}, DELETE /webhooks/{webhookId},
    POST /license/rooms, PUT /license/rooms/{roomId}, DELETE /license/rooms/{roomId}
"""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(one.split()) for one in text.split(",") if one.strip())


EXPECTED = {
    "operations": _listed(READS_OF_PLAN) + _listed(READS_OF_APPLY) + _listed(WRITES),
    "answers lost": _listed(WRITES),
    "flow states": ("new", "0", "1", "2", "3", "4", "5"),
}
"""What the engine can send, and where flows can be: what is missing in a run is named."""


def note(section: str, name: str, count: int = 1) -> None:
    TALLY.setdefault(section, Counter())[name] += count


def leave() -> None:
    """Writes this process's counts where the one that reports finds them."""
    folder = os.environ.get(FOLDER)
    if folder and TALLY:
        (Path(folder) / f"{uuid.uuid4().hex}.json").write_text(json.dumps(TALLY), encoding="utf-8")


def gather(folder: Path) -> dict[str, Counter[str]]:
    """The counts of all processes together."""
    found: dict[str, Counter[str]] = {}
    for path in sorted(folder.glob("*.json")):
        for section, counts in json.loads(path.read_text(encoding="utf-8")).items():
            found.setdefault(section, Counter()).update(counts)
    return found


def lines(found: dict[str, Counter[str]], seed: int, seconds: float) -> Iterator[str]:
    """The report: each section with its counts, and what of the expected was not reached."""
    worlds = sum(found.get("worlds", {}).values())
    yield f"seed {seed}, {worlds} worlds, {seconds:.0f} s"
    for section, counts in sorted(found.items()):
        expected = EXPECTED.get(section, ())
        missing = [name for name in expected if name not in counts]
        of_how_many = f" of {len(expected)}" if expected else ""
        yield f"{section}: {len(counts)}{of_how_many}"
        yield from _wrapped(f"{name} {count}" for name, count in sorted(counts.items()))
        if missing:
            yield f"  NOT REACHED: {', '.join(missing)}"


def _wrapped(words: Iterable[str], width: int = 110) -> Iterator[str]:
    line = " "
    for word in words:
        if len(line) + len(word) > width:
            yield line
            line = " "
        line += f" {word}" if line.isspace() else f" · {word}"
    if not line.isspace():
        yield line


__all__ = ["FOLDER", "STATES", "TALLY", "gather", "leave", "lines", "note"]
