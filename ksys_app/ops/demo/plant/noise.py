"""Noise without state: a number computed from a key and a time, the same on every machine."""

from __future__ import annotations

import zlib
from typing import Final

_MASK: Final = (1 << 64) - 1
_HALF: Final = (1 << 32) - 1
_SPAN: Final = float(1 << 32)


def key(seed: int, *names: str) -> int:
    """A 64-bit key for one stream of noise; other names or another seed give another stream."""
    text = "/".join((str(seed), *names)).encode()
    return (zlib.crc32(text) << 32) | zlib.crc32(text[::-1])


def mix(stream: int, t: int) -> int:
    """64 well-mixed bits for time ``t`` of ``stream``: the finaliser of SplitMix64."""
    x = (stream + t * 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def uniform(stream: int, t: int) -> float:
    """A number in [0, 1)."""
    return (mix(stream, t) >> 32) / _SPAN


def triangular(stream: int, t: int) -> float:
    """A number in [-1, 1), most often near 0: like sensor noise, and bounded."""
    bits = mix(stream, t)
    return ((bits & _HALF) + (bits >> 32)) / _SPAN - 1.0
