"""Whether one value is what its format says. Source: the formats named in Twilio's OpenAPI documents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

from tests.contract.schema import Param

_HEX = re.compile(r"[0-9a-fA-F]{32}")
_PHONE = re.compile(r"(?:(?:whatsapp|rcs|messenger):)?\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}|MG[0-9a-fA-F]{32}")
_ENDPOINT = re.compile(r"\+[1-9][0-9]{6,14}|sip:[^\s@]+@[^\s@]+|client:\S+")
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_COUNTRY = re.compile(r"[A-Z]{2}")
_HOST = re.compile(r"[A-Za-z0-9.-]+")
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


def is_instant(value: str) -> bool:
    try:
        datetime.strptime(value, _INSTANT)  # noqa: DTZ007  # only the form is looked at
    except ValueError:
        return False
    return True


def is_url(value: str) -> bool:
    """Absolute, and its host without underscores, which Twilio refuses in callbacks."""
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(_HOST.fullmatch(parts.hostname or "")) and " " not in value


def is_object(value: str) -> bool:
    try:
        return isinstance(json.loads(value), dict)
    except ValueError:
        return False


def is_twiml(value: str) -> bool:
    try:
        return ElementTree.fromstring(value).tag == "Response"
    except ElementTree.ParseError:
        return False


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "text": lambda value: True,
    "integer": lambda value: bool(re.fullmatch(r"-?[0-9]+", value)),
    "number": lambda value: bool(_DECIMAL.fullmatch(value)),
    "boolean": lambda value: value in ("true", "false"),
    "date-time": is_instant,
    "uri": is_url,
    "phone-number": lambda value: bool(_PHONE.fullmatch(value) or _SENDER.fullmatch(value)),
    "e164": lambda value: bool(re.fullmatch(r"\+[1-9][0-9]{6,14}", value)),
    "endpoint": lambda value: bool(_ENDPOINT.fullmatch(value)),
    "iso-country-code": lambda value: bool(_COUNTRY.fullmatch(value)),
    "identity": lambda value: bool(re.fullmatch(r"[A-Za-z0-9-]+", value)),
    "object": is_object,
    "twiml": is_twiml,
}


def wrong_with(param: Param, value: str) -> str | None:
    """What is wrong with one value, in a few words, or None."""
    if param.kind == "sid":
        fits = value[:2] in param.prefixes and _HEX.fullmatch(value[2:])
        return None if fits else f"is not a {' or '.join(param.prefixes)} SID"
    if not FORMATS[param.kind](value):
        return f"is not {param.kind}"
    if param.choices and value not in param.choices:
        return f"is none of {', '.join(param.choices)}"
    size = int(value) if param.kind == "integer" else len(value)
    if param.low is not None and size < param.low:
        return f"is below {param.low}"
    if param.high is not None and size > param.high:
        return f"is above {param.high}"
    return None
