"""What is written of an intent is read again as it was, but for what decides nothing."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

from gateway.adapters.store import codec
from gateway.model import (
    Content,
    Decision,
    Facts,
    Intent,
    IntentStatus,
    LineType,
    Lookup,
    LookupSource,
    Origin,
    Progress,
    Recipient,
    Step,
    SuppressionEntry,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LOOKUP = Lookup("+14155550100", LookupSource.LEARNED, NOW, country="US", line_type=LineType.MOBILE)
INTENT = Intent("01JD4Y7Q2N8ZK3V5W6X7Y8Z9A0", "shop", "notification", Recipient("+14155550100"), Content("Hi."), NOW)
FACTS = Facts(
    as_of=NOW,
    lookup=LOOKUP,
    suppressions=(SuppressionEntry("sms", "keyword", NOW, who="recipient", why="STOP SM1"),),
    email_suppressions=(SuppressionEntry("email", "import", NOW, who="ann", why="asked"),),
    factor_sid="YF" + "1" * 32,
    proved_at=NOW - timedelta(days=1),
    whatsapp_window_until=NOW + timedelta(hours=3),
    held_channels={"voice": NOW + timedelta(minutes=5)},
    origins={"voice": Origin("30003", NOW)},
)


def _stored(facts: Facts | None, lookup: Lookup | None = LOOKUP) -> tuple[str, Progress]:
    decision = Decision(route=(Step.parse("sms"),))
    text = codec.state_text(Progress(INTENT, IntentStatus.QUEUED, 1, decision, lookup, facts=facts))
    return text, codec.read_progress(INTENT, text, 1)


def test_facts_are_read_as_they_were_without_who_wrote_an_entry_and_why() -> None:
    assert all(getattr(FACTS, f.name) for f in fields(Facts)), "a fact that is new is to be kept too"
    text, read = _stored(FACTS)
    bare = {
        name: tuple(replace(entry, who="", why="") for entry in getattr(FACTS, name))
        for name in ("suppressions", "email_suppressions")
    }
    assert read.facts == replace(FACTS, **bare)
    assert "recipient" not in text and "asked" not in text and "4155550100" not in text


def test_facts_that_say_nothing_take_next_to_no_room() -> None:
    plain = Facts(NOW, LOOKUP)
    text, read = _stored(plain)
    assert read.facts == plain
    assert len(text) - len(_stored(None)[0]) < 40


def test_an_intent_that_was_not_decided_has_no_facts() -> None:
    assert _stored(None)[1].facts is None
