"""An application with nothing but the webhooks, and a door that remembers."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Flask
from werkzeug.test import TestResponse

from gateway.inbox import Event, Reply, Unavailable
from tests.webhooks.signing import BASE, NOW, PRIMARY, SECONDARY, SENDGRID_PUBLIC, SUB_SID, SUBACCOUNT, Post
from webhooks.blueprint import create_blueprint
from webhooks.guard import Receipt
from webhooks.keys import Keys

KEYS = Keys(
    tokens=(PRIMARY, SECONDARY),
    subaccounts={SUB_SID: (SUBACCOUNT,)},
    shared={"webhooks_sharedkey_1": ("shared0secret", "HMAC_SHA256")},
    sendgrid=(SENDGRID_PUBLIC,),
)
GOOD_TOKEN = ("01JABC", 1, "good-token")


@dataclass
class Door:
    """Stands for the inbox: keeps what came in, answers what it was told to."""

    events: list[Event] = field(default_factory=list)
    reply: Reply = field(default_factory=lambda: Reply("applied"))
    unavailable_from: int | None = None  # that event by count, and all after it

    def receive(self, event: Event) -> Reply:
        if self.unavailable_from is not None and len(self.events) + 1 >= self.unavailable_from:
            raise Unavailable
        self.events.append(event)
        return self.reply


@dataclass
class World:
    app: Flask
    door: Door = field(default_factory=Door)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    received: list[Receipt] = field(default_factory=list)

    def send(
        self, post: Post, *, target: str | None = None, method: str = "POST", host: str = "localhost"
    ) -> TestResponse:
        return self.app.test_client().open(
            target or post.target, method=method, data=post.body, headers=dict(post.headers), base_url=f"http://{host}"
        )


def world_of(keys: Keys = KEYS, base: str = BASE, max_body: int = 1_048_576) -> World:
    app = Flask("webhooks-under-test")
    app.testing = True  # an exception fails the test instead of becoming a 500
    world = World(app)

    def studio_token_ok(intent: str, attempt: int, token: str) -> bool:
        assert intent and attempt > 0 and token, "asked for something that no token was made for"
        return (intent, attempt, token) == GOOD_TOKEN

    app.register_blueprint(
        create_blueprint(
            lambda event: world.door.receive(event),
            keys,
            base,
            studio_token_ok=studio_token_ok,
            on_rejected=lambda source, cause: world.rejected.append((source, cause)),
            on_received=world.received.append,
            max_body=max_body,
            now=lambda: NOW,
        )
    )
    return world
