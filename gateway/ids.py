"""Ids that sort by time: ULIDs, safe in URLs, RQ job ids and Twilio's callback URLs."""

from __future__ import annotations

import os
import re
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)
_SHIFTS = tuple(range(120, -1, -10))
PATTERN = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


def ulid() -> str:
    """48 bits of milliseconds, 80 random bits. Source: the ULID specification."""
    value = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])


def is_ulid(text: str) -> bool:
    return PATTERN.fullmatch(text) is not None
