"""E-mail: one SendGrid message to one address; what its recipient does with it comes by event.

Source: SendGrid's v3 mail/send: text/plain goes before text/html, and custom_args come back flat in every event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gateway.channels.answers import MESSAGE_STATUS, created
from gateway.channels.lacks import Lack
from gateway.channels.shape import Operation, ProviderRequest, Situation
from gateway.model import Channel, Content, Facts, Intent, LineType, Outcome, Policy, Step

SUBJECT_CHARACTERS = 60

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class Email:
    channel: Channel = Channel.EMAIL

    def reaches(self, line_type: LineType) -> bool:
        """It goes to the address, whatever the line."""
        return True

    def lacks(self, step: Step, intent: Intent, facts: Facts, policy: Policy) -> Lack | None:
        if not policy.email_sender:
            return Lack.NO_SENDER
        if not intent.to.email:
            return Lack.NO_EMAIL_ADDRESS
        return None if intent.content.body or intent.content.html else Lack.NO_BODY

    def request(self, situation: Situation) -> ProviderRequest:
        intent = situation.intent
        document = {
            "personalizations": [
                {
                    "to": [{"email": intent.to.email}],
                    "custom_args": {"intent": intent.id, "attempt": str(situation.attempt)},
                }
            ],
            "from": {"email": situation.sender.email_from},
            "subject": _subject(intent.content),
            "content": _parts(intent.content),
        }
        return ProviderRequest(Operation.MAIL, document)

    def read(self, answer: Mapping[str, Any], situation: Situation) -> Outcome:
        """A 202 says no more than that SendGrid has it: the answer is empty but for the id."""
        return created(answer, MESSAGE_STATUS)


def _subject(content: Content) -> str:
    """The one given, else the beginning of the text's first line; never empty, which SendGrid refuses."""
    if content.subject and (given := _one_line(content.subject)):
        return given
    lines = (content.body or "").strip().splitlines() or [""]
    return _one_line(lines[0])[:SUBJECT_CHARACTERS].rstrip() or "Message"


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _parts(content: Content) -> list[dict[str, str]]:
    given = (("text/plain", content.body), ("text/html", content.html))
    return [{"type": mime, "value": value} for mime, value in given if value]
