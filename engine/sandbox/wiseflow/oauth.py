"""Who is calling: OAuth2 client credentials and static API keys."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from engine.sandbox.wiseflow.http import Answer, Call, bare, encode, operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.sandbox.store import Store

TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path
LIFE = 3599
CLIENTS = {"sandbox": "sandbox"}
API_KEYS = frozenset({"sandbox"})


@operation("POST", TOKEN_PATH)
def give_token(call: Call) -> Answer:
    """A bearer token. Errors have their own shape. Source: WISEflow OpenAPI, oauth2TokenError."""
    form = {name: values[0] for name, values in parse_qs(call.body.decode("latin-1")).items()}
    missing = [n for n in ("grant_type", "client_id", "client_secret") if not form.get(n)]
    if missing:
        return _error("invalid_request", f"Missing form parameter: {missing[0]}")
    if form["grant_type"] != "client_credentials":
        return _error("unsupported_grant_type", "The grant type must be client_credentials")
    expected = CLIENTS.get(form["client_id"], "")
    if not hmac.compare_digest(expected.encode(), form["client_secret"].encode()):
        return _error("invalid_client", "Client authentication failed")
    token = secrets.token_urlsafe(48)
    call.store.run("DELETE FROM tokens WHERE expires <= ?", call.now)
    call.store.run("INSERT INTO tokens VALUES (?, ?, ?)", token, form["client_id"], call.now + LIFE)
    return bare({"access_token": token, "expires_in": LIFE, "scope": "", "token_type": "bearer"})


def principal(store: Store, headers: Mapping[str, str], now: int) -> str | None:
    """The credential set of a request, or None where it has no valid one."""
    key = headers.get("x-api-key")
    if key in API_KEYS:
        return f"key {key}"
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    client = store.scalar(
        "SELECT client FROM tokens WHERE token = ? AND expires > ?", token.strip(), now
    )
    return None if client is None else f"client {client}"


def unauthorised() -> Answer:
    """The 401: a bare string. Source: WISEflow OpenAPI, x-api-key-error-response."""
    return Answer(401, encode("Unauthorized"))


def _error(code: str, description: str) -> Answer:
    return bare({"error": code, "error_description": description}, 400)
