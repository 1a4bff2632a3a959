"""One lookup within its budget: what is tried again, what an answer means, what a refusal means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.adapters.twilio import LookupLimits, TwilioLookup, wire
from gateway.adapters.twilio.lookup_answer import line_type_of, lookup_of
from gateway.errors import LookupUnavailable, ProviderRefused, ProviderSilent
from gateway.model import LineType, Lookup, LookupSource

TO = "+14155550100"
LINE = "line_type_intelligence"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MOBILE = {
    "valid": True,
    "validation_errors": [],
    "country_code": "US",
    "national_format": "(415) 555-0100",
    LINE: {
        "type": "mobile",
        "carrier_name": "T-Mobile USA, Inc.",
        "mobile_country_code": "310",
        "mobile_network_code": "260",
        "error_code": None,
    },
    "caller_name": None,
}
FREE = {**MOBILE, LINE: None}
INVALID = {"valid": False, "validation_errors": ["TOO_SHORT"], "country_code": None, LINE: None}


class Scene:
    """A clock that moves only by sleeping and by `cost`, and a provider that follows a script."""

    def __init__(self, *script: Mapping[str, Any] | Exception, cost: float = 0.0) -> None:
        self.script = list(script)
        self.cost = cost
        self.clock = 100.0
        self.slept: list[float] = []
        self.asked: list[tuple[tuple[str, ...], str | None]] = []
        self.alerts: list[int] = []

    def __call__(self, number: str, fields: Sequence[str], country: str | None = None) -> Mapping[str, Any]:
        assert number == TO
        self.asked.append((tuple(fields), country))
        self.clock += self.cost
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock += seconds

    def lookup(self, limits: LookupLimits | None = None) -> TwilioLookup:
        return TwilioLookup(
            self,
            limits,
            on_alert=self.alerts.append,
            now=lambda: NOW,
            sleep=self.sleep,
            monotonic=lambda: self.clock,
            jitter=lambda: 0.5,
        )

    def fetch(self, country: str | None = None, **other: Any) -> Lookup:
        return self.lookup(other.pop("limits", None)).fetch(TO, (LINE,), country, **other)

    def cause(self, **other: Any) -> str:
        with pytest.raises(LookupUnavailable) as caught:
            self.fetch(**other)
        return caught.value.cause


def answer(status: int, code: int | None = None, wait: float | None = None) -> ProviderRefused:
    return ProviderRefused(status, code or status, "", retry_after_seconds=wait)


SILENCE = ProviderSilent("no answer", sent=True)


def test_an_answer_becomes_a_live_lookup() -> None:
    assert Scene(MOBILE).fetch() == Lookup(
        TO,
        LookupSource.LIVE,
        NOW,
        valid=True,
        country="US",
        national_format="(415) 555-0100",
        line_type=LineType.MOBILE,
        carrier="T-Mobile USA, Inc.",
        mobile_country_code="310",
        mobile_network_code="260",
    )


def test_an_invalid_number_is_an_answer_with_its_reasons() -> None:
    found = Scene(INVALID).fetch()
    assert (found.valid, found.validation_errors, found.country) == (False, ("TOO_SHORT",), None)


@pytest.mark.parametrize(
    ("package", "line_type", "errors"),
    [
        (None, LineType.UNKNOWN, {}),
        ({"type": None, "error_code": 60600}, LineType.UNKNOWN, {LINE: 60600}),
        ({"type": None, "error_code": "60601"}, LineType.UNKNOWN, {LINE: 60601}),
        ({"type": "hologram", "error_code": None}, LineType.UNKNOWN, {}),
        ({"type": "voip", "error_code": ""}, LineType.UNKNOWN, {}),
        ({"type": "nonFixedVoip", "error_code": 0}, LineType.NON_FIXED_VOIP, {}),
        ({}, LineType.UNKNOWN, {}),
        ("text", LineType.UNKNOWN, {}),
    ],
)
def test_a_package_may_be_null_failed_or_new(package: object, line_type: LineType, errors: dict[str, int]) -> None:
    found = Scene({**MOBILE, LINE: package}).fetch()
    assert (found.valid, found.line_type) == (True, line_type)
    assert found.errors == errors


def test_every_line_type_is_read_by_its_own_word() -> None:
    assert [line_type_of(one.value) for one in LineType] == list(LineType)


def test_further_packages_are_read_and_kept_small() -> None:
    swapped = {"last_sim_swap_date": "2026-01-01T00:00:00Z", "swapped_in_period": True, "swapped_period": "PT24H"}
    said = {
        **MOBILE,
        "caller_name": {"caller_name": "ANN", "caller_type": "CONSUMER", "error_code": None},
        "sim_swap": {"last_sim_swap": {**swapped, "more": "x"}, "carrier_name": "C", "error_code": None},
        "reassigned_number": {"error_code": "60617"},
    }
    found = lookup_of(said, TO, (LINE, "caller_name", "sim_swap", "reassigned_number"), NOW)
    assert (found.caller_name, found.sim_swap) == ("ANN", swapped)
    assert found.errors == {"reassigned_number": 60617}


@pytest.mark.parametrize("sim_swap", [None, {}, {"last_sim_swap": None}, {"last_sim_swap": {"swapped_period": None}}])
def test_a_sim_swap_that_says_nothing_is_none(sim_swap: object) -> None:
    assert lookup_of({**MOBILE, "sim_swap": sim_swap}, TO, ("sim_swap",), NOW).sim_swap is None


@pytest.mark.parametrize("failure", [SILENCE, answer(500), answer(503, 20503), answer(429, 20429)])
def test_network_5xx_and_429_are_tried_again_after_a_growing_pause(failure: Exception) -> None:
    scene = Scene(failure, failure, MOBILE)
    assert scene.fetch().line_type is LineType.MOBILE
    assert scene.slept == pytest.approx([0.25, 0.45])
    assert len(scene.asked) == 3


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (SILENCE, "no_answer"),
        (answer(502), "http_502"),
        (answer(429, 20429), "throttled"),
        (answer(429, 60616), "throttled"),
    ],
)
def test_after_the_last_try_it_is_unavailable(failure: Exception, cause: str) -> None:
    scene = Scene(failure, failure, failure, MOBILE)
    assert scene.cause() == cause
    assert len(scene.asked) == 3


def test_the_wait_that_twilio_asks_for_is_kept() -> None:
    scene = Scene(answer(429, 20429, wait=1.5), MOBILE)
    assert scene.fetch().valid
    assert scene.slept == [1.5]


def test_a_wait_that_does_not_fit_into_the_budget_is_not_begun() -> None:
    scene = Scene(answer(429, 20429, wait=3.0), MOBILE)
    assert scene.cause() == "throttled"
    assert (scene.slept, len(scene.asked)) == ([], 1)


def test_all_tries_together_stay_within_the_budget() -> None:
    scene = Scene(SILENCE, SILENCE, MOBILE, cost=1.4)
    assert scene.cause() == "no_answer"
    assert len(scene.asked) == 2
    assert scene.clock - 100.0 < 3.2


def test_a_call_never_takes_longer_than_its_try_or_what_is_left() -> None:
    limits: list[float | None] = []

    class Watching(Scene):
        def __call__(self, number: str, fields: Sequence[str], country: str | None = None) -> Mapping[str, Any]:
            limits.append(wire._limit.get())
            return super().__call__(number, fields, country)

    Watching(SILENCE, MOBILE, cost=2.0).fetch()
    assert limits == pytest.approx([2.5, 0.75])


def test_what_is_left_of_a_request_bounds_all_tries() -> None:
    scene = Scene(SILENCE, SILENCE, MOBILE, cost=0.4)
    assert scene.cause(within_seconds=0.5) == "no_answer"
    assert len(scene.asked) == 1
    assert Scene(MOBILE).cause(within_seconds=0.0) == "out_of_time"


def test_a_number_that_libphonenumber_calls_valid_is_asked_once_more_with_its_country() -> None:
    scene = Scene(INVALID, MOBILE)
    assert scene.fetch("US").valid
    assert scene.asked == [((LINE,), None), ((LINE,), "US")]
    assert Scene(INVALID, INVALID).fetch("US").validation_errors == ("TOO_SHORT",)


def test_a_number_libphonenumber_does_not_know_is_asked_for_free_first() -> None:
    scene = Scene(FREE, MOBILE)
    assert scene.fetch(surely_valid=False).line_type is LineType.MOBILE
    assert scene.asked == [((), None), ((LINE,), None)]


def test_and_is_not_paid_for_when_it_is_invalid() -> None:
    scene = Scene(INVALID)
    assert scene.fetch(surely_valid=False).valid is False
    assert scene.asked == [((), None)]


def test_a_404_is_asked_once_more_with_the_country() -> None:
    scene = Scene(answer(404, 20404), MOBILE)
    assert scene.fetch("US").valid
    assert scene.asked == [((LINE,), None), ((LINE,), "US")]


@pytest.mark.parametrize("country", [None, "US"])
def test_a_404_that_stays_is_an_invalid_number(country: str | None) -> None:
    scene = Scene(*[answer(404, 20404)] * 2)
    found = scene.fetch(country)
    assert (found.valid, found.validation_errors, found.source) == (False, ("NOT_FOUND",), LookupSource.LIVE)
    assert len(scene.asked) == (2 if country else 1)


@pytest.mark.parametrize(("status", "code"), [(401, 20003), (403, 20403), (403, 403), (400, 60699)])
def test_an_account_that_is_refused_is_unavailable_and_told_at_once(status: int, code: int) -> None:
    scene = Scene(answer(status, code))
    assert scene.cause() == "account"
    assert (scene.alerts, len(scene.asked)) == ([code], 1)


@pytest.mark.parametrize("code", [60600, 60601, 60606, 60607, 60610, 60614])
def test_a_package_that_is_refused_as_a_whole_leaves_validity_to_the_free_answer(code: int) -> None:
    scene = Scene(answer(400, code), FREE)
    found = scene.fetch()
    assert (found.valid, found.country, found.line_type) == (True, "US", LineType.UNKNOWN)
    assert found.errors == {LINE: code}
    assert scene.asked == [((LINE,), None), ((), None)]


@pytest.mark.parametrize(("code", "told"), [(60600, []), (60606, [60606]), (60601, [60601]), (60614, [60614])])
def test_what_an_operator_can_put_right_is_told_also_from_within_an_answer(code: int, told: list[int]) -> None:
    scene = Scene({**MOBILE, LINE: {"type": None, "error_code": code}})
    assert scene.fetch().errors == {LINE: code}
    assert scene.alerts == told


@pytest.mark.parametrize("code", [60617, 20001])
def test_a_request_that_twilio_does_not_understand_is_not_repeated(code: int) -> None:
    scene = Scene(answer(400, code))
    assert scene.cause() == f"refused_{code}"
    assert len(scene.asked) == 1


def test_throttling_in_a_400_is_throttling() -> None:
    assert Scene(answer(400, 60611)).cause() == "throttled"


def test_real_pauses_are_random_within_the_jitter() -> None:
    pauses: list[float] = []
    failing: Callable[..., Mapping[str, Any]] = Scene(*[SILENCE] * 3)
    with pytest.raises(LookupUnavailable):
        TwilioLookup(failing, sleep=pauses.append).fetch(TO, (LINE,))
    assert 0.2 <= pauses[0] < 0.3
    assert 0.4 <= pauses[1] < 0.5
