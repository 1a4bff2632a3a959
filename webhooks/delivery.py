"""A request as the sources see it: query, form and body exactly as they were judged, and nothing else of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Request

from webhooks.forms import Pairs, Unreadable, first_values, pairs_of
from webhooks.public_url import target_of
from webhooks.signature import Claim

FORM = "application/x-www-form-urlencoded"

_INTENT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ATTEMPT = re.compile(r"[1-9][0-9]{0,5}")


class Malformed(Exception):
    """A signed body that is not what its source takes. The text names the field and repeats nothing of its content."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """`form` None: the body is no form. Of repeated names the first value counts; `pairs` has them all."""

    query: Mapping[str, str]
    pairs: Pairs
    form: Mapping[str, str] | None
    body: bytes

    def intent(self) -> str | None:
        """From the callback URL; None where it is missing or garbage."""
        return intent_in(self.query)

    def attempt(self) -> int | None:
        return attempt_in(self.query)

    def required(self, *names: str) -> str:
        """The first of these form fields that is there and not blank."""
        for name in names:
            value = (self.form or {}).get(name)
            if value:
                return value
        raise Malformed(f"{names[0]}: missing")

    def json(self) -> Any:
        """Raises Malformed also for JSON that would overflow: too deep, or a number with too many digits."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as err:
            raise Malformed("body: not JSON") from err

    def fields(self) -> Mapping[str, str]:
        """The body as flat text fields, form or JSON object; what is nested is left out."""
        if self.form is not None:
            return self.form
        document = self.json()
        if not isinstance(document, dict):
            raise Malformed("body: neither a form nor a JSON object")
        return texts(document)


def intent_in(told: Mapping[str, str]) -> str | None:
    given = told.get("intent", "")
    return given if _INTENT.fullmatch(given) else None


def attempt_in(told: Mapping[str, str]) -> int | None:
    given = told.get("attempt", "")
    return int(given) if _ATTEMPT.fullmatch(given) else None


def texts(document: Mapping[str, Any]) -> dict[str, str]:
    """The scalar members as text."""
    return {name: text for name, value in document.items() if (text := as_text(value)) is not None}


def as_text(value: object) -> str | None:
    """A JSON scalar as text; None for null, arrays and objects. Half a surrogate pair is legal JSON, but no text."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def claim_of(request: Request, body: bytes) -> Claim:
    """What the request claims, as far as it can be read."""
    environ = request.environ
    form: Pairs | None = None
    readable = True
    content_type = environ.get("CONTENT_TYPE") or ""
    if content_type == FORM or content_type.partition(";")[0].strip().lower() == FORM:
        try:
            form = pairs_of(body.decode())
        except (Unreadable, UnicodeDecodeError):
            readable = False
    claimed = (environ.get("HTTP_HOST"), environ.get("HTTP_X_FORWARDED_HOST"))
    return Claim(
        target=target_of(environ),
        body=body,
        form=form,
        signature=environ.get("HTTP_X_TWILIO_SIGNATURE") or "",
        settings=environ.get("HTTP_X_TWILIO_WEBHOOKS_SIGNATURE_SETTINGS"),
        readable=readable,
        claimed_hosts=tuple(host for host in claimed if host),
    )


def delivery_of(claim: Claim) -> Delivery:
    """Raises Malformed where the query is no UTF-8: signed as it may be, nobody can say what it means."""
    query = (claim.target or "").partition("?")[2]
    try:
        named = first_values(pairs_of(query))
    except Unreadable as err:
        raise Malformed("query: not readable") from err
    return Delivery(named, claim.form or (), None if claim.form is None else first_values(claim.form), claim.body)
