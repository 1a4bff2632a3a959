"""Checks that every product's parameters go through: nothing unknown, the right shapes."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from gateway.sandbox.ask import Ask
from gateway.sandbox.refusals import Refusal

E164 = re.compile(r"\+[1-9]\d{6,14}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
NANP_LENGTH = len("+14155550100")


def named(words: str) -> frozenset[str]:
    """A set of names, written as one text so that a long table stays readable."""
    return frozenset(words.split())


def only(ask: Ask, known: frozenset[str], code: int = 20001) -> None:
    """Refuse a form parameter that the operation does not have."""
    unknown = sorted(set(ask.form) - known)
    if unknown:
        raise Refusal(code, f"unknown parameter {unknown[0]}")


def is_e164(text: str) -> bool:
    if not E164.fullmatch(text):
        return False
    return not text.startswith("+1") or len(text) == NANP_LENGTH


def is_callback_url(text: str) -> bool:
    """Absolute http or https, and no underscore in the host name. Source: Message resource, StatusCallback."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and "_" not in host


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a parameter, or None when it holds none."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def whole_number(text: str, lowest: int, highest: int) -> int | None:
    """The integer in a parameter, or None when it is none or out of range."""
    if not re.fullmatch(r"-?\d{1,9}", text):
        return None
    number = int(text)
    return number if lowest <= number <= highest else None
