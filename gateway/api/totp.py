"""`/totp/factors`: enrol an authenticator app through Twilio Verify. The secret is shown once, here, and not kept."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, TypeVar

import segno
import structlog
from flask import Response
from pydantic import Field

from gateway.act.checks import Verdict
from gateway.adapters.store.proofs import VERIFIED
from gateway.api.endpoint import JSON, Call, Endpoint
from gateway.api.texts import dumps
from gateway.api.verification import ASK_AGAIN_SECONDS, DETAILS, Code, refused
from gateway.errors import ProviderError, ProviderRefused, Refused
from gateway.model import realm
from gateway.normalize.payload import Strict

UNVERIFIED = "unverified"
FACTOR_SID = re.compile(r"YF[0-9a-fA-F]{32}")
WRONG_CODES = frozenset({60200, 60311})
TOO_MANY_CODES = frozenset({429, 60310})
NOT_THERE = frozenset({404, 20404, 60390, 60391})
NO_FACTOR = "The provider did not answer, so there is no factor that could be shown. Ask for it again."
Answer = TypeVar("Answer")
Identity = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9-]{8,64}$", description="The application's own opaque id of the person."),
]


class FactorPayload(Strict):
    """Whose authenticator app, and the name it shows for the account."""

    identity: Identity
    label: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")] = Field(
        description="What the authenticator app shows for this account.", examples=["ann@example.com"]
    )


class FactorCodePayload(Strict):
    """The first code that the authenticator app shows."""

    identity: Identity
    code: Code


def enrol(call: Call) -> Response:
    gateway, person = call.gateway, call.body.identity
    own = realm(call.key.app, call.key.test)
    identity = gateway.house.acting.writes.identity_at_provider(own, person)
    service = gateway.house.acting.verify_service(test=call.key.test)
    factor = _asked(
        lambda: gateway.calls.create_factor(service, identity, call.body.label, test=call.key.test),
        unanswered=NO_FACTOR,
    )
    gateway.proofs.enrol(own, person, factor.sid, UNVERIFIED)
    document = {"factor_sid": factor.sid, "uri": factor.uri, "qr_svg": _qr(factor.uri)}
    return Response(dumps(document), 201, content_type=JSON)


def activate(call: Call, sid: str) -> Response:
    """The first right code makes the factor count. A factor of another application is not there."""
    gateway, person = call.gateway, call.body.identity
    own = realm(call.key.app, call.key.test)
    if not FACTOR_SID.fullmatch(sid) or not gateway.proofs.has_factor(own, person, sid):
        raise Refused("not_found", "There is no such factor of this person.")
    identity = gateway.house.acting.writes.identity_at_provider(own, person)
    service, code = gateway.house.acting.verify_service(test=call.key.test), call.body.code.get_secret_value()
    answer = _asked(
        lambda: gateway.calls.verify_factor(service, identity, sid, code, test=call.key.test),
        gone=lambda: gateway.proofs.drop(sid),
    )
    if answer.get("status") != VERIFIED:
        raise refused(Verdict.WRONG)
    gateway.proofs.enrol(own, person, sid, VERIFIED)
    return Response(dumps({"factor_sid": sid, "status": VERIFIED}), 200, content_type=JSON)


def _asked(
    ask: Callable[[], Answer],
    gone: Callable[[], object] = lambda: None,
    unanswered: str = DETAILS[Verdict.UNANSWERED],
) -> Answer:
    """What Verify answers; its refusals as ours. `gone` is done where it does not know the factor any more.

    `unanswered`: what is said where Verify did not answer.
    """
    try:
        return ask()
    except ProviderRefused as err:
        if err.code in WRONG_CODES:
            raise refused(Verdict.WRONG) from None
        if err.code in TOO_MANY_CODES:
            raise refused(Verdict.TOO_MANY) from None
        if err.code in NOT_THERE:
            gone()
            raise Refused("not_found", "Verify does not know this factor.") from None
        if err.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            structlog.get_logger("gateway.alert").warning("totp_refused", code=err.code, status=err.status)
    except ProviderError:
        pass
    raise Refused(Verdict.UNANSWERED.value, unanswered, retry_after_seconds=ASK_AGAIN_SECONDS)


def _qr(uri: str) -> str:
    """A picture to scan, as an SVG element with a size of its own; without it being a file."""
    out = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(out, kind="svg", scale=4, border=4, xmldecl=False, light="#fff")
    return out.getvalue().decode()


ENDPOINTS = (
    Endpoint(
        "POST",
        "/totp/factors",
        enrol,
        ("verify",),
        "Enrol an authenticator app: the URI and its QR code are shown this once.",
        takes=FactorPayload,
        gives={201: "Factor"},
        problems=("invalid_request", "verify_unavailable", "too_many_attempts", "too_large", "unsupported_media_type"),
        tag="verification",
    ),
    Endpoint(
        "POST",
        "/totp/factors/{sid}/verify",
        activate,
        ("verify",),
        "Finish the enrolment with the first code of the authenticator app.",
        takes=FactorCodePayload,
        gives={200: "FactorVerified"},
        problems=(
            "invalid_request", "not_found", "wrong_code", "too_many_attempts", "verify_unavailable", "too_large",
            "unsupported_media_type",
        ),
        tag="verification",
    ),
)  # fmt: skip
