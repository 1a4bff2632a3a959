"""What a message's create answer says."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.channels import CHANNELS
from gateway.model import AttemptStatus, Channel, FailureClass
from tests.channels.situations import a_situation

SMS = CHANNELS[Channel.SMS]


@pytest.mark.parametrize(
    ("status", "read"),
    [
        ("accepted", AttemptStatus.ACCEPTED),
        ("queued", AttemptStatus.ACCEPTED),
        ("sending", AttemptStatus.ACCEPTED),
        ("sent", AttemptStatus.SENT),
        ("delivered", AttemptStatus.DELIVERED),
        ("read", AttemptStatus.DELIVERED),
        ("undelivered", AttemptStatus.FAILED),
        ("canceled", AttemptStatus.CANCELED),
        (None, AttemptStatus.ACCEPTED),
    ],
)
def test_a_status_is_read(status: str | None, read: AttemptStatus) -> None:
    assert SMS.read({"sid": "SM1", "status": status}, a_situation("sms")).status is read


def test_a_failure_keeps_its_code_for_whoever_knows_codes() -> None:
    outcome = SMS.read({"sid": "SM1", "status": "failed", "error_code": "30006"}, a_situation("sms"))
    assert (outcome.failure, outcome.error_code) == (FailureClass.UNLISTED, 30006)


@pytest.mark.parametrize(
    ("given", "segments"),
    [("0", None), ("2", 2), (3, 3), (None, None), ("", None), ("many", None), ("-1", None), ("²", None)],
)
def test_segments_are_known_or_not(given: Any, segments: int | None) -> None:
    assert SMS.read({"sid": "SM1", "num_segments": given}, a_situation("sms")).segments == segments


def test_a_price_stays_text() -> None:
    outcome = SMS.read({"sid": "SM1", "price": "-0.00790", "price_unit": "USD"}, a_situation("sms"))
    assert (outcome.price, outcome.price_unit) == ("-0.00790", "USD")
    assert SMS.read({"sid": "SM1", "price": None}, a_situation("sms")).price is None
