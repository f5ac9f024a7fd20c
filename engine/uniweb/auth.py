"""How requests to UNIWeb prove who sends them: the password grant, and the token in the query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from engine.oauth import Token, TokenHolder, read_token
from engine.retrying import Call
from engine.transport import IDENTITY

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from pydantic import SecretStr

    from engine.redaction import Redactor
    from engine.transport import Transport

TOKEN_PATH = "/api/token.php"  # noqa: S105 - a path
TOKEN_ERROR = 98
"""The error code of a refused token. Source: UNIWeb API page, "Error Messages"."""


class PasswordGrant(httpx.Auth):
    """An API client's id and secret as user name and password; renewed once where refused.

    Source: UNIWeb API page, RFC 6749 section 4.3.
    """

    requires_response_body = True

    def __init__(
        self,
        base: httpx.URL,
        client_id: str,
        client_secret: SecretStr,
        *,
        transport: Transport,
        redactor: Redactor,
        timeout: float,
        clock: Callable[[], float],
    ) -> None:
        self._url = f"{base}{TOKEN_PATH}"
        self._client_id, self._client_secret = client_id, client_secret
        self._transport, self._redactor = transport, redactor
        self._timeout = httpx.Timeout(timeout).as_dict()
        self._tokens = TokenHolder(self._fetch, clock)

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = await self._tokens.current()
        request.extensions["access_token"] = token
        answer = yield request
        if answer.status_code == 401 or is_token_error(answer.extensions.get("payload")):
            request.extensions["access_token"] = await self._tokens.renewed(token)
            yield request

    async def _fetch(self) -> Token:
        call = Call("POST", TOKEN_PATH, TOKEN_PATH, repeatable=True)
        extensions = {"call": call, "timeout": self._timeout}
        form = {
            "grant_type": "password",
            "username": self._client_id,
            "password": self._client_secret.get_secret_value(),
        }
        request = httpx.Request(
            "POST", self._url, data=form, headers=IDENTITY, extensions=extensions
        )
        answer = await self._transport.handle_async_request(request)
        token = read_token(TOKEN_PATH, answer.status_code, answer.extensions.get("payload"))
        self._redactor.hide(token.value)
        return token


class TokenInQuery(httpx.AsyncBaseTransport):
    """Puts the token into the address on the wire only: no log and no error ever sees that one."""

    def __init__(self, network: httpx.AsyncBaseTransport) -> None:
        self._network = network

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        token = request.extensions.get("access_token")
        if token is not None:
            request = httpx.Request(
                request.method,
                request.url.copy_set_param("access_token", token),
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


def is_token_error(payload: Any) -> bool:
    """Both forms of a refused token, which can come with status 200."""
    error = payload.get("error") if isinstance(payload, dict) else None
    if isinstance(error, dict):
        return error.get("code") == TOKEN_ERROR or error.get("type") == "OAuthException"
    return error == "invalid_token"
