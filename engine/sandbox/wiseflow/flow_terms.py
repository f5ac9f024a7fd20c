"""How a flow's columns are spoken of: numbers in older operations, words in newer ones."""

from __future__ import annotations

# Source: WISEflow OpenAPI, GET /flow/{flowId} (numbers) and POST /flows/search (words).
TYPE_NUMBERS = {
    "FLOWassign": 2,
    "FLOWlock": 4,
    "FLOWmulti": 8,
    "FLOWhandin": 16,
    "FLOWoral": 32,
    "FLOWattend": 64,
}
STATES = (
    "NOT_ACTIVATED",
    "ACTIVATED",
    "PARTICIPATION_STARTED",
    "PARTICIPATION_ENDED",
    "CONCLUDED",
    "ARCHIVED",
)
DRAFT, NOT_STARTED, STARTED, ENDED, CONCLUDED, ARCHIVED = range(6)
EXAMINATION_TYPES = ("ORDINARY", "REEXAMINATION", "REMARKING")
PURPOSES = ("EXAMINATION", "COURSE_WORK", "BACHELOR", "MASTER")
