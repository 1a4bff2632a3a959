"""Turns what the Twilio SDK raises into the gateway's own errors, with no number or address left in them.

Source: twilio/base/exceptions.py and version.py; problem documents (RFC 9457) come as another class than the rest.
"""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.response import Response

from gateway.errors import ProviderError, ProviderRefused, ProviderSilent

MESSAGE_LENGTH = 300

# The SDK's exceptions carry no headers, so the HTTP client leaves the wait of the last answer here.
asked_wait: ContextVar[float | None] = ContextVar("asked_wait", default=None)

_ADDRESS = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;]+")
_DIGITS = re.compile(r"(?<![0-9A-Za-z])\+?\(?\d(?:[ ().-]{0,2}\d){5,}")


def impersonal(text: str) -> str:
    """The text with whatever looks like a phone number or an e-mail address taken out, and cut to a line."""
    text = _DIGITS.sub("<number>", _ADDRESS.sub("<address>", text))
    return " ".join(text.split())[:MESSAGE_LENGTH]


def wait_seconds(headers: Mapping[str, str]) -> float | None:
    """What `Retry-After` asks for: seconds, or a date; None when it is absent or makes no sense."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)


@contextmanager
def translated() -> Iterator[None]:
    """Nothing but ProviderError comes out of a Twilio call made inside."""
    asked_wait.set(None)
    try:
        yield
    except TwilioException as err:
        raise refusal(err) from err
    except json.JSONDecodeError as err:
        raise ProviderSilent("the answer is not JSON", sent=True) from err


def refusal(err: TwilioException) -> ProviderError:
    """ProviderRefused where Twilio answered, ProviderSilent where the SDK could not make sense of the answer."""
    if isinstance(err, TwilioRestException):
        return _refused(err.status, err.code, err.msg)
    if isinstance(err, TwilioServiceException):
        return _refused(err.status, err.code, f"{err.title}: {err.detail}" if err.detail else err.title)
    answer = next((part for part in err.args if isinstance(part, Response)), None)
    if answer is not None and answer.status_code != 200:  # how the SDK reports a list that was refused
        code, message = _of_body(answer.text)
        return _refused(answer.status_code, code, message)
    return ProviderSilent(f"no usable answer: {type(err).__name__}", sent=True)


def _refused(status: object, code: object, message: object) -> ProviderRefused:
    http = _number(status, 500)
    return ProviderRefused(
        http, _number(code, http), impersonal(str(message or "")), retry_after_seconds=asked_wait.get()
    )


def _number(value: object, otherwise: int) -> int:
    try:
        return int(str(value))
    except ValueError:
        return otherwise


def _of_body(text: str) -> tuple[object, str]:
    try:
        body = json.loads(text)
    except json.JSONDecodeError:
        return None, ""
    if not isinstance(body, dict):
        return None, ""
    return body.get("code"), str(body.get("message") or body.get("detail") or "")
