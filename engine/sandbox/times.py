"""Moments as the vendor writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_date(seconds: int) -> str:
    """A Unix time as ISO 8601 in UTC: 2027-01-11T08:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
