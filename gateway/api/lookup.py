"""`POST /lookup`: what is known of a number, without sending anything. It costs what is asked for, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from gateway import enrich
from gateway.answers import moment
from gateway.api.endpoint import JSON, Call, Endpoint
from gateway.api.texts import dumps
from gateway.model import LineType, Lookup, Policy, realm
from gateway.normalize.phone import LONGEST_TYPED, PhoneNumber, parse_phone
from gateway.settings import LOOKUP_FIELDS

LOOKUP_VERSION = "v2"
LINE_TYPE = "line_type_intelligence"
LONGEST_REASON = 200


class LookupPayload(BaseModel):
    """`fields` absent: the configured ones; empty: only whether the number is valid, free of charge."""

    model_config = ConfigDict(extra="forbid", strict=True)

    to: Annotated[str, Field(min_length=1, max_length=LONGEST_TYPED)]
    country: str | None = None
    fields: Annotated[list[str], Field(max_length=16)] | None = None
    max_age_seconds: Annotated[int, Field(ge=0, le=31_536_000)] | None = None
    reason: Annotated[str, Field(max_length=LONGEST_REASON)] = ""

    @field_validator("fields")
    @classmethod
    def _known(cls, fields: list[str] | None) -> list[str] | None:
        unknown = [name for name in fields or () if name not in LOOKUP_FIELDS]
        if unknown:
            raise ValueError(f"holds a field that is not offered; known: {', '.join(LOOKUP_FIELDS)}")
        return fields


def look_up(call: Call) -> Response:
    gateway, body = call.gateway, call.body
    default_country = gateway.settings.lookup.default_country_code or None
    number = parse_phone(body.to, body.country, default_country=default_country)
    asked = gateway.settings.lookup.default_fields if body.fields is None else body.fields
    fields = tuple(dict.fromkeys(asked))
    own = realm(call.key.app, call.key.test)
    gateway.lookup_audit.note(number.e164, fields, app=call.key.app, who=call.key.id, why=body.reason)
    known = gateway.reads.known(own, number.e164, None, None)
    max_age = None if body.max_age_seconds is None else timedelta(seconds=body.max_age_seconds)
    found = gateway.reads.lookups_of(own).lookup(number.e164, fields, max_age=max_age, app=own, patient=True)
    if LINE_TYPE in fields and not call.key.test:  # a test asks the sandbox, of which real traffic has taught nothing
        found = enrich.weighed(found, known)
    document = answer(found, fields, gateway.policy, number)
    return Response(dumps(document), 200, content_type=JSON)


def answer(found: Lookup, fields: Sequence[str], policy: Policy, number: PhoneNumber) -> dict[str, Any]:
    """The whole number: whoever asked has it already. What was not asked for is null."""
    asked_type = LINE_TYPE in fields
    return {
        "phone_number": found.number,
        "valid": found.valid,
        "validation_errors": list(found.validation_errors),
        "country": found.country or number.country,
        "national_format": found.national_format or number.national_format,
        "line_type": found.line_type.value if asked_type else None,
        "carrier": found.carrier,
        "mobile_country_code": found.mobile_country_code,
        "mobile_network_code": found.mobile_network_code,
        "caller_name": found.caller_name,
        "sim_swap": dict(found.sim_swap) if found.sim_swap else None,
        "flags": _flags(found.line_type, policy) if asked_type else [],
        "source": found.source.value,
        "looked_up_at": moment(found.looked_up_at),
        "lookup_version": LOOKUP_VERSION,
        "errors": dict(found.errors),
    }


def _flags(line_type: LineType, policy: Policy) -> list[str]:
    return [line_type.value] if line_type in policy.flag_line_types else []


ENDPOINTS = (
    Endpoint(
        "POST",
        "/lookup",
        look_up,
        ("lookup",),
        "Normalize and enrich a number without sending.",
        takes=LookupPayload,
        gives={200: "Lookup"},
        problems=(
            "invalid_request", "invalid_number", "ambiguous_number", "short_code", "too_large",
            "unsupported_media_type", "budget_exhausted", "lookup_unavailable",
        ),
        tag="lookup",
    ),
)  # fmt: skip
