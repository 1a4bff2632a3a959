"""The table of codes: each code has its class, each class its consequences, and deferrals land on the right moment."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway import codes
from gateway.codes import messaging, verify, voice
from gateway.codes.email import ANSWERS, EVENTS
from gateway.codes.lookup import PackageEffect
from gateway.codes.rows import ALERTING, CodeRow, Moment
from gateway.model import FailureClass, LineType

CLASSES: dict[FailureClass, str] = {
    FailureClass.ACCOUNT: "10001 20003 20005 20403 30002",
    FailureClass.RETRY: "20429 21611 30001 30008 30017 30020 30021 30022 30410 30500 63009 63010 63012 63017 63023 "
    "10004 32016 60328",
    FailureClass.UNKNOWN_OUTCOME: "20500 20503 20504",
    FailureClass.DEFER: "20409 30023 30025 30026 30027 30035 30036 30454 30610 30615 63018 63038 60202 60203 60212 "
    "60308 60310 60312 60728",
    FailureClass.WRONG_CHANNEL: "21614 21635 30006 63003 63024 63036 60205 60236 60237 60318 60390 60391 60392",
    FailureClass.UNREACHABLE: "30003 30005 21214 32009",
    FailureClass.OPTED_OUT: "21610 30004 30630 30640 63014 63033",
    FailureClass.INVALID: "21211 21217 21265 21268 21202 13243 13254 32110",
    FailureClass.CONTENT: "30007 30011 30019 63005 63013 63016 63019 63021 63032 63034 63049 60311 60322 60323 60324",
    FailureClass.FRAUD: "30450 30453 30485 60410",
    FailureClass.CONFIG: "14107 15003 20404 21212 21408 21606 21608 21612 21659 21660 21661 21701 21702 21703 21704 "
    "21705 30018 30024 30032 30033 30034 30037 30040 30620 63001 63002 63007 63008 63015 63020 63026 63027 63028 "
    "63040 63041 63042 63051 63112 10005 13225 13227 21203 21210 21215 21216 21219 21226 21264 32017 60204 60207 "
    "60217 60218 60219 60220 60222 60223 60226 60227 60228 60229 60238 60240 60242 60245 60315 60408 60550 60603 "
    "60604 60605",
    FailureClass.BUG: "21266 21602 21603 21604 21609 21617 21619 21620 21623 21624 21654 21655 21656 21910 11100 11750 "
    "12100 12102 12300 13520 13521 21201 21205 21227 21228 21229 32018 32019 60200 60301 60317 60331 81023",
    FailureClass.UNLISTED: "30009 30010 30038 30039",
}
EXPECTED = {int(code): failure for failure, listed in CLASSES.items() for code in listed.split()}


@pytest.mark.parametrize(("code", "failure"), EXPECTED.items(), ids=map(str, EXPECTED))
def test_a_code_has_its_class(code: int, failure: FailureClass) -> None:
    assert codes.row(code).failure is failure
    assert codes.row(code).code == code


def test_the_table_holds_these_codes_and_no_others() -> None:
    assert set(codes.TABLE) == set(EXPECTED)


def test_no_code_has_two_rows() -> None:
    counted = Counter(row.code for row in messaging.ROWS + voice.ROWS + verify.ROWS)
    assert [code for code, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("row", codes.TABLE.values(), ids=lambda row: str(row.code))
def test_a_row_carries_what_its_class_needs(row: CodeRow) -> None:
    assert (row.defer is not None) == (row.failure is FailureClass.DEFER)
    assert (row.hold is not None) == (row.failure is FailureClass.FRAUD)
    assert (row.suppress_scope is not None) == (row.failure is FailureClass.OPTED_OUT)
    assert bool(row.suppress_source) == (row.suppress_scope is not None)
    assert row.alert or row.failure not in ALERTING
    assert row.meaning


REPEATING = {FailureClass.RETRY, FailureClass.UNREACHABLE, FailureClass.UNLISTED}


@pytest.mark.parametrize("row", codes.TABLE.values(), ids=lambda row: str(row.code))
def test_only_classes_that_may_repeat_their_step_allow_a_retry(row: CodeRow) -> None:
    if row.failure not in REPEATING | {FailureClass.DEFER, FailureClass.UNKNOWN_OUTCOME}:
        assert row.retries == 0


@pytest.mark.parametrize(("code", "retries"), [(30003, 1), (30005, 1), (30008, 1), (21214, 0), (21611, None)])
def test_a_code_caps_its_retries(code: int, retries: int | None) -> None:
    assert codes.row(code).retries == retries


def test_the_retry_of_an_unreachable_handset_is_spaced() -> None:
    assert codes.row(30003).retry_after == timedelta(minutes=5)


LEARNED = {
    21614: LineType.LANDLINE,
    21635: LineType.LANDLINE,
    30006: LineType.LANDLINE,
    60205: LineType.LANDLINE,
    21202: LineType.PREMIUM,
    21268: LineType.PREMIUM,
}


def test_line_types_are_learned_from_these_codes_alone() -> None:
    assert {row.code: row.learns for row in codes.TABLE.values() if row.learns} == LEARNED


@pytest.mark.parametrize(
    ("code", "hold"),
    [(30450, timedelta(minutes=30)), (30453, timedelta(hours=12)), (60410, timedelta(hours=12))],
)
def test_a_fraud_block_holds_the_number_back(code: int, hold: timedelta) -> None:
    assert codes.row(code).hold == hold


@pytest.mark.parametrize(
    ("code", "scope"), [(21610, "channel"), (30004, "channel"), (63014, "whatsapp"), (63033, "whatsapp")]
)
def test_an_opt_out_code_suppresses_its_channel_under_its_own_name(code: int, scope: str) -> None:
    assert (codes.row(code).suppress_scope, codes.row(code).suppress_source) == (scope, str(code))


def test_start_takes_back_what_providers_remember_of_a_stop_and_no_more() -> None:
    sources = {row.suppress_source for row in codes.TABLE.values() if row.suppress_source}
    assert sources - codes.LIFTED_BY_START == {"30640", "63014", "63033"}
    assert sources >= codes.LIFTED_BY_START


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        pytest.param(429, 20429, FailureClass.RETRY, id="too-many-requests"),
        pytest.param(429, 429, FailureClass.RETRY, id="too-many-requests-without-a-body"),
        pytest.param(429, 60203, FailureClass.DEFER, id="a-listed-code-outranks-429"),
        pytest.param(500, 500, FailureClass.UNKNOWN_OUTCOME, id="a-server-error-without-a-body"),
        pytest.param(502, 502, FailureClass.UNKNOWN_OUTCOME, id="a-bad-gateway"),
        pytest.param(503, 20503, FailureClass.UNKNOWN_OUTCOME, id="not-available"),
        pytest.param(500, 99999, FailureClass.UNKNOWN_OUTCOME, id="a-server-error-with-an-unlisted-code"),
        pytest.param(503, 20429, FailureClass.UNKNOWN_OUTCOME, id="a-server-error-never-means-send-again"),
        pytest.param(400, 20500, FailureClass.UNKNOWN_OUTCOME, id="an-internal-error-under-any-status"),
        pytest.param(408, 408, FailureClass.UNKNOWN_OUTCOME, id="a-request-timeout"),
        pytest.param(401, 401, FailureClass.ACCOUNT, id="unauthorized"),
        pytest.param(403, 99999, FailureClass.ACCOUNT, id="forbidden-with-an-unlisted-code"),
        pytest.param(403, 60410, FailureClass.FRAUD, id="a-listed-code-outranks-403"),
        pytest.param(400, 21610, FailureClass.OPTED_OUT, id="opted-out"),
        pytest.param(400, 21999, FailureClass.BUG, id="an-unlisted-code"),
        pytest.param(404, 404, FailureClass.BUG, id="not-found-without-a-body"),
        pytest.param(409, 20409, FailureClass.DEFER, id="a-flow-is-running"),
    ],
)
def test_a_refused_create_is_classified_by_code_then_status(status: int, code: int, failure: FailureClass) -> None:
    found = codes.classify_create(status, code)
    assert (found.failure, found.code) == (failure, code)


def test_an_unlisted_refusal_raises_an_alert() -> None:
    assert codes.classify_create(400, 21999).alert


@pytest.mark.parametrize("code", [None, 39999, 64000])
def test_an_unlisted_callback_is_tried_once_more(code: int | None) -> None:
    found = codes.classify_callback(code, "undelivered")
    assert (found.failure, found.retries, found.code) == (FailureClass.UNLISTED, 1, code or 0)


def test_an_internal_error_that_is_reported_as_a_failure_is_no_unknown_outcome() -> None:
    assert codes.classify_callback(20500, "failed").failure is FailureClass.RETRY


@pytest.mark.parametrize("status", ["busy", "no-answer"])
def test_a_call_nobody_took_is_tried_again_twice_after_two_minutes(status: str) -> None:
    found = codes.classify_callback(None, status, "call")
    assert (found.failure, found.retries, found.retry_after) == (FailureClass.RETRY, 2, timedelta(seconds=120))


@pytest.mark.parametrize("status", ["failed", "canceled", "cancelled"])
def test_a_call_that_could_not_be_made_goes_to_the_next_step_at_once(status: str) -> None:
    found = codes.classify_callback(None, status, "call")
    assert (found.failure, found.retries) == (FailureClass.UNREACHABLE, 0)


def test_a_listed_code_outranks_the_status_of_a_call() -> None:
    assert codes.classify_callback(13227, "busy", "call").failure is FailureClass.CONFIG


def test_an_unlisted_code_leaves_the_call_to_its_status() -> None:
    found = codes.classify_callback(39999, "busy", "call")
    assert (found.failure, found.code) == (FailureClass.RETRY, 39999)


@pytest.mark.parametrize(
    ("subject", "status", "failure"),
    [
        ("verification", "expired", FailureClass.CONTENT),
        ("verification", "max_attempts_reached", FailureClass.CONTENT),
        ("verification", "max-attempts-reached", FailureClass.CONTENT),
        ("verification", "undelivered", FailureClass.UNREACHABLE),
        ("flow", "failed", FailureClass.CONTENT),
        ("email", "bounce", FailureClass.WRONG_CHANNEL),
        ("email", "blocked", FailureClass.CONTENT),
        ("email", "spamreport", FailureClass.OPTED_OUT),
        ("message", "failed", FailureClass.UNLISTED),
    ],
)
def test_a_status_without_a_code_is_read_by_its_subject(subject: str, status: str, failure: FailureClass) -> None:
    assert codes.classify_callback(None, status, subject).failure is failure


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, FailureClass.BUG),
        (401, FailureClass.CONFIG),
        (403, FailureClass.CONFIG),
        (413, FailureClass.CONTENT),
        (422, FailureClass.BUG),
        (429, FailureClass.RETRY),
        (500, FailureClass.UNKNOWN_OUTCOME),
        (503, FailureClass.UNKNOWN_OUTCOME),
    ],
)
def test_an_e_mail_refusal_is_classified_by_status(status: int, failure: FailureClass) -> None:
    assert (codes.classify_email(status).failure, codes.classify_email(status).code) == (failure, status)


def test_a_wrong_e_mail_key_does_not_hold_back_other_channels() -> None:
    assert FailureClass.ACCOUNT not in {row.failure for row in ANSWERS.values()}


@pytest.mark.parametrize(
    ("reason", "source"),
    [
        ("Bounced Address", "bounce"),
        ("UNSUBSCRIBED ADDRESS", "unsubscribe"),
        ("Spam Reporting Address", "spam_report"),
        ("Spam Content", ""),
        ("something new", ""),
    ],
)
def test_a_dropped_e_mail_suppresses_by_its_reason(reason: str, source: str) -> None:
    assert codes.classify_drop(reason).suppress_source == source


def test_every_e_mail_suppression_is_of_the_channel() -> None:
    assert {row.suppress_scope for row in EVENTS.values() if row.suppress_source} == {"channel"}


PACKAGES = {
    PackageEffect.PROCEED: "60003 60006 60600 60601 60606 60607 60610 60612 60614 60619",
    PackageEffect.USE: "60613 60620 60621",
    PackageEffect.RETRY: "60608",
    PackageEffect.BACK_OFF: "60611 60616 60624",
    PackageEffect.STOP: "60699",
    PackageEffect.BUG: "60617 60618 60622 60623",
}
EFFECTS = {int(code): effect for effect, listed in PACKAGES.items() for code in listed.split()}


@pytest.mark.parametrize(("code", "effect"), EFFECTS.items(), ids=map(str, EFFECTS))
def test_a_package_error_has_its_effect(code: int, effect: PackageEffect) -> None:
    assert codes.lookup_package(code).effect is effect


def test_the_table_of_packages_holds_these_codes_and_no_others() -> None:
    assert set(codes.PACKAGES) == set(EFFECTS)


@pytest.mark.parametrize("code", [60601, 60606, 60614, 60619, 60699])
def test_a_package_that_is_ours_to_set_right_raises_an_alert(code: int) -> None:
    assert codes.lookup_package(code).alert


def test_a_degraded_answer_is_remembered_briefly() -> None:
    assert codes.lookup_package(60613).keep == timedelta(minutes=10)


def test_an_unlisted_package_error_costs_only_its_field_and_is_reported() -> None:
    found = codes.lookup_package(60650)
    assert (found.effect, found.alert) == (PackageEffect.PROCEED, True)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        pytest.param("2026-01-15T12:00-08:00", "2026-01-16T00:00-08:00", id="winter"),
        pytest.param("2026-07-15T23:59:59-07:00", "2026-07-16T00:00-07:00", id="a-second-before"),
        pytest.param("2026-07-16T00:00-07:00", "2026-07-17T00:00-07:00", id="at-midnight-itself"),
        pytest.param("2026-03-08T01:00-08:00", "2026-03-09T00:00-07:00", id="the-23-hour-day"),
        pytest.param("2026-11-01T00:30-07:00", "2026-11-02T00:00-08:00", id="the-25-hour-day"),
        pytest.param("2026-12-31T20:00-08:00", "2027-01-01T00:00-08:00", id="new-year"),
    ],
)
def test_the_daily_cap_ends_at_the_next_pacific_midnight(now: str, until: str) -> None:
    assert codes.defer_until(codes.row(30023), _at(now)) == _at(until)


@pytest.mark.parametrize(
    ("now", "zones", "until"),
    [
        pytest.param(
            "2026-01-15T22:00-05:00", ("America/New_York",), "2026-01-16T08:00-05:00", id="late-in-the-evening"
        ),
        pytest.param("2026-01-15T06:00-05:00", ("America/New_York",), "2026-01-15T08:00-05:00", id="early"),
        pytest.param("2026-01-15T08:00-05:00", ("America/New_York",), "2026-01-16T08:00-05:00", id="at-eight-itself"),
        pytest.param(
            "2026-03-07T22:00-05:00", ("America/New_York",), "2026-03-08T08:00-04:00", id="the-night-clocks-go-forward"
        ),
        pytest.param(
            "2026-10-31T22:00-04:00", ("America/New_York",), "2026-11-01T08:00-05:00", id="the-night-clocks-go-back"
        ),
        pytest.param(
            "2026-01-15T06:00-05:00",
            ("America/New_York", "America/Los_Angeles"),
            "2026-01-15T08:00-08:00",
            id="two-zones-wait-for-the-western",
        ),
        pytest.param(
            "2026-01-15T14:00+00:00",
            ("America/Los_Angeles", "America/New_York"),
            "2026-01-15T08:00-08:00",
            id="the-eastern-is-awake-already",
        ),
        pytest.param(
            "2026-03-28T23:00+00:00",
            ("Europe/London", "Europe/Berlin"),
            "2026-03-29T08:00+01:00",
            id="europe-in-spring",
        ),
        pytest.param("2026-01-15T22:00-05:00", (), "2026-01-16T08:00-10:00", id="no-zone-known-all-of-the-states"),
    ],
)
def test_a_quiet_hours_block_ends_when_all_zones_are_awake(now: str, zones: tuple[str, ...], until: str) -> None:
    assert codes.defer_until(codes.row(30610), _at(now), zones) == _at(until)


def test_zones_that_are_never_awake_together_wait_for_the_most() -> None:
    zones = ("America/Los_Angeles", "Europe/London", "Asia/Shanghai")
    found = codes.defer_until(codes.row(30610), _at("2026-01-15T02:00+00:00"), zones)
    assert found == _at("2026-01-15T08:00+00:00")


@pytest.mark.parametrize("hour", range(0, 24 * 7, 5))
@pytest.mark.parametrize("start", ["2026-03-05T00:30+00:00", "2026-10-28T00:30+00:00"])
def test_every_deferral_lies_ahead_and_within_two_days(start: str, hour: int) -> None:
    now = _at(start) + timedelta(hours=hour)
    for row in codes.TABLE.values():
        if row.failure is FailureClass.DEFER:
            until = codes.defer_until(row, now, ("America/New_York", "America/Los_Angeles"))
            assert now < until <= now + timedelta(days=2)


def test_a_length_is_counted_from_now_in_utc() -> None:
    now = datetime(2026, 3, 8, 1, 30, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert codes.defer_until(codes.row(63018), now) == now.astimezone(UTC) + timedelta(hours=24)


def test_a_row_that_defers_to_nothing_gives_its_least_pause() -> None:
    assert codes.defer_until(codes.row(30003), _at("2026-01-15T12:00Z")) == _at("2026-01-15T12:05Z")


def test_both_named_moments_are_in_use() -> None:
    assert {row.defer for row in codes.TABLE.values() if isinstance(row.defer, Moment)} == set(Moment)


@pytest.mark.parametrize(
    ("row", "slows"),
    [
        (codes.classify_create(429, 20429), "account"),
        (codes.classify_create(429, 429), "account"),
        (codes.classify_create(400, 21611), "sender"),
        (codes.classify_create(400, 10004), "sender"),
        (codes.classify_callback(30001, "failed"), "sender"),
        (codes.classify_callback(30022, "failed"), "sender"),
        (codes.classify_callback(63017, "failed"), "sender"),
        (codes.classify_email(429), "sender"),
        (codes.classify_create(429, 60203), None),
        (codes.classify_create(503, 20429), None),
        (codes.classify_callback(63018, "failed"), None),
        (codes.classify_callback(30017, "failed"), None),
    ],
)
def test_only_what_came_of_too_many_sends_slows_them_down(row: CodeRow, slows: str | None) -> None:
    """Not a cap of one number or one day, nor a carrier's own trouble."""
    assert row.slows == slows
