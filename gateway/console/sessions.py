"""Who is signed in: a signed cookie that names an admin key, for eight hours, until sign-out or the key goes.

The cookie holds no secret; each form carries a token bound to it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer

from gateway.adapters.store import names
from gateway.adapters.store.apikeys import ApiKey
from gateway.adapters.store.connection import store_errors
from gateway.wiring import Gateway

COOKIE, DOOR_COOKIE = "gateway_console", "gateway_console_door"
LIFE = timedelta(hours=8)
DOOR_LIFE = timedelta(hours=1)
BOOTSTRAP = "bootstrap"


@dataclass(frozen=True, slots=True)
class Session:
    """`key_id` is who; `app` whose key it is; `nonce` tells this sign-in from others."""

    key_id: str
    app: str
    nonce: str
    print: str


class Sessions:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._signer = URLSafeTimedSerializer(gateway.secrets.secret, salt="console.session")
        self._door = URLSafeTimedSerializer(gateway.secrets.secret, salt="console.door")

    def open(self, secret: str) -> Session | None:
        """None for an unknown key and for one that may not."""
        key = self._gateway.keys.authenticate(secret.strip()) if secret.strip() else None
        if key is None or not _admits(key):
            return None
        return Session(key.id, key.app, secrets.token_urlsafe(12), self._print(key))

    def written(self, session: Session) -> str:
        return str(self._signer.dumps([session.key_id, session.app, session.nonce, session.print]))

    def read(self, cookie: str | None) -> Session | None:
        """None for what is forged, old or signed out, and when the key was revoked or has expired. Reads the store."""
        if not cookie:
            return None
        try:
            session = Session(*self._signer.loads(cookie, max_age=round(LIFE.total_seconds())))
        except (BadSignature, TypeError):
            return None
        return session if self._still_good(session) else None

    def end(self, session: Session) -> None:
        """The cookie is dead from now on, wherever a copy of it may be."""
        with store_errors():
            self._gateway.client.set(_ended(session.nonce), 1, ex=LIFE)

    def token(self, session: Session) -> str:
        """What every form of this session carries."""
        return self._mac(f"form|{session.nonce}")

    def token_fits(self, session: Session, given: str) -> bool:
        return hmac.compare_digest(self.token(session).encode(), given.encode())

    def door(self) -> tuple[str, str]:
        """A cookie and the token of the sign-in form beside it, so that nobody can sign another in."""
        nonce = secrets.token_urlsafe(12)
        return str(self._door.dumps(nonce)), self._mac(f"door|{nonce}")

    def door_fits(self, cookie: str | None, given: str) -> bool:
        try:
            nonce = self._door.loads(cookie or "", max_age=round(DOOR_LIFE.total_seconds()))
        except BadSignature:
            return False
        return hmac.compare_digest(self._mac(f"door|{nonce}").encode(), given.encode())

    def _still_good(self, session: Session) -> bool:
        with store_errors():
            if self._gateway.client.exists(_ended(session.nonce)):
                return False
        key = self._key(session.key_id)
        if key is None or not _admits(key) or key.expired(self._gateway.clock.now()):
            return False
        return hmac.compare_digest(session.print.encode(), self._print(key).encode())

    def _key(self, key_id: str) -> ApiKey | None:
        bootstrap = self._gateway.settings.secrets.bootstrap_api_key
        if key_id == BOOTSTRAP:
            return self._gateway.keys.authenticate(bootstrap.get_secret_value()) if bootstrap else None
        return next((key for key in self._gateway.keys.list() if key.id == key_id), None)

    def _print(self, key: ApiKey) -> str:
        """What ties a session to the key as it is; of the bootstrap key also to its value, which has no other id."""
        bootstrap = self._gateway.settings.secrets.bootstrap_api_key
        value = bootstrap.get_secret_value() if bootstrap and key.id == BOOTSTRAP else ""
        return self._mac(f"key|{key.id}|{key.app}|{value}")

    def _mac(self, text: str) -> str:
        return hmac.new(self._gateway.secrets.secret, f"console|{text}".encode(), hashlib.sha256).hexdigest()[:32]


def _admits(key: ApiKey) -> bool:
    """What the pages show and do is real, so no test key opens them."""
    return "admin" in key.scopes and not key.test


def _ended(nonce: str) -> str:
    return f"{names.PREFIX}:console:ended:{nonce}"
