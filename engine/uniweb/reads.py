"""What may be sent to UNIWeb: a token request, and resource requests whose action reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from engine.uniweb.auth import TOKEN_PATH

if TYPE_CHECKING:
    import httpx

RESOURCE_PATH = "/api/resource.php"
READ_ACTIONS = frozenset({"read", "info", "options", "getMembers", "getUnits", "getTitles"})
"""Source: UNIWeb PHP client. Left out: all that writes, and the administration of roles."""


def is_read(request: httpx.Request, base: httpx.URL) -> bool:
    """Whether the request only reads; its action stands in the JSON of the form's one field."""
    url = str(request.url)
    if request.method != "POST" or url == f"{base}{TOKEN_PATH}":
        return request.method == "POST"
    return url == f"{base}{RESOURCE_PATH}" and _action(request.content) in READ_ACTIONS


def _action(body: bytes) -> Any:
    try:
        form = parse_qs(body.decode("ascii"), strict_parsing=True)
        if set(form) != {"request"} or len(form["request"]) != 1:
            return None
        action = json.loads(form["request"][0])["action"]
    except (ValueError, KeyError, TypeError):
        return None
    return action if isinstance(action, str) else None
