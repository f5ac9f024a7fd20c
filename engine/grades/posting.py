"""Posts bodies to one address, retried within the same budgets as every other call."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.errors import ApiError
from engine.pacing import Rate
from engine.retrying import HERE, POLICY, Call, RetryPolicy, Surroundings
from engine.transport import Server, Transport, make_client, server_url

if TYPE_CHECKING:
    from collections.abc import Mapping

RATE = Rate(per_minute=600, per_second=20)
"""What a receiver is asked to bear; it slows us down by 429 and `Retry-After`."""

FAULTS = frozenset({408, 425, 500, 502, 503, 504})
"""Answers that say nothing about the body: the same one may be taken later."""

TIMEOUT = 60.0


class Poster:
    """One address; `name` is how messages call it, as its path may hold a token."""

    def __init__(
        self, url: str, name: str, policy: RetryPolicy = POLICY, here: Surroundings = HERE
    ) -> None:
        parts = urlsplit(url)
        base = server_url(f"{parts.scheme}://{parts.netloc}")
        server = Server(base, RATE, parallelism=1, faults=FAULTS, most_bytes=2**20)
        transport = Transport(server, lambda _: False, read_only=False, policy=policy, here=here)
        self._url, self._name = url, name
        self._http = make_client(transport, None, TIMEOUT)

    async def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Returns once the receiver has taken the body: an answer of 2xx.

        Raises: ApiError with any other status; 0 where no answer came.
        """
        call = Call("POST", self._name, self._name, repeatable=True, reads_json=False)
        answer = await self._http.post(
            self._url,
            content=body,
            headers={"Content-Type": "application/json", **headers},
            extensions={"call": call},
        )
        if not answer.is_success:
            message = "the receiver does not take what is posted"
            raise ApiError("POST", self._name, answer.status_code, message)

    async def close(self) -> None:
        await self._http.aclose()
