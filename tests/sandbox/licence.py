"""A client of the sandbox for its own tests: every exchange goes through the contract."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from engine.sandbox.serve import Options, running
from tests.contract import CheckedTransport
from tests.loopback import NO_CERTIFICATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DAY = 86_400
HOUR = 3600
START = 1_799_654_400  # 2027-01-11 08:00 UTC, the first time of a sandbox

_numbers = itertools.count(1)


class Licence:
    """One sandbox as a client sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        key = {"x-api-key": "sandbox"}
        self.checked = CheckedTransport()
        self.http = httpx.Client(
            base_url=f"{url}/v1", headers=key, transport=self.checked, timeout=30
        )
        self.careless = httpx.Client(
            base_url=f"{url}/v1",
            headers=key,
            transport=CheckedTransport(requests=False),
            timeout=30,
        )
        self.control = httpx.Client(
            base_url=f"{url}/_sandbox", verify=NO_CERTIFICATES, trust_env=False, timeout=30
        )

    def close(self) -> None:
        for client in (self.http, self.careless, self.control):
            client.close()

    def data(self, method: str, path: str, json: Any = None, status: int = 0) -> Any:
        """The data of an enveloped success (200, 201) or of the status named."""
        answer = self.call(method, path, json)
        assert answer.status_code == status or (not status and answer.status_code in {200, 201}), (
            answer.status_code,
            answer.text,
        )
        body = answer.json()
        assert body["success"] is True, body
        return body["data"]

    def call(self, method: str, path: str, json: Any = None) -> httpx.Response:
        body = {} if json is None else {"json": json}
        return self.http.request(method, path, **body)

    def status(self, method: str, path: str, json: Any = None) -> int:
        return self.call(method, path, json).status_code

    def role(self, name: str) -> int:
        return self._id("/license/roles", "name", name, "roleId")

    def data_type(self, name: str) -> int:
        return self._id("/license/user-data-types", "name", name, "id")

    def flow_type(self, name: str) -> int:
        return self._id("/license/flow-types", "name", name, "id")

    def assessor_type(self, title: str) -> int:
        return self._id("/license/assessor-types", "title", title, "id")

    def _id(self, path: str, member: str, value: str, id_name: str) -> int:
        rows = self.data("GET", path)
        found: int = next(row[id_name] for row in rows if row[member] == value)
        return found

    def user(self, **members: Any) -> int:
        """The id of a new user."""
        number = next(_numbers)
        body = {
            "firstName": "Ada",
            "lastName": f"Lovelace {number}",
            "roles": [],
            "emails": [f"ada{number}@northfield.example"],
        } | members
        answer = self.call("POST", "/license/user", body)
        assert answer.status_code == 201, answer.text
        found: int = answer.json()["userId"]
        return found

    def flow(self, type_: str = "FLOWassign", **members: Any) -> int:
        """The id of a new draft."""
        body = {
            "title": f"Mathematics {next(_numbers)}",
            "type": self.flow_type(type_),
            "managers": [self.user()],
        } | members
        answer = self.call("POST", "/license/create/flow", body)
        assert answer.status_code == 201, answer.text
        found: int = answer.json()["flowId"]
        return found

    def participant(self, flow: int, user: int | None = None) -> int:
        """The id of a new participant."""
        added = self.data("POST", f"/flows/{flow}/participants", [{"userId": user or self.user()}])
        found: int = added[0]["participant"]["id"]
        return found

    def windows(self, flow: int, start: int, *, length: int = 4 * HOUR) -> None:
        """Give a flow a participation window, and marking from its end for ten days."""
        end = start + length
        self.data(
            "PATCH",
            f"/flows/{flow}/dates",
            {
                "participation": {"start": start, "end": end},
                "marking": {"start": end, "end": end + 10 * DAY},
            },
        )

    def state(self, flow: int) -> int:
        """The state of a flow as a number."""
        number: int = self.call("GET", f"/flow/{flow}").json()["state"]
        return number

    def search(self, **body: Any) -> list[int]:
        """Ids of the flows found."""
        return [row["flowId"] for row in self.data("POST", "/flows/search", body)]

    def set_clock(self, now: int) -> None:
        assert self.control.post("/clock", json={"now": now}).status_code == 200

    def at_state(self, state: int) -> int:
        """The id of a flow in a state from 0 to 5, reached as people reach it."""
        flow = self.flow()
        self.windows(flow, START + 30 * DAY)
        if state:
            self.data("PATCH", f"/flows/{flow}/activate")
        moments = (0, 1, 30 * DAY + 1, 31 * DAY, 45 * DAY, 120 * DAY)
        self.set_clock(START + moments[state])
        assert self.state(flow) == state
        return flow


@contextmanager
def licence(
    *, quirks: Mapping[str, str] | None = None, rate_limit: bool = False, **options: Any
) -> Iterator[Licence]:
    """A new sandbox while the block lasts."""
    with running(Options(quirks=quirks, rate_limit=rate_limit, **options)) as sandbox:
        client = Licence(sandbox.url)
        try:
            yield client
        finally:
            client.close()
