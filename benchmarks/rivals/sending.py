"""What every rival's task does: one message through Twilio's SDK over the gateway's own kept connections."""

from __future__ import annotations

import os
from functools import cache

from twilio.rest import Client

from benchmarks.fake_twilio import ACCOUNT
from gateway.adapters.twilio import TwilioAccess, twilio_client

REDIS_URL = os.environ.get("REDIS_URL", "")


@cache
def client() -> Client:
    base_url = os.environ["TWILIO_API_BASE_URL"]
    return twilio_client(TwilioAccess(ACCOUNT, ACCOUNT, "0" * 32, base_url=base_url, pool_size=128))


def send(number: str) -> str | None:
    message = client().messages.create(to=number, from_="+14155550123", body="Your order has shipped.")
    sid: str | None = message.sid
    return sid
