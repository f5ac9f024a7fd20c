"""The UNIWeb server: /api/token.php, /api/resource.php and /api/picture.php."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Protocol

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.sandbox.uniweb.answers import answer
from engine.sandbox.uniweb.errors import RefusedError, invalid_token, malformed, not_found
from engine.sandbox.uniweb.parsing import read_form, read_query
from engine.sandbox.uniweb.picture import SIZES, portrait
from engine.sandbox.uniweb.rows import Rows

if TYPE_CHECKING:
    from starlette.requests import Request

    from engine.sandbox.clock import Clock
    from engine.sandbox.store import Store

CLIENT_ID, CLIENT_SECRET = "sandbox", "sandbox"
TOKEN_LIFE = 3_600
"""Seconds. Source: UNIWeb API page, "valid for an hour from the time it is issued"."""

DEFAULTS = {"uniweb_error_status": "401", "uniweb_error_form": "object"}
"""The open questions: errors with their own HTTP status (as the OpenAPI file has it) or with 200
(which the PHP client meets), as an object or as a short text."""


class Quirks(Protocol):
    """The chosen answers to open questions, by name."""

    def __getitem__(self, name: str, /) -> str: ...


def make_uniweb_app(store: Store, clock: Clock, quirks: Quirks = DEFAULTS) -> Starlette:
    """The server over a store, to be mounted at UNIWeb's homepage; its rows come with the seed."""
    endpoints = _Endpoints(store, clock, quirks)
    return Starlette(
        routes=[
            Route("/api/token.php", endpoints.token, methods=["POST"]),
            Route("/api/resource.php", endpoints.resource, methods=["GET", "POST"]),
            Route("/api/picture.php", endpoints.picture, methods=["GET"]),
        ]
    )


class _Endpoints:
    def __init__(self, store: Store, clock: Clock, quirks: Quirks) -> None:
        self._rows = Rows(store)
        self._tokens = _Tokens(store, clock)
        self._quirks = quirks

    async def token(self, request: Request) -> Response:
        """Source: RFC 6749 section 4.3, with the client as resource owner."""
        form = await read_form(request)
        if form.get("grant_type") != "password":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if (form.get("username"), form.get("password")) != (CLIENT_ID, CLIENT_SECRET):
            return JSONResponse({"error": "invalid_grant"}, 401)
        return JSONResponse(
            {
                "access_token": self._tokens.issue(),
                "expires_in": TOKEN_LIFE,
                "token_type": "bearer",
            }
        )

    async def resource(self, request: Request) -> Response:
        try:
            query = await read_query(request)
            if not self._tokens.valid(query.token):
                raise invalid_token()
            return JSONResponse(answer(query, self._rows))
        except RefusedError as error:
            return self._refused(error)

    async def picture(self, request: Request) -> Response:
        """Pictures are public, as the profile pages are that show them."""
        asked = request.query_params
        quality = asked.get("quality", "medium")
        try:
            if asked.get("action") != "display" or asked.get("contentType") != "members":
                raise malformed("A picture is displayed, of members.")
            if quality not in SIZES:
                raise malformed(f'There is no quality "{quality}".')
            found = self._rows.selected("members", {}, asked.get("id", ""))
            if not found or not found[0]["picture"]:
                raise not_found("picture")
        except RefusedError as error:
            return JSONResponse({"error": error.as_object()}, error.status)
        return Response(portrait(found[0]["id"], quality), media_type="image/png")

    def _refused(self, error: RefusedError) -> Response:
        short = self._quirks["uniweb_error_form"] == "string"
        status = 200 if self._quirks["uniweb_error_status"] == "200" else error.status
        body: Any = error.name if short else error.as_object()
        return JSONResponse({"error": body}, status)


class _Tokens:
    """Tokens that outlive a restart and a reset, as WISEflow's do."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def issue(self) -> str:
        token = secrets.token_hex(20)
        self._store.set_setting(f"uniweb_token {token}", str(self._clock.now() + TOKEN_LIFE))
        return token

    def valid(self, token: str | None) -> bool:
        if not token:
            return False
        expires = self._store.setting(f"uniweb_token {token}", "0")
        return self._clock.now() < int(float(expires))
