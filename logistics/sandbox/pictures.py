"""Photos and signatures: small PNGs drawn here, so that there is something to fetch and show."""

import math
import struct
import zlib
from collections.abc import Callable
from functools import cache

WIDTH, HEIGHT = 480, 320
Pixel = tuple[int, int, int]
SKY, FLOOR, DOOR = (214, 226, 234), (176, 160, 140), (58, 84, 112)
TOTE, TOTE_EDGE = (200, 120, 50), (120, 66, 24)
PAPER, INK = (252, 252, 250), (24, 34, 60)


@cache
def png(kind: str) -> bytes:
    """A photo of totes before a door, or a signature."""
    return _encode(_signature if kind == "signature" else _photo)


def _photo(x: int, y: int) -> Pixel:
    for left, top, size in ((120, 190, 90), (220, 170, 110), (345, 205, 70)):
        if left <= x < left + size and top <= y < top + size:
            edge = min(x - left, y - top, left + size - 1 - x, top + size - 1 - y) < 5
            return TOTE_EDGE if edge else TOTE
    if 180 <= x < 320 and 30 <= y < 250:
        return DOOR
    return FLOOR if y >= 250 else SKY


def _signature(x: int, y: int) -> Pixel:
    if not 60 <= x < 420:
        return PAPER
    swing = (x - 60) / 360
    line = 160 + 60 * math.sin(swing * 19) * (1 - swing * 0.7)
    return INK if abs(y - line) < 3 else PAPER


def _encode(pixel: Callable[[int, int], Pixel]) -> bytes:
    rows = bytearray()
    for y in range(HEIGHT):
        rows.append(0)
        for x in range(WIDTH):
            rows.extend(pixel(x, y))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
