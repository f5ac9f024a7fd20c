"""A portrait for those who have one: a small PNG whose colour is made from the id."""

from __future__ import annotations

import struct
import zlib
from typing import Final

SIZES: Final = {"small": 32, "medium": 96, "large": 256}


def portrait(member_id: int, quality: str) -> bytes:
    """A square PNG of one colour with a lighter disc, 32, 96 or 256 pixels wide."""
    size = SIZES[quality]
    ground = bytes(60 + member_id * part % 120 for part in (37, 59, 83))
    disc = bytes(min(255, part + 70) for part in ground)
    lines = b"".join(b"\0" + _line(y, size, ground, disc) for y in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _line(y: int, size: int, ground: bytes, disc: bytes) -> bytes:
    middle, radius = size / 2, size / 3
    inside = ((x - middle) ** 2 + (y - middle) ** 2 < radius**2 for x in range(size))
    return b"".join(disc if lit else ground for lit in inside)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
