"""Posts bodies to one address, retried within the same budgets as every other call."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.errors import ApiError, AuthenticationError
from engine.pacing import Rate
from engine.retrying import HERE, POLICY, Call
from engine.transport import Server, Transport, make_client, server_url

if TYPE_CHECKING:
    from collections.abc import Mapping

RATE = Rate(per_minute=600, per_second=20)
"""What a receiver is asked to bear; it slows us down by 429 and `Retry-After`."""

FAULTS = frozenset({408, 409, 425, *range(500, 600)})
"""Answers that say nothing about the body: the same one may be taken later. 409 is said of a key
whose first post is still at work. Source: IETF draft, The Idempotency-Key HTTP Header Field."""

TIMEOUT = 60.0


class Poster:
    """One address; `name` is how messages call it, as its path may hold a token.

    How patient it is stands above and in engine/retrying.py: tests replace what is named here.
    """

    def __init__(self, url: str, name: str) -> None:
        parts = urlsplit(url)
        base = server_url(f"{parts.scheme}://{parts.netloc}")
        server = Server(base, RATE, parallelism=1, faults=FAULTS, most_bytes=2**20)
        transport = Transport(server, lambda _: False, read_only=False, policy=POLICY, here=HERE)
        self._url, self._name = url, name
        self._http = make_client(transport, None, TIMEOUT)

    async def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Returns once the receiver has taken the body: an answer of 2xx, whatever else it says.

        Raises: ApiError with any other status; 0 where no answer came.
        """
        call = Call("POST", self._name, self._name, repeatable=True, reads_json=False)
        typed = {"Content-Type": "application/json", **headers}
        try:
            answer = await self._http.post(
                self._url, content=body, headers=typed, extensions={"call": call}
            )
        except ApiError as error:
            # An answer that was too long, or cut off, has begun by saying that it was taken.
            if 200 <= error.status < 300:
                return
            raise
        status = answer.status_code
        if status in {401, 403}:
            message = "the receiver does not know us: is the secret the one that it has?"
            raise AuthenticationError("POST", self._name, status, message)
        if not answer.is_success:
            message = "the receiver does not take what is posted"
            raise ApiError("POST", self._name, status, message)

    async def close(self) -> None:
        await self._http.aclose()
