"""Answers of success that do not say what they must: read back, never a crash, never a twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from engine.plan import Result
from tests.e2e.edges import between
from tests.e2e.lies import Liar

if TYPE_CHECKING:
    import httpx

    from tests.e2e.rehearsal import Rehearsal

TERM = """\
users:
  - {key: p0@example.org, first_name: Ada, last_name: Byron, emails: [p0@example.org]}
"""


@pytest.mark.parametrize(
    "payload",
    [{}, None, {"success": True}, {"userId": "x"}, {"userId": True}, [{}], 5],
    ids=repr,
)
def test_a_user_whose_creation_is_answered_oddly_is_looked_for(
    rehearsal: Rehearsal, payload: Any
) -> None:
    rehearsal.checked = False
    rehearsal.write(TERM)

    def wrap(network: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        return Liar(network, "POST /license/user", lambda _: payload)

    with between(wrap):
        outcomes = rehearsal.apply()
    assert [one.result for one in outcomes] == [Result.DONE]
    assert rehearsal.plan().changes == ()
