"""What UNIWeb answers when it refuses; the forms are those of its documents and PHP client."""

from __future__ import annotations

from typing import Any


class RefusedError(Exception):
    """A request that is answered with an error object.

    `name` is the short form of the same error, as in `{"error": "invalid_token"}`.
    """

    def __init__(self, status: int, name: str, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.name = name
        self.message = message
        self.code = status if code is None else code

    def as_object(self) -> dict[str, Any]:
        """Source of the form and of codes 98 and 223: UNIWeb API page, "Error Messages"."""
        oauth = self.name == "invalid_token"
        kind = "OAuthException" if oauth else "ApiException"
        return {
            "message": self.message,
            "type": kind,
            "code": self.code,
            "error_subcode": 223 if oauth else 0,
        }


def invalid_token() -> RefusedError:
    return RefusedError(401, "invalid_token", "Error validating access token.", code=98)


def not_permitted(action: str) -> RefusedError:
    message = f'This client has no permission for the action "{action}".'
    return RefusedError(403, "permission_denied", message)


def not_found(what: str) -> RefusedError:
    return RefusedError(404, "not_found", f"There is no {what}.")


def malformed(message: str) -> RefusedError:
    return RefusedError(400, "invalid_request", message)
