"""One try on one step, what came of it, and the proof that it may wait for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.model.status import AttemptStatus, FailureClass
from gateway.model.step import Step


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one provider call. `failure` is set when it did not go through.

    `retry_after`: earliest moment the provider allows another try. `learned`: the line type that the error teaches.
    """

    status: AttemptStatus
    provider_sid: str | None = None
    failure: FailureClass | None = None
    error_code: int | None = None
    error_detail: str | None = None
    retry_after: timedelta | None = None
    segments: int | None = None
    price: str | None = None
    price_unit: str | None = None
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try on one step. `number` counts from 1 within the intent."""

    number: int
    step: Step
    status: AttemptStatus
    started_at: datetime
    sender: str = "default"
    ended_at: datetime | None = None
    provider_sid: str | None = None
    error_code: int | None = None
    failure: FailureClass | None = None
    error_detail: str | None = None
    segments: int | None = None
    price: str | None = None
    price_unit: str | None = None
    searches: int = 0
    fingerprint: str = ""
    settled: bool = False
    """True once this attempt's end has moved the route (so that it does so exactly once)."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What an intent in `awaiting_verification` waits for. `sid` is Verify's VE or the TOTP factor's YF.

    `checking_since`: when a check was begun whose outcome is not known yet.
    """

    step: Step
    sid: str
    expires_at: datetime
    checks: int = 0
    checking_since: datetime | None = None
