"""Reads members from UNIWeb, as its reference client speaks. Sends nothing that writes."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import httpx
from pydantic import SecretStr

from engine.errors import ApiError, AuthenticationError, IncompleteReadError
from engine.mapping import resources
from engine.oauth import CHECK_CREDENTIALS, Token, TokenHolder, read_token
from engine.pacing import Rate
from engine.redaction import Redactor
from engine.retrying import Call, RetryPolicy, Surroundings
from engine.strict_json import MALFORMED
from engine.transport import IDENTITY, Server, Transport, make_client, server_url

if TYPE_CHECKING:
    from types import TracebackType

    from engine.model import Profile

TOKEN = "/api/token.php"  # noqa: S105 - a path
RESOURCE = "/api/resource.php"
READ = Call("POST", RESOURCE, RESOURCE, repeatable=True)
POLICY = RetryPolicy()
HERE = Surroundings()
RATE = Rate(per_minute=600, per_second=20)
"""UNIWeb documents no limit: one read a profile never comes near this."""

TOKEN_ERROR = 98
"""The error code of a refused token. Source: UNIWeb API page, "Error Messages"."""

Members = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Connection:
    """A homepage (it may carry a path and a port) and an API client's credentials."""

    url: str
    client_id: str
    client_secret: SecretStr = field(default=SecretStr(""))


class PasswordGrant(httpx.Auth):
    """The token in the query, as the reference client sends it; renewed once where refused."""

    requires_response_body = True

    def __init__(self, tokens: TokenHolder) -> None:
        self._tokens = tokens

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = await self._tokens.current()
        request.url = request.url.copy_set_param("access_token", token)
        answer = yield request
        if answer.status_code == 401 or is_token_error(answer.extensions.get("payload")):
            token = await self._tokens.renewed(token)
            request.url = request.url.copy_set_param("access_token", token)
            yield request


class UniwebApi:
    """An open connection to one UNIWeb; made by `open_uniweb`, used with `async with`."""

    def __init__(
        self, base: httpx.URL, http: httpx.AsyncClient, transport: Transport, redactor: Redactor
    ) -> None:
        self._base, self._http = base, http
        self._transport, self._redactor = transport, redactor

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def read_members(self, profile: Profile) -> Members:
        """Every member whom the profile's filter selects, with only the fields that it fills.

        Shape: from the index that the profile matches on to {resource path: section}.
        Raises: ApiError; IncompleteReadError, where the answer is not whole.
        """
        payload = await self._ask(
            {
                "action": "read",
                "content": "members",
                "contentType": "members",
                "resources": resources(profile),
                "filter": dict(profile.members),
                "index_by": profile.match_member,
                "language": profile.language,
            }
        )
        # PHP answers an empty mapping as an empty list.
        members = {} if payload == [] else payload
        if not isinstance(members, dict):
            raise IncompleteReadError("POST", RESOURCE, 200, "the answer is no list of members")
        for member in members.values():
            if not isinstance(member, Mapping) and member != []:
                raise IncompleteReadError("POST", RESOURCE, 200, "a member is not an object")
        return {str(name): dict(member) if member else {} for name, member in members.items()}

    async def check(self) -> None:
        """Logs in and asks for the list of titles. Raises: ApiError."""
        await self._ask({"action": "getTitles", "content": "members", "contentType": "members"})

    async def _ask(self, request: dict[str, Any]) -> Any:
        response = await self._http.post(
            f"{self._base}{RESOURCE}",
            data={"request": json.dumps(request)},
            extensions={"call": READ},
        )
        payload = response.extensions.get("payload", MALFORMED)
        if is_token_error(payload) or response.status_code == 401:
            raise AuthenticationError("POST", RESOURCE, response.status_code, CHECK_CREDENTIALS)
        if isinstance(payload, dict) and "error" in payload and is_error(payload["error"]):
            message = self._redactor.clean(_said(payload["error"]))
            raise ApiError("POST", RESOURCE, response.status_code, message)
        if not 200 <= response.status_code < 300:
            raise ApiError("POST", RESOURCE, response.status_code, "UNIWeb refused the request")
        if payload is MALFORMED:
            raise IncompleteReadError("POST", RESOURCE, 200, "the answer is not whole JSON")
        return payload


def is_error(error: Any) -> bool:
    """Whether a member named `error` is one: it could be somebody's login name, too."""
    return isinstance(error, str) or (
        isinstance(error, dict) and {"message", "code"} & set(error) != set()
    )


def is_token_error(payload: Any) -> bool:
    """Both forms of a refused token, which can come with 200."""
    error = payload.get("error") if isinstance(payload, dict) else None
    if isinstance(error, dict):
        return error.get("code") == TOKEN_ERROR or error.get("type") == "OAuthException"
    return error == "invalid_token"


def _said(error: Any) -> str:
    if isinstance(error, dict):
        return str(error.get("message") or "UNIWeb gives no reason")
    return str(error)


def open_uniweb(
    connection: Connection,
    *,
    timeout: float = 60.0,
    policy: RetryPolicy = POLICY,
    here: Surroundings = HERE,
) -> UniwebApi:
    """A connection that sends nothing yet, and never anything but reads."""
    url = connection.url if "://" in connection.url else f"https://{connection.url}"
    base = server_url(url)
    secret = connection.client_secret.get_secret_value()
    redactor = Redactor(secret)
    reads = {f"{base}{TOKEN}", f"{base}{RESOURCE}"}
    transport = Transport(
        Server(base, RATE, parallelism=4),
        lambda request: str(request.url.copy_with(query=None)) in reads,
        read_only=True,
        policy=policy,
        here=here,
    )
    form = {"grant_type": "password", "username": connection.client_id, "password": secret}

    async def fetch() -> Token:
        call = Call("POST", TOKEN, TOKEN, repeatable=True)
        extensions = {"call": call, "timeout": httpx.Timeout(timeout).as_dict()}
        request = httpx.Request(
            "POST", f"{base}{TOKEN}", data=form, headers=IDENTITY, extensions=extensions
        )
        answer = await transport.handle_async_request(request)
        token = read_token(TOKEN, answer.status_code, answer.extensions.get("payload"))
        redactor.hide(token.value)
        return token

    auth = PasswordGrant(TokenHolder(fetch, here.clock))
    return UniwebApi(base, make_client(transport, auth, timeout), transport, redactor)
