"""The last defence against a leak: whatever looks personal or secret is masked in every field of every record.

It does not replace care: those who log name identifiers, and no record should need it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

HIDDEN = "***"
DEEPEST = 6
SHORT = 48
LONGEST = 16_384
"""A longer text is cut: a log line is no place for it. And every repetition in a pattern that can begin anywhere is
bounded, so that no text makes the masking slow."""

# Fields whose very name says that the value is personal or secret. Twilio's own error codes are whole numbers.
UNTOLD = frozenset({
    "authorization", "auth_token", "token", "password", "passcode", "secret", "api_key", "signature", "otp", "to",
    "from", "number", "phone", "phone_number", "email", "address", "body", "say", "html", "text",
    "subject", "caller_name", "identity", "uri", "binding", "code",
})  # fmt: skip

_SECRET_WORDS = (
    "code|customcode|otp|token|auth_?token|access_?token|api_?key|secret|password|passcode|signature|body|authpayload"
)
_BEARER = re.compile(r"\b(bearer|basic)(\s+|%20)[A-Za-z0-9._~+/=:-]{6,}", re.I)
_API_KEY = re.compile(r"\bgw_[A-Za-z0-9]{2,10}_[A-Za-z0-9_-]{8,}|\bSG\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)?")
_USERINFO = re.compile(r"([a-z][a-z0-9+]{1,20}://)[^\s/@]{0,256}@", re.I)
_ASSIGNED = re.compile(
    rf"(?<![A-Za-z])({_SECRET_WORDS})(\"|')?(\s*[=:]\s*|%3D)(?:\"[^\"]*\"|'[^']*'|[^\s&,;\"'}})]+)", re.I
)
_SPOKEN = re.compile(r"\b(code|otp|pin|passcode)(\s+(?:is\s+)?)(\d{4,10})\b", re.I)
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:=/&?]{1,64}(?:@|%40)[^\s@<>\"'(),;:=/&?]{1,255}")
_E164 = re.compile(r"(?:\+|%2B)\(?\d(?:[ ().-]{0,2}\d){6,16}", re.I)
_DIGITS = re.compile(r"(?<!\w)(?<!\d[.:-])\d{8,15}(?!\w|[.:-]\d)")
_NATIONAL = re.compile(r"(?<![\w+])(?<!\d[.:-])\(?\d{2,5}\)?[ .-]{1,2}(?:\d{3,4}[ .-]\d{3,4}|\d{6,7})(?!\w|[.:-]\d)")


def _number(match: re.Match[str]) -> str:
    """All but the last four digits, as everywhere else: `+1415555****`."""
    text = match[0]
    digits = re.sub(r"\D", "", text[3:] if text.startswith("%") else text)
    return f"{'+' if text[0] in '+%' else ''}{digits[:-4]}****"


def _assigned(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2] or ''}{match[3]}{HIDDEN}"


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str], str], ...] = (
    # pattern, what takes its place, a character without which it cannot be found ("" always tried)
    (_BEARER, rf"\1 {HIDDEN}", ""),
    (_API_KEY, HIDDEN, ""),
    (_USERINFO, rf"\1{HIDDEN}@", "@"),
    (_ASSIGNED, _assigned, ""),
    (_SPOKEN, rf"\1\2{HIDDEN}", ""),
    (_ADDRESS, HIDDEN, ""),
    (_E164, _number, ""),
    (_DIGITS, _number, ""),
    (_NATIONAL, HIDDEN, ""),
)
# What none of the patterns can match: the short words, names and identifiers that most fields are.
_PLAIN = re.compile(r"[a-z_.|:/ -]*|[0-9A-HJKMNP-TV-Z]{26}|[A-Z]{2}[0-9a-f]{32}|r[0-9a-f]{12}")
_WORDS = re.compile(rf"bearer|basic|gw_|{_SECRET_WORDS}|pin", re.I)


def redacted(text: str) -> str:
    """The text with numbers, addresses, keys and codes masked."""
    return _short(text) if len(text) <= SHORT else _masked(text)


# Names of events, applications, purposes and states come in every line.
@lru_cache(maxsize=2048)
def _short(text: str) -> str:
    return _masked(text)


def _masked(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _WORDS.search(text):
        return text
    if len(text) > LONGEST:
        text = text[:LONGEST] + " …"
    for pattern, instead, needed in _RULES:
        if not needed or needed in text:
            text = pattern.sub(instead, text)
    return text


def redact(_logger: object, _method: str, record: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor; it stands last before the record is written."""
    for name, value in record.items():
        record[name] = _clean(name, value, DEEPEST)
    return record


def _clean(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return _whole(value)
    if name.lower() in UNTOLD:
        return HIDDEN
    if isinstance(value, str):
        return redacted(value)
    if depth == 0:
        return HIDDEN
    if isinstance(value, Mapping):
        return {redacted(str(key)): _clean(str(key), item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item, depth - 1) for item in value]
    return redacted(str(value))


def _whole(value: Any) -> Any:
    """A whole number with as many digits as a phone number is one until the opposite is shown; times are floats."""
    too_long = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**9
    return HIDDEN if too_long else value
