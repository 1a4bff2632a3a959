"""A digit pressed in a call; the answer is TwiML that speaks the door's words and ends the call where it says so.

Source: Twilio's <Gather> page. The call goes on with what is answered here.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response

from gateway.inbox import KeyPressed, Reply
from webhooks import twiml
from webhooks.delivery import Delivery
from webhooks.sources.shape import Parsed, Source


def parse(delivery: Delivery) -> Parsed:
    sid = delivery.required("CallSid")
    intent, attempt = delivery.intent(), delivery.attempt()
    if intent is None or attempt is None:
        return Parsed((), ("orphan",))  # a digit without an attempt means nothing; the call simply ends
    return Parsed((KeyPressed(sid, intent, attempt, (delivery.form or {}).get("Digits", "")),))


def answer(replies: Sequence[Reply]) -> Response:
    if not replies:
        return Response(twiml.speech(None, hang_up=True), mimetype=twiml.MIMETYPE)
    said = next((reply.say for reply in replies if reply.say), None)
    return Response(twiml.speech(said, hang_up=any(r.hang_up for r in replies)), mimetype=twiml.MIMETYPE)


SOURCE = Source("voice_gather", "/voice/gather", parse, answer)
