"""E-mail: the document SendGrid gets."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.channels import CHANNELS
from gateway.channels.lacks import Lack
from gateway.channels.shape import Operation
from gateway.model import AttemptStatus, Channel, Content, Policy, Recipient, Step
from tests.channels.situations import ADDRESS, NUMBER, a_policy, a_situation, an_intent, some_facts

EMAIL = CHANNELS[Channel.EMAIL]


def mail(content: Content) -> Any:
    return EMAIL.request(a_situation("email", intent=an_intent(content=content))).params


def test_a_mail_carries_its_intent_and_attempt_as_text() -> None:
    request = EMAIL.request(a_situation("email"))
    assert request.operation is Operation.MAIL
    assert request.params == {
        "personalizations": [{"to": [{"email": ADDRESS}], "custom_args": {"intent": "intent-1", "attempt": "2"}}],
        "from": {"email": "no-reply@gw.example.com"},
        "subject": "Your parcel is here.",
        "content": [{"type": "text/plain", "value": "Your parcel is here."}],
    }


def test_plain_text_goes_before_html() -> None:
    parts = mail(Content("plain", html="<p>rich</p>"))["content"]
    assert [part["type"] for part in parts] == ["text/plain", "text/html"]


def test_html_may_stand_alone() -> None:
    assert mail(Content(html="<p>rich</p>"))["content"] == [{"type": "text/html", "value": "<p>rich</p>"}]


@pytest.mark.parametrize(
    ("content", "subject"),
    [
        (Content("text", subject="Given"), "Given"),
        (Content("text", subject="Two\r\nBcc: eve@example.com"), "Two Bcc: eve@example.com"),
        (Content("text", subject="\n\t "), "text"),
        (Content("\n\n  First line  \nsecond"), "First line"),
        (Content("word " * 30), ("word " * 12).strip()),
        (Content("\x07"), "Message"),
        (Content(html="<p>rich</p>"), "Message"),
    ],
    ids=["given", "one_line", "blank", "first_line", "sixty_characters", "unprintable", "html_alone"],
)
def test_a_mail_has_a_subject_of_one_line(content: Content, subject: str) -> None:
    assert mail(content)["subject"] == subject


@pytest.mark.parametrize(
    ("intent", "policy", "lack"),
    [
        (an_intent(to=Recipient(NUMBER)), a_policy(), Lack.NO_EMAIL_ADDRESS),
        (an_intent(), a_policy(email_sender=False), Lack.NO_SENDER),
        (an_intent(content=Content(html="<p>rich</p>")), a_policy(), None),
    ],
    ids=["no_address", "no_sender", "html_is_enough"],
)
def test_what_a_mail_needs(intent: Any, policy: Policy, lack: Lack | None) -> None:
    assert EMAIL.lacks(Step.parse("email"), intent, some_facts(), policy) is lack


def test_taken_is_not_delivered() -> None:
    outcome = EMAIL.read({"sid": "message-id"}, a_situation("email"))
    assert (outcome.status, outcome.provider_sid) == (AttemptStatus.ACCEPTED, "message-id")
