"""Every learned fact that moves a decision is told with where it comes from and how old it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.decide import decide
from gateway.decide.origins import ago
from gateway.model import LINE_TYPE, LineType, Lookup, LookupSource, Origin
from tests.decide.policies import NOW, NUMBER, an_intent, facts, shipped_policy

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def told(code: str, known: Any) -> str:
    decision = decide(an_intent(), known, shipped_policy())
    reasons = (*decision.reasons, *((decision.refusal,) if decision.refusal else ()))
    (detail,) = [reason.detail for reason in reasons if reason.code == code]
    return detail


def looked_up(source: LookupSource, age: timedelta, line_type: LineType = LineType.LANDLINE) -> Lookup:
    return Lookup(NUMBER, source, NOW - age, valid=True, country="US", line_type=line_type)


def test_a_line_type_from_a_send_error_names_the_error() -> None:
    known = facts(lookup=looked_up(LookupSource.LEARNED, 3 * DAY), origins={LINE_TYPE: Origin("30006", NOW - 3 * DAY)})
    assert told("learned_lookup", known) == "landline: learned 3 days ago from error 30006"


@pytest.mark.parametrize("origins", [{}, {LINE_TYPE: Origin("", NOW - DAY)}], ids=["no origin", "no code"])
def test_without_a_code_its_age_is_told_all_the_same(origins: Any) -> None:
    known = facts(lookup=looked_up(LookupSource.LEARNED, DAY), origins=origins)
    assert told("learned_lookup", known) == "landline: learned 1 day ago from a send error"


def test_a_stale_lookup_tells_its_age() -> None:
    known = facts(lookup=looked_up(LookupSource.STALE, 5 * HOUR))
    assert told("stale_lookup", known) == "landline: looked up 5 hours ago, since Lookup is away"


def test_a_channel_that_did_not_reach_names_the_last_error() -> None:
    known = facts(held_channels={"sms": NOW + DAY}, origins={"sms": Origin("30003", NOW - 2 * HOUR)})
    detail = "sms passed over: the number was not reachable by it lately, learned 2 hours ago from error 30003"
    assert told("unreachable_lately", known) == detail


def test_a_fraud_block_names_its_error() -> None:
    known = facts(held_channels={"all": NOW + DAY}, origins={"all": Origin("30450", NOW - HOUR)})
    assert told("no_route", known).endswith("after a fraud block, learned 1 hour ago from error 30450")


def test_a_proof_that_spares_the_next_one_tells_its_age() -> None:
    detail = told("proved_lately", facts("fixedVoip", proved_at=NOW - 9 * DAY))
    assert detail == "fixedVoip need not prove itself: the number was proved 9 days ago by a code sent to it"


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=59), "less than a minute ago"),
        (timedelta(seconds=-3), "less than a minute ago"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=2, hours=23), "2 days ago"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(age: timedelta, said: str) -> None:
    assert ago(facts(), NOW - age) == said
