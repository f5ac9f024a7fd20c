"""Requests to servers on this machine: no proxy, and no certificates, which load slowly."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def request(method: str, url: str, **options: Any) -> httpx.Response:
    """One request on a connection of its own."""
    return httpx.request(
        method, url, verify=NO_CERTIFICATES, trust_env=False, **{"timeout": 30, **options}
    )


def get(url: str, **options: Any) -> httpx.Response:
    return request("GET", url, **options)


def post(url: str, **options: Any) -> httpx.Response:
    return request("POST", url, **options)


def network() -> httpx.AsyncHTTPTransport:
    """The transport that httpx uses itself."""
    return httpx.AsyncHTTPTransport(verify=NO_CERTIFICATES)
