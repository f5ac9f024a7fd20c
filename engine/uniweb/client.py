"""Reads members from UNIWeb, speaking as the vendor's reference client does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from pydantic import SecretStr

from engine.errors import ApiError, AuthenticationError, IncompleteReadError
from engine.mapping import resources
from engine.oauth import CHECK_CREDENTIALS
from engine.pacing import Rate
from engine.redaction import Redactor
from engine.retrying import HERE, POLICY, Call, RetryPolicy, Surroundings
from engine.strict_json import MALFORMED, read_json
from engine.transport import (
    Server,
    Transport,
    is_loopback,
    make_client,
    open_network,
    server_url,
)
from engine.uniweb.auth import PasswordGrant, TokenInQuery, is_token_error
from engine.uniweb.reads import RESOURCE_PATH, is_read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    import httpx

    from engine.model import Profile

READ = Call("POST", RESOURCE_PATH, RESOURCE_PATH, repeatable=True)
RATE = Rate(per_minute=600, per_second=20)
"""UNIWeb documents no limit; one read for each profile never comes near this."""
MOST_BYTES = 256 * 2**20
"""No paging is documented either: one answer holds everybody whom a filter selects."""

Members = dict[str, dict[str, Any]]
"""From the index that a profile matches on to sections by resource path."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A homepage (it may lack a scheme, and carry a path and a port) and an API client's login."""

    url: str
    client_id: str
    client_secret: SecretStr = field(default=SecretStr(""))


class UniwebApi:
    """An open connection to one UNIWeb; made by `open_uniweb`, used with `async with`."""

    def __init__(
        self, base: httpx.URL, http: httpx.AsyncClient, transport: Transport, redactor: Redactor
    ) -> None:
        self._url = f"{base}{RESOURCE_PATH}"
        self._http, self._redactor = http, redactor
        self.sent = transport.sent

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

        One request for each profile. Members without the index that it matches on are left out.
        Raises: ApiError; IncompleteReadError, where the answer is not whole.
        """
        answer = await self._ask(
            {
                "action": "read",
                "content": "members",
                "contentType": "members",
                "resources": resources(profile),
                "filter": _filter(profile),
                "index_by": profile.match_member,
                "language": profile.language,
            },
            personal=profile.members.values(),
        )
        return _members(answer)

    async def check(self) -> None:
        """Logs in and asks for the list of titles. Raises: ApiError."""
        await self._ask({"action": "getTitles", "content": "members", "contentType": "members"})

    async def _ask(self, request: dict[str, Any], personal: Iterable[str] = ()) -> Any:
        response = await self._http.post(
            self._url, data={"request": json.dumps(request)}, extensions={"call": READ}
        )
        status = response.status_code
        # Only successes were read on the way; errors come with any status, 200 among them.
        payload = response.extensions.get("payload", MALFORMED)
        payload = read_json(response.content) if payload is MALFORMED else payload
        if status == 401 or is_token_error(payload):
            raise AuthenticationError("POST", RESOURCE_PATH, status, CHECK_CREDENTIALS)
        said = _said(payload)
        if said is not None:
            message = self._redactor.clean(said, personal)
            raise ApiError("POST", RESOURCE_PATH, status, message)
        if not 200 <= status < 300:
            raise ApiError("POST", RESOURCE_PATH, status, "UNIWeb refuses, and gives no reason")
        return payload


def open_uniweb(
    connection: Connection,
    *,
    timeout: float = 60.0,
    policy: RetryPolicy = POLICY,
    here: Surroundings = HERE,
) -> UniwebApi:
    """A connection that sends nothing yet, and never anything but reads.

    Raises: ApiError, when the url is not one.
    """
    base = server_url(homepage(connection.url))
    redactor = Redactor(connection.client_secret.get_secret_value())
    server = Server(base, RATE, parallelism=4, most_bytes=MOST_BYTES)
    transport = Transport(
        server,
        lambda request: is_read(request, base),
        read_only=True,
        policy=policy,
        here=replace(here, network=TokenInQuery(here.network or open_network(server))),
    )
    auth = PasswordGrant(
        base,
        connection.client_id,
        connection.client_secret,
        transport=transport,
        redactor=redactor,
        timeout=timeout,
        clock=here.clock,
    )
    return UniwebApi(base, make_client(transport, auth, timeout), transport, redactor)


def homepage(url: str) -> str:
    """The address with a scheme: https, but for this machine. Source: UNIWeb PHP client."""
    if "://" in url:
        return url
    host = url.lstrip("/").partition("/")[0].partition(":")[0]
    return f"{'http' if is_loopback(host) else 'https'}://{url.lstrip('/')}"


def _filter(profile: Profile) -> dict[str, str]:
    """The profile's filter; a date alone begins at midnight, as `modified_since` wants a time."""
    chosen = dict(profile.members)
    since = chosen.get("modified_since", "")
    if since and " " not in since:
        chosen["modified_since"] = f"{since} 00:00:00"
    return chosen


def _members(answer: Any) -> Members:
    """The answer as members, complete or not at all. PHP writes an empty mapping as `[]`."""
    members = {} if answer == [] else answer
    if not isinstance(members, dict):
        raise _incomplete("the answer is not whole, or holds no members")
    if not all(isinstance(sections, dict) or sections == [] for sections in members.values()):
        raise _incomplete("a member has no sections")
    return {name: dict(sections) for name, sections in members.items() if name.strip()}


def _incomplete(message: str) -> IncompleteReadError:
    return IncompleteReadError("POST", RESOURCE_PATH, 200, message)


def _said(payload: Any) -> str | None:
    """What an error says, None where there is none: `error` could be a login name, too."""
    error = payload.get("error") if isinstance(payload, dict) else None
    if isinstance(error, dict) and not {"message", "code", "type"}.isdisjoint(error):
        return str(error.get("message") or "UNIWeb gives no reason")
    return error if isinstance(error, str) else None
