"""What a person's text comes to: who is told of it, and what is said back."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gateway.inbox import MessageReceived
from gateway.inbox.keywords import Asked, asked
from gateway.model import SuppressionEntry
from tests.inbox.house import PERSON, House

NUMBER = "+15005550006"
SHORT_CODE = "55501"
SIDS = iter(range(10**6))


def text(body: str, *, to: str = NUMBER, channel: str = "sms", opt_out_type: str | None = None) -> MessageReceived:
    return MessageReceived(f"SM{next(SIDS):032d}", channel, PERSON, to, body, opt_out_type)


@pytest.fixture
def told(house: House) -> list[tuple[str, str, str]]:
    """Application, kind, and body or keyword of what is told."""
    found: list[tuple[str, str, str]] = []

    def tell(app: str, kind: str, fields: Mapping[str, str]) -> None:
        found.append((app, kind, fields.get("body") or fields["keyword"]))

    object.__setattr__(house.gateway.desk, "tell", tell)
    return found


def test_a_whatsapp_sender_named_as_such_is_its_applications(house: House, told: list[tuple[str, str, str]]) -> None:
    house.gateway.apps.set("chat", senders=[f"whatsapp:{NUMBER}"])
    house.gateway.apps.set("texts", senders=[NUMBER])
    house.tell(text("by WhatsApp", channel="whatsapp"))
    house.tell(text("by text"))
    assert told == [("chat", "message.received", "by WhatsApp"), ("texts", "message.received", "by text")]


def test_a_yes_that_takes_back_nothing_is_an_answer_to_somebody(house: House, told: list[tuple[str, str, str]]) -> None:
    house.gateway.apps.set("shop", senders=[NUMBER])
    house.tell(text("Yes"))
    house.gateway.suppressions.add(PERSON, SuppressionEntry("all", "keyword", house.clock.now(), "x", "STOP"))
    house.tell(text("Yes"))
    assert told == [("shop", "message.received", "Yes"), ("shop", "recipient.opted_in", "START")]
    assert house.gateway.suppressions.entries(PERSON) == ()


def test_keywords_are_forwarded_to_nobody(house: House, told: list[tuple[str, str, str]]) -> None:
    house.gateway.apps.set("shop", senders=[NUMBER])
    for word in ("STOP", "START", "HELP", "info"):
        house.tell(text(word))
    house.tell(text("hm", opt_out_type="HELP"))
    assert [kind for _, kind, _ in told] == ["recipient.opted_out", "recipient.opted_in"]


@pytest.mark.parametrize("word", ["STOP", "START", "HELP"])
@pytest.mark.parametrize(
    ("to", "channel", "opt_out_type", "answers"),
    [
        (NUMBER, "sms", None, False),
        (NUMBER, "rcs", None, False),
        (SHORT_CODE, "sms", None, True),
        (NUMBER, "whatsapp", None, True),
        (SHORT_CODE, "sms", "same", False),
        (NUMBER, "whatsapp", "same", False),
    ],
)
def test_we_answer_where_twilio_has_not(
    house: House, word: str, to: str, channel: str, opt_out_type: str | None, answers: bool
) -> None:
    reply = house.tell(text(word, to=to, channel=channel, opt_out_type=word if opt_out_type else None))
    assert bool(reply.say) is answers


STOPS = (
    "Please stop texting me", "unsubscribe please", "stop now", "STOP-ALL", "Stop messaging me!", "don't text me",
    "Do not contact me", "leave me alone", "pls stop", "stop calling me, thanks",
)  # fmt: skip
NO_STOPS = ("stop by tomorrow", "please", "now", "don't end it", "cancel my order 5", "thanks", "text me", "no")


@pytest.mark.parametrize("words", STOPS)
def test_a_plain_wish_to_be_left_alone_is_a_stop(words: str) -> None:
    assert asked(words) is Asked.STOP


@pytest.mark.parametrize("words", NO_STOPS)
def test_other_words_are_none(words: str) -> None:
    assert asked(words) is None
