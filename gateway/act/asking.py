"""What the provider says of a code, or of a verification whose check got no answer. It changes no intent.

Source: Verify v2. A wrong code is a success with status `pending`; an approved verification is 404 afterwards, so a
404 says neither approved nor expired, and 60200 was seen where 404 is documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from gateway.act.acting import Acting
from gateway.errors import ProviderError, ProviderRefused, ProviderSilent
from gateway.model import Progress, Verification


class Said(StrEnum):
    """What a check, or a look at a verification, comes to.

    `gone`: no code can be right any more. `used`: one was right already, but it came another way.
    `refused`: no check was made. `silent`: nobody knows whether it was. `alive`: the verification still takes codes.
    `untold`: Twilio has put the verification away, and its attempts do not say (yet) that a code was right.
    """

    APPROVED = "approved"
    WRONG = "wrong"
    TOO_MANY = "too_many"
    GONE = "gone"
    USED = "used"
    REFUSED = "refused"
    SILENT = "silent"
    ALIVE = "alive"
    UNTOLD = "untold"


BY_STATUS: Mapping[str, Said] = {
    "approved": Said.APPROVED,
    "pending": Said.WRONG,
    "max_attempts_reached": Said.TOO_MANY,
    "canceled": Said.GONE,
    "deleted": Said.GONE,
    "denied": Said.GONE,
    "expired": Said.GONE,
    "failed": Said.GONE,
}

# What a refusal of a challenge says; a factor that is gone cannot prove anybody.
BY_TOTP_CODE: Mapping[int, Said] = {
    60200: Said.WRONG,
    60308: Said.TOO_MANY,
    60310: Said.TOO_MANY,
    60311: Said.WRONG,
    60312: Said.TOO_MANY,
    60318: Said.GONE,
    60324: Said.WRONG,
    60390: Said.GONE,
    60391: Said.GONE,
    20404: Said.GONE,
    404: Said.GONE,
}
NOT_THERE = frozenset({404, 20404, 60200})
TOO_MANY_CHECKS = frozenset({429, 60202})
"""Other codes of 429 are about pace: no check was made, and this one is still good."""


def of_code(acting: Acting, progress: Progress, waits: Verification, code: str) -> Said:
    """One check of one code. `gone` where it is not known what became of the verification: see `of_verification`."""
    service, test = service_of(acting, progress, waits.sid), progress.intent.test
    said, refused = _asked(
        acting, lambda: acting.writes.codes.check_verification(service, code=code, sid=waits.sid, test=test)
    )
    if refused is None:
        return said
    if refused.code in TOO_MANY_CHECKS:
        return Said.TOO_MANY
    if refused.code in NOT_THERE or refused.status == HTTPStatus.NOT_FOUND:
        alive = refused.code == 60200 and of_verification(acting, progress, waits) is Said.ALIVE
        return Said.WRONG if alive else Said.GONE
    return _alarming(acting, progress, refused)


def of_totp(acting: Acting, progress: Progress, waits: Verification, code: str) -> Said:
    """Each code is one challenge."""
    intent = progress.intent
    service = acting.verify_service(test=intent.test)
    identity = acting.writes.identity_at_provider(intent.realm, intent.identity or "")
    said, refused = _asked(
        acting, lambda: acting.writes.codes.challenge(service, identity, waits.sid, code, test=intent.test)
    )
    if refused is None:
        return said
    listed = BY_TOTP_CODE.get(refused.code)
    if listed is None and refused.code == HTTPStatus.TOO_MANY_REQUESTS:
        return Said.TOO_MANY
    return listed or _alarming(acting, progress, refused)


def of_verification(acting: Acting, progress: Progress, waits: Verification) -> Said:
    """What became of a verification. `silent`: it could not be asked."""
    service = service_of(acting, progress, waits.sid)
    try:
        answer = acting.writes.codes.read_verification(service, waits.sid, test=progress.intent.test)
    except ProviderError:
        return Said.SILENT
    if answer is None:
        return Said.UNTOLD
    said = BY_STATUS.get(str(answer.get("status")), Said.UNTOLD)
    if said is Said.WRONG:
        return Said.UNTOLD if _by_attempts(answer) else Said.ALIVE
    return said


def service_of(acting: Acting, progress: Progress, sid: str) -> str:
    """The Verify service that the verification was started with."""
    test = progress.intent.test
    by = next((a.sender for a in reversed(progress.attempts) if a.provider_sid == sid), "default")
    own = None if test else acting.senders.get(by)
    return own.verify_service_sid if own is not None else acting.verify_service(test=test)


def _by_attempts(answer: Mapping[str, Any]) -> bool:
    """The verification itself was gone, and only its attempts could be read."""
    return "channel_data" in answer


def _asked(acting: Acting, ask: Callable[[], Mapping[str, Any]]) -> tuple[Said, ProviderRefused | None]:
    """What was answered; a refusal is given back for a closer look. A 5xx is no proof that nothing was done."""
    try:
        answer = ask()
    except ProviderRefused as err:
        if err.status >= HTTPStatus.INTERNAL_SERVER_ERROR or err.status == HTTPStatus.REQUEST_TIMEOUT:
            return Said.SILENT, None
        return Said.REFUSED, err
    except ProviderSilent as err:
        return (Said.SILENT if err.sent else Said.REFUSED), None
    return BY_STATUS.get(str(answer.get("status")), Said.SILENT), None


def _alarming(acting: Acting, progress: Progress, refused: ProviderRefused) -> Said:
    """A refusal that is about us (credentials, pace, settings) and says nothing of the code."""
    acting.alert("code_check_refused", {"code": refused.code, "status": refused.status, "intent": progress.intent.id})
    return Said.REFUSED
