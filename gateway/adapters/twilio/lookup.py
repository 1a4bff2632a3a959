"""Asks Lookup v2 for one number within a time budget: bounded tries, bounded waits.

Does not cache or decide, does not count how many are asked at once. Source: Lookup v2 and the 606xx error codes.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from tenacity import RetryCallState, Retrying, retry_if_exception

from gateway.adapters.twilio.lookup_answer import lookup_of
from gateway.adapters.twilio.lookup_codes import ALERTING, PACKAGE, THROTTLED, UNAVAILABLE
from gateway.adapters.twilio.wire import call_limit
from gateway.errors import LookupUnavailable, ProviderRefused, ProviderSilent
from gateway.model import Lookup, LookupSource

NOT_FOUND = "NOT_FOUND"


class Fetch(Protocol):
    def __call__(self, number: str, fields: Sequence[str], country: str | None = None) -> Mapping[str, Any]:
        """Lookup's answer. Raises ProviderError."""


@dataclass(frozen=True, slots=True)
class LookupLimits:
    """`backoff_ms` doubles with every try and gets up to `jitter_ms` more; `budget_ms` holds all of it together."""

    timeout_ms: int = 2500
    max_retries: int = 2
    backoff_ms: int = 200
    jitter_ms: int = 100
    budget_ms: int = 3000


@dataclass(frozen=True, slots=True)
class _Question:
    """`names_country`: whether Lookup is told the country, which an E.164 number should not need."""

    number: str
    fields: tuple[str, ...]
    country: str | None
    deadline: float
    names_country: bool = False

    @property
    def free_of_charge(self) -> _Question:
        return replace(self, fields=())


class TwilioLookup:
    """`fetch` is TwilioCalls.lookup_fetch; `on_alert` hears a code that an operator has to do something about."""

    paid = True

    def __init__(
        self,
        fetch: Fetch,
        limits: LookupLimits | None = None,
        *,
        on_alert: Callable[[int], None] = lambda code: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._fetch = fetch
        self._limits = limits or LookupLimits()
        self._on_alert = on_alert
        self._now = now
        self._sleep = sleep
        self._monotonic = monotonic
        self._jitter = jitter

    def fetch(
        self,
        number: str,
        fields: Sequence[str],
        country: str | None = None,
        *,
        surely_valid: bool = True,
        within_seconds: float | None = None,
    ) -> Lookup:
        """`surely_valid`: False asks without fields first, which is free, and with them only for a valid number.

        `within_seconds`: what is left of the request's budget; None: all of it. Raises LookupUnavailable.
        """
        budget = self._limits.budget_ms / 1000
        left = budget if within_seconds is None else min(budget, within_seconds)
        question = _Question(number, tuple(fields), country, self._monotonic() + left)
        if question.fields and not surely_valid:
            free = self._answered(question.free_of_charge)
            if not free.valid:
                return free
        found = self._answered(question)
        if found.valid is False and surely_valid and country is not None and found.validation_errors != (NOT_FOUND,):
            # libphonenumber says otherwise; an answer that is invalid costs nothing, so the country is named once.
            found = self._answered(replace(question, names_country=True))
        return found

    def _answered(self, question: _Question) -> Lookup:
        """One answer, where a refusal can stand for one."""
        try:
            answer = self._tried(question)
        except ProviderRefused as err:
            return self._instead(err, question)
        except ProviderSilent as err:
            raise LookupUnavailable("no_answer") from err
        found = lookup_of(answer, question.number, question.fields, self._now())
        for code in set(found.errors.values()) & ALERTING:
            self._on_alert(code)
        return found

    def _instead(self, err: ProviderRefused, question: _Question) -> Lookup:
        """What a refusal says of the number, if it says something of the number."""
        if err.status == 404:
            if question.country is not None and not question.names_country:
                return self._answered(replace(question, names_country=True))
            return Lookup(question.number, LookupSource.LIVE, self._now(), valid=False, validation_errors=(NOT_FOUND,))
        if err.code in ALERTING or err.status in (401, 403):
            self._on_alert(err.code)
        if err.code in PACKAGE and question.fields:
            # The packages failed, not the number: what can be had free of charge still says whether it is valid.
            return replace(self._answered(question.free_of_charge), errors=dict.fromkeys(question.fields, err.code))
        raise LookupUnavailable(_cause(err)) from err

    def _tried(self, question: _Question) -> Mapping[str, Any]:
        """The answer of the first try that gets one. Raises what the last try raised."""

        def enough(state: RetryCallState) -> bool:
            late = self._monotonic() + state.upcoming_sleep >= question.deadline
            return state.attempt_number > self._limits.max_retries or late

        tries = Retrying(
            retry=retry_if_exception(_worth_a_retry), wait=self._wait, stop=enough, sleep=self._sleep, reraise=True
        )
        answer: Mapping[str, Any] = tries(self._once, question)
        return answer

    def _once(self, question: _Question) -> Mapping[str, Any]:
        left = question.deadline - self._monotonic()
        if left <= 0:
            raise LookupUnavailable("out_of_time")
        with call_limit(min(self._limits.timeout_ms / 1000, left)):
            country = question.country if question.names_country else None
            return self._fetch(question.number, question.fields, country)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, ProviderRefused) and error.retry_after_seconds is not None:
            return error.retry_after_seconds
        grown = self._limits.backoff_ms * 2 ** (state.attempt_number - 1)
        return float(grown + self._jitter() * self._limits.jitter_ms) / 1000


def _worth_a_retry(error: BaseException) -> bool:
    if isinstance(error, ProviderRefused):
        return error.status >= 500 or error.status == 429
    return isinstance(error, ProviderSilent)


def _cause(err: ProviderRefused) -> str:
    if err.code in UNAVAILABLE or err.status in (401, 403):
        return "account"
    if err.code in THROTTLED or err.status == 429:
        return "throttled"
    return f"http_{err.status}" if err.status >= 500 else f"refused_{err.code}"
