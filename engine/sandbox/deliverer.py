"""The thread that calls webhooks. It calls loopback addresses only: a sandbox stays in its box."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import threading
import uuid
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from engine.sandbox.announcements import announce_states, settle

if TYPE_CHECKING:
    from engine.sandbox.quirks import Quirks
    from engine.sandbox.store import Row, Store

SIGNATURE = "X-WISEflow-Signature"
_LOOK = 0.5
_PATIENCE = 10


class Deliverer(threading.Thread):
    """Delivers what is due by the sandbox's clock, twice a second."""

    def __init__(self, store: Store, quirks: Quirks) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._store = store
        self._quirks = quirks
        self._over = threading.Event()

    def run(self) -> None:
        """Look for what is due until stopped."""
        while not self._over.wait(_LOOK):
            self.deliver_due()

    def stop(self) -> None:
        """Stop, and wait for a call that is under way."""
        self._over.set()
        self.join(_PATIENCE)

    def deliver_due(self) -> None:
        """Announce what the clock moved, and make every call that is due."""
        with self._store.transaction():
            announce_states(self._store)
        for delivery in self._store.all(
            "SELECT d.*, w.url, w.secret FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id "
            "WHERE d.state = 'waiting' AND d.due <= ? AND w.active ORDER BY d.id",
            self._store.clock.now(),
        ):
            if self._over.is_set():
                return
            # The next attempt counts from this one, wherever the clock is set meanwhile.
            called = self._store.clock.now()
            settle(self._store, delivery, taken=self._call(delivery), called=called)

    def _call(self, delivery: Row) -> bool:
        """Whether the receiver took it: any 2xx."""
        url = urlsplit(delivery["url"])
        if not is_loopback(url):
            return False
        body = delivery["body"].encode()
        headers = {
            "Content-Type": "application/json",
            "X-WISEflow-Call-Id": str(uuid.uuid4()),
            SIGNATURE: sign(body, delivery["secret"] or "", self._quirks["webhook_signature"]),
        }
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname or "", url.port, timeout=_PATIENCE)
        try:
            connection.request("POST", path, body, headers)
            return 200 <= connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def sign(body: bytes, secret: str, form: str) -> str:
    """The HMAC-SHA-256 of a body as hex, base64, or hex after "sha256="."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256)
    if form == "base64":
        return base64.b64encode(digest.digest()).decode()
    return f"sha256={digest.hexdigest()}" if form == "prefixed" else digest.hexdigest()


def is_loopback(url: SplitResult) -> bool:
    """Whether a URL names this machine; no name is looked up, that would leave it."""
    host = url.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
