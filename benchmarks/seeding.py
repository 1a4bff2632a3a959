"""Intents put into a real store by the gateway's own accept, ready to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from gateway import wiring
from gateway.act import moves
from gateway.adapters.store.connection import Client
from gateway.ids import ulid
from gateway.model import Content, Decision, Intent, LineType, Lookup, LookupSource, Recipient, Step
from gateway.settings import Settings
from gateway.wiring import Gateway

SETTINGS = {
    "PUBLIC_BASE_URL": "https://gateway.example.com",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 31 + "1",
    "TWILIO_AUTH_TOKEN": "0" * 32,
    "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 31 + "1",
    "TWILIO_FROM_NUMBER": "+14155550123",
    "GATEWAY_SECRET_KEY": "a secret key for benchmarks only",
    "GATEWAY_HASH_KEY": "a hash key for benchmarks only",
    "GATEWAY_DATA_KEY": "a data key for benchmarks only",
}


def environment(redis_url: str, twilio_url: str = "http://127.0.0.1:9") -> dict[str, str]:
    return {**SETTINGS, "REDIS_URL": redis_url, "TWILIO_API_BASE_URL": twilio_url}


def gateway_of(env: Mapping[str, str], client: Client | None = None) -> Gateway:
    return wiring.build(Settings.load(environ=env), client=client)


def seed(count: int, env: Mapping[str, str], *, app: str = "bench", ring: int = 256) -> None:
    """Accept `count` intents; the first `ring` ring at once, as acceptance does, the others wait for the sweep."""
    gateway = gateway_of(env)
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(partial(accept, gateway, app=app, ring=ring), range(count)):
            pass
    gateway.client.close()


def accept(
    gateway: Gateway,
    n: int,
    *,
    app: str = "bench",
    ring: int = 0,
    purpose: str = "notification",
    after: timedelta = timedelta(0),
) -> str:
    """The `n`th intent: another number each time. It rings if it is among the first `ring`."""
    now = gateway.clock.now()
    number = f"+1{200 + n // 100 % 800}555{100 + n % 100:04}"
    lookup = Lookup(
        number,
        LookupSource.CACHE,
        now,
        valid=True,
        country="US",
        line_type=LineType.MOBILE,
        carrier="T-Mobile USA, Inc.",
    )
    intent = Intent(
        id=ulid(),
        app=app,
        purpose=purpose,
        to=Recipient(number, "US"),
        content=Content(body=f"Your order {n} has shipped and will be with you on Thursday."),
        created_at=now,
        send_at=now + after if after else None,
    )
    decision = Decision(route=(Step.parse("sms"), Step.parse("voice")))
    gateway.intents.accept(moves.accepted(intent, decision, lookup, pending=False), None, ring=n < ring)
    return intent.id
