"""Does an exchange keep to the WISEflow OpenAPI document, in both directions?

The document is found by the environment variable WISECTL_CONTRACT, else beside the repository;
tests that need it ask for `contract_or_skip()`. What is allowed beyond it is written down here,
and nothing else: places where the vendor's help pages contradict it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import httpx
import jsonschema
import pytest
from ruamel.yaml import YAML

from tests.loopback import NO_CERTIFICATES
from tests.loopback import network as loopback_network

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEFAULT = Path(__file__).parents[2] / "shared/contract/wiseflow-openapi-1.34.0.yaml"

# Statuses that any request can meet and the document leaves to its prose or to HTTP.
_ANYWHERE = frozenset({401, 429, 500, 502, 503, 504})

# Operations that can refuse what keeps to the document, but declare no refusal of that kind. (A
# request that does not keep to it may be answered with an enveloped 400 anywhere.)
_UNDECLARED = {
    ("POST", "/license/user"): {400},
    ("POST", "/license/create/flow"): {400},
    ("GET", "/license/roles/{roleId}/user-count"): {404},
    ("PUT", "/flows/{flowId}/timebox"): {400},
    ("POST", "/flows/{flowId}/participants"): {403},
    ("POST", "/flow/{flowId}/participants/add"): {403},
    ("PUT", "/webhooks/{webhookId}"): {400},
}


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `path` is below the base URL and starts with a slash."""

    method: str
    path: str
    query: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    answer_headers: Mapping[str, str]
    answer_body: bytes


class ContractViolation(AssertionError):  # noqa: N818 - an assertion
    """An exchange does not keep to the document; the message lists how."""


class Contract:
    """The document, ready to check exchanges against."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._components = {
            name: _json_schema(schema) for name, schema in document["components"]["schemas"].items()
        }
        self._validators: dict[int, Any] = {}

    def violations(self, exchange: Exchange) -> list[str]:
        """Every way in which an exchange departs from the document."""
        found = self._operation(exchange)
        if found is None:
            return [f"{exchange.method} {exchange.path} is not in the document"]
        template, operation, values = found
        where = f"{exchange.method} {template}"
        return [
            f"{where}: {text}"
            for check in (
                self._wrong_parameters(operation, values, exchange),
                self._wrong_request(template, operation, exchange),
                self._wrong_answer(template, operation, exchange),
            )
            for text in check
        ]

    def request_violations(self, exchange: Exchange) -> list[str]:
        """Those of the request alone."""
        found = self._operation(exchange)
        if found is None:
            return [f"{exchange.method} {exchange.path} is not in the document"]
        template, operation, values = found
        return [
            *self._wrong_parameters(operation, values, exchange),
            *self._wrong_request(template, operation, exchange),
        ]

    def answer_violations(self, exchange: Exchange) -> list[str]:
        """Those of the answer alone; a path that is not in the document may only be refused."""
        found = self._operation(exchange)
        if found is None:
            return [] if exchange.status in {401, 404, 405} else ["answers an unknown path"]
        template, operation, _ = found
        where = f"{exchange.method} {template}"
        return [f"{where}: {text}" for text in self._wrong_answer(template, operation, exchange)]

    def members(self, schema: str) -> set[str]:
        """The members that the document declares for one of its schemas."""
        return set(self._components[schema]["properties"])

    def operations(self) -> set[tuple[str, str]]:
        """Every (method, path template) of the document."""
        methods = {"get", "put", "post", "patch", "delete"}
        return {
            (method.upper(), path)
            for path, operations in self._document["paths"].items()
            for method in operations
            if method in methods
        }

    def _operation(self, exchange: Exchange) -> tuple[str, dict[str, Any], dict[str, str]] | None:
        segments = exchange.path.strip("/").split("/")
        best: tuple[int, str, dict[str, str]] | None = None
        for template in self._templates()[len(segments)]:
            values = _match(template, segments)
            literals = len(segments) - len(values) if values is not None else -1
            known = exchange.method.lower() in self._document["paths"][template]
            if values is not None and known and (best is None or literals > best[0]):
                best = (literals, template, values)
        if best is None:
            return None
        _, template, values = best
        return template, self._document["paths"][template][exchange.method.lower()], values

    @functools.cache  # noqa: B019 - one contract lives as long as the run
    def _templates(self) -> dict[int, list[str]]:
        by_length: dict[int, list[str]] = {length: [] for length in range(30)}
        for template in self._document["paths"]:
            by_length[template.strip("/").count("/") + 1].append(template)
        return by_length

    def _wrong_parameters(
        self, operation: dict[str, Any], values: dict[str, str], exchange: Exchange
    ) -> Iterator[str]:
        declared = {
            (parameter["in"], parameter["name"]): parameter
            for parameter in map(self._resolve, operation.get("parameters", []))
        }
        for name, value in values.items():
            parameter = declared.get(("path", name), {})
            if self._is_integer(parameter) and not value.isdigit():
                yield f"path parameter {name} is no integer: {value}"
        for name, value in parse_qsl(exchange.query, keep_blank_values=True):
            parameter = declared.get(("query", name))
            if parameter is None:
                yield f"query parameter {name} is not declared"
            elif self._is_integer(parameter) and not value.isdigit():
                yield f"query parameter {name} is no integer: {value}"

    def _is_integer(self, parameter: dict[str, Any]) -> bool:
        return bool(self._resolve(parameter.get("schema", {})).get("type") == "integer")

    def _wrong_request(
        self, template: str, operation: dict[str, Any], exchange: Exchange
    ) -> Iterator[str]:
        if template != "/oauth2/token" and not (
            {"authorization", "x-api-key"} & {name.lower() for name in exchange.request_headers}
        ):
            yield "the request has no credentials"
        declared = self._resolve(operation.get("requestBody", {}))
        if not declared:
            if exchange.request_body:
                yield "the request has a body, and none is declared"
            return
        if not exchange.request_body:
            yield "the request has no body"
            return
        media = _media_type(exchange.request_headers)
        content = declared["content"].get(media)
        if content is None:
            yield f"the request's content type {media!r} is not declared"
        elif media == "application/json":
            schema = _request_allowances(template, content["schema"])
            yield from self._wrong_json("request", schema, exchange.request_body)
        else:
            sent = dict(parse_qsl(exchange.request_body.decode(), keep_blank_values=True))
            yield from self._wrong_value("request", content["schema"], sent)

    def _wrong_answer(
        self, template: str, operation: dict[str, Any], exchange: Exchange
    ) -> Iterator[str]:
        responses = operation["responses"]
        declared = responses.get(str(exchange.status))
        if declared is None:
            yield from self._wrong_undeclared(template, exchange)
            return
        contents = self._resolve(declared).get("content")
        if not contents:
            if exchange.answer_body:
                yield f"{exchange.status} has a body, and none is declared"
            return
        media = _media_type(exchange.answer_headers)
        content = contents.get(media)
        if content is None and set(contents) == {"application.json"}:
            content = contents["application.json"] if media == "application/json" else None
        if content is None:
            yield f"{exchange.status} has the content type {media!r}, not {sorted(contents)}"
            return
        schema = _answer_allowances(template, content.get("schema", {}))
        yield from self._wrong_json(f"answer {exchange.status}", schema, exchange.answer_body)

    def _wrong_undeclared(self, template: str, exchange: Exchange) -> Iterator[str]:
        status = exchange.status
        if status == 401:
            if exchange.answer_body != b'"Unauthorized"':
                yield "401 is not the bare string Unauthorized"
            return
        known = _UNDECLARED.get((exchange.method, template), set())
        operation = self._document["paths"][template][exchange.method.lower()]
        faulty = status == 400 and any(self._wrong_request(template, operation, exchange))
        if status not in _ANYWHERE and status not in known and not faulty:
            yield f"status {status} is not declared"
        else:
            schema = {"$ref": "#/components/schemas/general-api-error-response"}
            yield from self._wrong_json(f"answer {status}", schema, exchange.answer_body)

    def _wrong_json(self, what: str, schema: dict[str, Any], raw: bytes) -> Iterator[str]:
        try:
            value = json.loads(raw, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            yield f"{what} is not JSON"
            return
        yield from self._wrong_value(what, schema, value)

    def _wrong_value(self, what: str, schema: dict[str, Any], value: Any) -> Iterator[str]:
        for whole in self._validator(schema).iter_errors(value):
            error = jsonschema.exceptions.best_match([whole]) or whole
            path = "/".join(str(part) for part in error.absolute_path)
            yield f"{what} at /{path}: {error.message[:300]}"

    def _validator(self, schema: dict[str, Any]) -> Any:
        key = hash(json.dumps(schema, sort_keys=True))
        if key not in self._validators:
            whole = {
                "allOf": [_json_schema(schema)],
                "components": {"schemas": self._components},
            }
            self._validators[key] = jsonschema.Draft202012Validator(whole)
        return self._validators[key]

    def _resolve(self, node: Any) -> Any:
        while "$ref" in node:
            target: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _match(template: str, segments: list[str]) -> dict[str, str] | None:
    values = {}
    for part, segment in zip(template.strip("/").split("/"), segments, strict=True):
        if part.startswith("{"):
            values[part[1:-1]] = unquote(segment)
        elif part != segment:
            return None
    return values


def _media_type(headers: Mapping[str, str]) -> str:
    lowered = {name.lower(): value for name, value in headers.items()}
    return lowered.get("content-type", "").split(";")[0].strip().lower()


def _json_schema(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable` is a type; formats, examples and slips are nothing."""
    if isinstance(node, list):
        return [_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {
        name: _json_schema(value) if name not in {"enum", "required"} else value
        for name, value in node.items()
        if name not in {"format", "example", "default", "description", "nullable", "xml"}
        or isinstance(value, dict)  # a property that has such a name
    }
    if isinstance(node.get("properties"), dict):
        made["properties"] = {k: _json_schema(v) for k, v in node["properties"].items()}
        if _is_envelope(node):
            _allow_null(made["properties"], "data", "error")
    return _or_null(made) if node.get("nullable") is True else made


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(schema.get("type"), str):
        return {"anyOf": [schema, {"type": "null"}]}
    either = schema | {"type": [schema["type"], "null"]}
    if "enum" in either:
        either["enum"] = [*either["enum"], None]
    return either


def _is_envelope(node: dict[str, Any]) -> bool:
    return {"success", "error"} <= set(node["properties"])


def _allow_null(properties: dict[str, Any], *names: str) -> None:
    """Help pages show `error` null on success, and `data` null where there is nothing."""
    for name in names:
        if name in properties:
            properties[name] = _or_null(properties[name])


_TEXT = {"type": "string"}


def _request_allowances(template: str, schema: dict[str, Any]) -> dict[str, Any]:
    """`value` of user data is typed as an integer; values are strings."""
    if template == "/users/{userId}/user-data":
        name = "userDataTypeId"
        either = {"anyOf": [{"required": [name]}, {"required": ["userDataId"]}]}
        return {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["value"],
                "properties": {
                    name: {"type": "integer"},
                    "userDataId": {"type": "integer"},
                    "value": _TEXT,
                },
                **either,
            },
        }
    return schema


def _answer_allowances(template: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Ids of exams are strings everywhere; a copy answers with a list or with an object."""
    if template == "/flows/{flowId}/sources/{sourceId}/participants":
        return {"type": "object", "required": ["success", "data"]}
    if template == "/flows/{flowId}/copy":
        made = {
            "type": "object",
            "required": ["flowId", "flowType"],
            "properties": {"flowId": {"type": "integer"}, "flowType": _TEXT},
        }
        nothing = {"type": "object", "maxProperties": 0, "nullable": True}
        return {
            "type": "object",
            "required": ["success"],
            "properties": {
                "data": {"anyOf": [{"type": "array", "items": made}, made, nothing]},
            },
        }
    return schema


@functools.cache
def load_contract() -> Contract | None:
    """The contract, or None where the document is not there; read once a run."""
    path = Path(os.environ.get("WISECTL_CONTRACT") or _DEFAULT)
    return Contract(_read(path)) if path.is_file() else None


def contract_or_skip() -> Contract:
    """The contract; the test is skipped where the document is not there."""
    contract = load_contract()
    if contract is None:
        pytest.skip("the WISEflow OpenAPI document is not here (set WISECTL_CONTRACT)")
    return contract


def _read(path: Path) -> dict[str, Any]:
    """The document; reading YAML takes seconds, so that a copy as JSON is kept."""
    raw = path.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()[:16]
    copy = Path(tempfile.gettempdir()) / f"wisectl-contract-{os.getuid()}-{digest}.json"
    try:
        kept: dict[str, Any] = json.loads(copy.read_bytes())
    except (OSError, ValueError):
        kept = YAML(typ="safe").load(raw)
        unfinished = copy.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(kept, default=str))
        unfinished.replace(copy)
    return kept


class CheckedTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Puts every exchange through the contract; ContractViolation on the first that breaks it.

    Goes round the transport of a client whose base URL ends in /v1; other paths pass. With
    `requests=False` only answers are checked, for tests that send what is wrong on purpose.
    Without a document it checks nothing.
    """

    def __init__(
        self,
        inner: Any = None,
        *,
        requests: bool = True,
        contract: Contract | None = None,
    ) -> None:
        self._inner = inner
        self._requests = requests
        self._contract = contract or load_contract()
        self.checked = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the transport inside, read to its end and checked."""
        self._inner = self._inner or httpx.HTTPTransport(verify=NO_CERTIFICATES)
        request.read()
        answer: httpx.Response = self._inner.handle_request(request)
        answer.read()
        self._check(request, answer)
        return answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the transport inside, read to its end and checked."""
        self._inner = self._inner or loopback_network()
        await request.aread()
        answer: httpx.Response = await self._inner.handle_async_request(request)
        await answer.aread()
        self._check(request, answer)
        return answer

    def close(self) -> None:
        """Close the transport inside."""
        if self._inner is not None:
            self._inner.close()

    async def aclose(self) -> None:
        """Close the transport inside."""
        if self._inner is not None:
            await self._inner.aclose()

    def _check(self, request: httpx.Request, answer: httpx.Response) -> None:
        raw = request.url.raw_path.decode()
        path, _, query = raw.partition("?")
        if self._contract is None or not re.match(r"/v1/", path):
            return
        exchange = Exchange(
            method=request.method,
            path=path.removeprefix("/v1"),
            query=query,
            request_headers=request.headers,
            request_body=request.content,
            status=answer.status_code,
            answer_headers=answer.headers,
            answer_body=answer.content,
        )
        check = self._contract.violations if self._requests else self._contract.answer_violations
        found = check(exchange)
        if found:
            raise ContractViolation("\n".join(found))
        self.checked += 1
