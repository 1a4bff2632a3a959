"""What a single value may look like: countries, line types, steps, SIDs, addresses. Each says what it accepts.

Source: Twilio's SIDs, sender addresses and Lookup v2 line types; ISO 3166-1 alpha-2 as libphonenumber lists it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import time
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field, PlainValidator

from gateway.model import LineType, QuietHours, Step

LOOKUP_FIELDS = ("line_type_intelligence", "caller_name", "sim_swap")
PLAIN_STEPS = (
    "sms", "whatsapp", "voice", "email", "verify", "verify:call", "verify:email", "verify:whatsapp", "totp",
)  # fmt: skip
ACCEPTED_STEPS = ", ".join((*PLAIN_STEPS, "studio:<flow>"))
# Countries of ISO 3166-1 without a numbering plan of their own: lists copied from the standard name them too.
COUNTRIES = frozenset(SUPPORTED_REGIONS) | {"AQ", "BV", "GS", "HM", "PN", "TF", "UM"}
OTHER_SPELLINGS = {"voip": LineType.FIXED_VOIP.value}

SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
E164 = re.compile(r"\+[1-9]\d{6,14}")
SHORT_CODE = re.compile(r"\d{3,8}")
ALPHANUMERIC_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +_&.-]{1,11}")
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
QUIET_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")


def country(code: str) -> str:
    wanted = code.strip().upper()
    if wanted not in COUNTRIES:
        hint = "; Great Britain is GB" if wanted == "UK" else ""
        raise ValueError(f"must be a country of ISO 3166-1 alpha-2, such as US or GB{hint}")
    return wanted


def line_type(word: Any) -> LineType:
    try:
        return LineType(OTHER_SPELLINGS.get(word, word))
    except (ValueError, TypeError):
        raise ValueError(f"must be a line type: {', '.join(LineType)} (voip is read as fixedVoip)") from None


def step(word: Any) -> Step:
    try:
        return Step.parse(word)
    except (ValueError, AttributeError):
        raise ValueError(f"must be a step: {ACCEPTED_STEPS}") from None


def sid(kind: str) -> Callable[[str], str]:
    """A SID of another kind is refused; a text that is no SID at all (a placeholder) is left to the warnings."""

    def checked(text: str) -> str:
        if SID.fullmatch(text) and not text.startswith(kind):
            raise ValueError(f"must be a SID that begins with {kind}; this one begins with {text[:2]}")
        return text

    return checked


def sender_number(text: str) -> str:
    if text and not any(pattern.fullmatch(text) for pattern in (E164, SHORT_CODE, ALPHANUMERIC_SENDER)):
        raise ValueError("must be a number in E.164 (+14155550100), a short code or an alphanumeric sender of 1 to 11")
    return text


def strict_number(text: str) -> str:
    number = text.removeprefix("whatsapp:")
    if number and not E164.fullmatch(number):
        raise ValueError("must be a number in E.164 (+14155550100)")
    return number


def host(text: str) -> str:
    name = text.lower()
    if not HOST.fullmatch(name):
        raise ValueError("must be a host name, without scheme, port or path")
    return name


def _split(text: str) -> SplitResult | None:
    """The parts of an http(s) base with the bare host as `netloc`; None when it is none."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    plain = parts.scheme in ("http", "https") and port != 0 and not set("?#@ ") & set(text)
    name = parts.hostname or ""
    return parts._replace(netloc=f"[{name}]" if ":" in name else name) if plain else None


def matching(pattern: str, accepted: str) -> AfterValidator:
    """A text of this pattern; `accepted` is what a refusal says of it."""
    compiled = re.compile(pattern, re.ASCII)

    def checked(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(f"must be {accepted}")
        return text

    return AfterValidator(checked)


def base_url(text: str) -> str:
    """An http(s) base, perhaps with a path prefix; no trailing slash. Twilio refuses underscores in a host name."""
    if not text:
        return text
    parts = _split(text)
    if parts is None or not HOST.fullmatch(parts.netloc):
        raise ValueError("must be http(s)://host[:port][/path]: no query, fragment or user, no underscore in the host")
    return text.rstrip("/")


def redis_url(text: str) -> str:
    if text and urlsplit(text).scheme not in REDIS_SCHEMES:
        raise ValueError(f"must be a URL that begins with {', '.join(f'{scheme}://' for scheme in REDIS_SCHEMES)}")
    return text


def public_key(text: str) -> str:
    """Base64 of the DER, as SendGrid shows it. PEM armour around it is taken off."""
    bare = "".join(re.sub(r"-----[A-Z ]+-----", "", text).split())
    try:
        base64.b64decode(bare, validate=True)
    except binascii.Error:
        raise ValueError("must be the Base64 text that SendGrid shows as verification key") from None
    return bare


def quiet_span(text: Any) -> QuietHours | None:
    if text == "":
        return None
    match = QUIET_HOURS.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('must be "HH:MM-HH:MM", such as "21:00-08:00", or "" for none')
    begins, ends = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    if begins == ends:
        raise ValueError("must begin and end at different times")
    return QuietHours(begins, ends)


Country = Annotated[str, AfterValidator(country)]
OptionalCountry = Annotated[str, AfterValidator(lambda code: country(code) if code else "")]
Line = Annotated[LineType, PlainValidator(line_type)]
Lines = frozenset[Line]
Steps = tuple[Annotated[Step, PlainValidator(step)], ...]
LookupField = Literal["line_type_intelligence", "caller_name", "sim_swap"]
AccountSid = Annotated[str, AfterValidator(sid("AC"))]
ApiKeySid = Annotated[str, AfterValidator(sid("SK"))]
MessagingServiceSid = Annotated[str, AfterValidator(sid("MG"))]
VerifyServiceSid = Annotated[str, AfterValidator(sid("VA"))]
FlowSid = Annotated[str, Field(min_length=1), AfterValidator(sid("FW"))]
SenderNumber = Annotated[str, AfterValidator(sender_number)]
StrictNumber = Annotated[str, AfterValidator(strict_number)]
Host = Annotated[str, AfterValidator(host)]
BaseUrl = Annotated[str, AfterValidator(base_url)]
RedisUrl = Annotated[str, AfterValidator(redis_url)]
PublicKey = Annotated[str, AfterValidator(public_key)]
# Capitals only: a secret written where its variable's name belongs is refused, and is not shown.
Variable = Annotated[
    str, matching(r"[A-Z_][A-Z0-9_]*", "the name of a variable, in capitals; a secret does not stand in a file")
]
Name = Annotated[str, matching(r"[A-Za-z0-9_-]{1,64}", "a name of at most 64 letters, digits, _ and -")]
EmailAddress = Annotated[str, matching(r"|[^@\s<>]+@[^@\s<>]+", "a bare e-mail address")]
Language = Annotated[str, matching(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language tag such as en-US")]
MemorySize = Annotated[str, matching(r"[1-9]\d*(kb|mb|gb|k|m|g)?", "a size such as 512mb or 1gb")]
Text = Annotated[str, Field(min_length=1)]
Ratio = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Positive = Annotated[int, Field(ge=1, le=1_000_000_000)]
Seconds = Annotated[int, Field(ge=0, le=315_360_000)]
PositiveSeconds = Annotated[int, Field(ge=1, le=315_360_000)]
Milliseconds = Annotated[int, Field(ge=0, le=600_000)]
PositiveMilliseconds = Annotated[int, Field(ge=1, le=600_000)]
