"""How requests to WISEflow prove who sends them: client credentials, or an API key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from engine.oauth import Token, TokenHolder, read_token
from engine.retrying import Call
from engine.transport import IDENTITY

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from pydantic import SecretStr

    from engine.redaction import Redactor
    from engine.transport import Transport

TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path


class ApiKey(httpx.Auth):
    """A static key in `x-api-key`. Source: WISEflow OpenAPI, security scheme `token`."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        request.headers["x-api-key"] = self._key.get_secret_value()
        yield request


class ClientCredentials(httpx.Auth):
    """OAuth2 client credentials, sent in the form. Source: WISEflow OpenAPI, POST /oauth2/token."""

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
        request.headers["Authorization"] = f"Bearer {token}"
        answer = yield request
        if answer.status_code == 401:
            token = await self._tokens.renewed(token)
            request.headers["Authorization"] = f"Bearer {token}"
            yield request

    async def _fetch(self) -> Token:
        call = Call("POST", TOKEN_PATH, TOKEN_PATH, repeatable=True)
        extensions = {"call": call, "timeout": self._timeout}
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret.get_secret_value(),
        }
        request = httpx.Request(
            "POST", self._url, data=form, headers=IDENTITY, extensions=extensions
        )
        answer = await self._transport.handle_async_request(request)
        token = read_token(TOKEN_PATH, answer.status_code, answer.extensions.get("payload"))
        self._redactor.hide(token.value)
        return token
