"""`POST /intents/{id}/verification`: the code that a person typed. It is handed on, and neither kept nor repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from flask import Response
from pydantic import AfterValidator, Field, SecretStr

from gateway.act import proving
from gateway.act.checks import Verdict
from gateway.api.endpoint import Call, Endpoint
from gateway.api.intents import owned, shown
from gateway.errors import Refused
from gateway.normalize.payload import Strict

CODE = r"^[0-9]{4,10}$"
ASK_AGAIN_SECONDS = 2
DETAILS: Mapping[Verdict, str] = {
    Verdict.WRONG: "The code is not the right one.",
    Verdict.TOO_MANY: "Too many codes were entered; no more are taken for this proof.",
    Verdict.EXPIRED: "The code is of no use any more: its time is over, or it was used for another intent.",
    Verdict.NOT_AWAITING: "The intent waits for no code.",
    Verdict.UNANSWERED: "The provider did not answer, so nobody knows whether the code was right. Enter it again.",
}


def _digits(code: SecretStr) -> SecretStr:
    if re.fullmatch(CODE, code.get_secret_value(), re.ASCII) is None:
        raise ValueError("must be 4 to 10 digits")
    return code


Code = Annotated[
    SecretStr,
    AfterValidator(_digits),
    Field(description="4 to 10 digits, as the person typed them.", json_schema_extra={"pattern": CODE}),
]


class CodePayload(Strict):
    """What the person typed."""

    code: Code


def enter(call: Call, id: str) -> Response:
    progress = owned(call, id)
    verdict, _ = proving.enter(call.gateway.house.acting, progress, call.body.code.get_secret_value())
    if verdict is not Verdict.APPROVED:
        raise refused(verdict)
    return shown(call, owned(call, id))


def refused(verdict: Verdict) -> Refused:
    wait = ASK_AGAIN_SECONDS if verdict is Verdict.UNANSWERED else None
    return Refused(verdict.value, DETAILS[verdict], retry_after_seconds=wait)


ENDPOINTS = (
    Endpoint(
        "POST",
        "/intents/{id}/verification",
        enter,
        ("send", "verify"),
        "Enter the code that an intent in `awaiting_verification` waits for.",
        takes=CodePayload,
        gives={200: "IntentWhole"},
        problems=(
            "invalid_request", "not_found", "wrong_code", "not_awaiting_verification", "verification_expired",
            "too_many_attempts", "verify_unavailable", "too_large", "unsupported_media_type",
        ),
        tag="verification",
    ),
)  # fmt: skip
