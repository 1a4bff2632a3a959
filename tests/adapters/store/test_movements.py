"""What a change of an intent adds to the counters, and which lines it writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from gateway.adapters.store.movements import counters, tell
from gateway.model import (
    Attempt,
    AttemptStatus,
    Channel,
    Content,
    Decision,
    FailureClass,
    Intent,
    IntentStatus,
    Progress,
    Reason,
    Recipient,
    Step,
)

BEGAN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
INTENT = Intent("01M8", "shop", "notification", Recipient("+14155550100"), Content("Hello."), BEGAN)
STARTED = Attempt(1, Step(Channel.SMS), AttemptStatus.STARTED, BEGAN)
SENDING = Progress(INTENT, IntentStatus.SENDING, 2, Decision(route=(Step(Channel.SMS),)), None, attempts=(STARTED,))


def moved(status: AttemptStatus, intent: IntentStatus, **more: object) -> Progress:
    return replace(SENDING, status=intent, attempts=(replace(STARTED, status=status, **more),))


ACCEPTED = moved(AttemptStatus.ACCEPTED, IntentStatus.SENDING)


@pytest.mark.parametrize(
    ("waited_ms", "bound"), [(0, "50"), (50, "50"), (51, "100"), (1_800_000, "1800000"), (1_800_001, "more")]
)
def test_the_time_to_the_handover_falls_into_one_bucket(waited_ms: int, bound: str) -> None:
    found = counters(SENDING, ACCEPTED, BEGAN + timedelta(milliseconds=waited_ms))
    assert found == ["attempts:accepted:sms:", f"handed:{bound}", f"handed:ms={waited_ms}"]


def test_the_wait_that_was_asked_for_does_not_count() -> None:
    intent = replace(INTENT, send_at=BEGAN + timedelta(hours=1))
    now = BEGAN + timedelta(hours=1, milliseconds=40)
    assert "handed:50" in counters(replace(SENDING, intent=intent), replace(ACCEPTED, intent=intent), now)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SENDING, moved(AttemptStatus.UNKNOWN, IntentStatus.SENDING)),
        (ACCEPTED, moved(AttemptStatus.DELIVERED, IntentStatus.DELIVERED)),
        (SENDING, SENDING),
    ],
    ids=["no answer yet", "handed over before", "nothing moved"],
)
def test_only_the_first_handover_is_timed(before: Progress, after: Progress) -> None:
    assert not [name for name in counters(before, after, BEGAN) if name.startswith("handed")]


def test_a_later_attempt_is_not_timed() -> None:
    second = replace(STARTED, number=2)
    before = replace(ACCEPTED, attempts=(*ACCEPTED.attempts, second))
    after = replace(before, attempts=(*ACCEPTED.attempts, replace(second, status=AttemptStatus.ACCEPTED)))
    assert counters(before, after, BEGAN) == ["attempts:accepted:sms:"]


def test_a_handover_is_one_line() -> None:
    with capture_logs() as lines:
        tell(SENDING, ACCEPTED, BEGAN + timedelta(milliseconds=40), "9433b4b68e94a0b1")
    [line] = lines
    assert (line["event"], line["intent"], line["attempt"], line["channel"]) == ("attempt", "01M8", 1, "sms")
    assert (line["outcome"], line["failure"], line["ms"]) == ("accepted", None, 40)


def test_an_end_is_told_with_its_failure_and_without_the_number() -> None:
    failed = moved(AttemptStatus.FAILED, IntentStatus.FAILED, failure=FailureClass.INVALID, error_code=21211)
    after = replace(failed, final=True, failure=Reason("invalid", "the number does not exist"))
    with capture_logs() as lines:
        tell(SENDING, after, BEGAN + timedelta(seconds=2), "9433b4b68e94a0b1")
        tell(after, after, BEGAN, "9433b4b68e94a0b1")
    assert [line["event"] for line in lines] == ["attempt", "intent_ended"]
    assert (lines[0]["failure"], lines[0]["error"]) == ("invalid", 21211)
    assert (lines[1]["outcome"], lines[1]["failure"], lines[1]["attempts"], lines[1]["ms"]) == (
        "failed",
        "invalid",
        1,
        2000,
    )
    assert lines[1]["recipient"] == "r9433b4b68e94" and "4155550100" not in str(lines)
