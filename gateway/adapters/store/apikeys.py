"""API keys: random secrets of which only a digest is stored, with what their holder may do.

A revoked key is refused everywhere within 5 seconds, because each process remembers a good one for so long.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.adapters.store import names, scripts
from gateway.adapters.store.apps import checked_name
from gateway.adapters.store.codec import dumps, from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.remembered import Remembered
from gateway.errors import FieldError, InvalidRequest
from gateway.ports import Clock

SCOPES = ("send", "lookup", "verify", "suppressions", "admin")
SECRET_BYTES = 32
REMEMBERED_FOR = timedelta(seconds=5)
REMEMBERED_BOUND = 1024
USE_NOTED_EVERY = timedelta(minutes=1)
_LIVE, _TEST = "gw_live_", "gw_test_"
_LONGEST = 128


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`purposes`: those it may send for, none named: all. `requests_per_second`: None: as configured for all keys."""

    id: str
    app: str
    scopes: frozenset[str]
    test: bool
    purposes: tuple[str, ...]
    requests_per_second: float | None
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None

    def expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class ApiKeys:
    """`bootstrap`: a secret that is not stored and may do everything, for the first start."""

    def __init__(self, client: Client, clock: Clock, bootstrap: str | None = None) -> None:
        self._client = client
        self._clock = clock
        self._remembered: Remembered[str, ApiKey] = Remembered(clock, REMEMBERED_FOR, REMEMBERED_BOUND)
        self._bootstrap_digest = _digest(bootstrap) if bootstrap else None
        self._bootstrap_since = clock.now()

    def create(
        self,
        app: str,
        scopes: Iterable[str],
        *,
        test: bool = False,
        purposes: Iterable[str] = (),
        requests_per_second: float | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """The key and its secret, which nobody can read again. Raises InvalidRequest."""
        key = ApiKey(
            id=f"key_{secrets.token_hex(8)}",
            app=checked_name(app),
            scopes=_checked_scopes(scopes),
            test=test,
            purposes=tuple(purposes),
            requests_per_second=requests_per_second,
            created_at=self._clock.now(),
            expires_at=expires_at,
        )
        secret = _new_secret(test)
        with store_errors():
            self._client.hset(names.API_KEYS, _digest(secret), _text(key))
        return key, secret

    def authenticate(self, secret: str) -> ApiKey | None:
        """None for an unknown, revoked or expired key. Raises StoreUnavailable, but not for the bootstrap key."""
        digest, now = _digest(secret), self._clock.now()
        if self._bootstrap_digest and hmac.compare_digest(digest, self._bootstrap_digest):
            return ApiKey("bootstrap", "default", frozenset(SCOPES), False, (), None, self._bootstrap_since)
        if not secret.startswith((_LIVE, _TEST)) or len(secret) > _LONGEST:
            return None
        key = self._remembered.get(digest) or self._read(digest, now)
        return None if key is None or key.expired(now) else key

    def _read(self, digest: str, now: datetime) -> ApiKey | None:
        pause_ms = round(USE_NOTED_EVERY.total_seconds() * 1000)
        row = scripts.run(self._client, "use_key", [names.API_KEYS, names.API_KEYS_USED], digest, to_ms(now), pause_ms)
        if row is None:
            return None
        key = _read_key(row[0], row[1])
        self._remembered.put(digest, key)
        return key

    def list(self) -> tuple[ApiKey, ...]:
        """All keys, expired ones too, oldest first."""
        keys = [_read_key(text, used) for _, text, used in self._rows()]
        return tuple(sorted(keys, key=lambda key: (key.created_at, key.id)))

    def revoke(self, key_id: str) -> bool:
        """False when there is no such key. In other processes it may be good for 5 seconds more."""
        digest = next((digest for digest, text, _ in self._rows() if _read_key(text, None).id == key_id), None)
        if digest is None:
            return False
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.hdel(names.API_KEYS, digest)
            pipe.hdel(names.API_KEYS_USED, digest)
            removed = pipe.execute()[0]
        self._remembered.forget(digest)
        return bool(removed)

    def rotate(self, key_id: str, old_valid_for: timedelta = timedelta(hours=24)) -> tuple[ApiKey, str] | None:
        """A new key that may do the same; the old one ends after a while. None when there is no such key."""
        for digest, text, _ in self._rows():
            old = _read_key(text, None)
            if old.id == key_id:
                return self._replace(digest, text, old, old_valid_for)
        return None

    def _replace(self, digest: str, text: bytes, old: ApiKey, old_valid_for: timedelta) -> tuple[ApiKey, str] | None:
        now = self._clock.now()
        ends = min(filter(None, (old.expires_at, now + old_valid_for)))
        new = replace(old, id=f"key_{secrets.token_hex(8)}", created_at=now)
        secret = _new_secret(old.test)
        ending = _text(replace(old, expires_at=ends))
        written = [digest, ending, _digest(secret), _text(new)]
        swapped = scripts.run(self._client, "swap", [names.API_KEYS], digest, text, *written)
        self._remembered.forget(digest)
        return (new, secret) if swapped else None

    def _rows(self) -> Iterable[tuple[str, bytes, bytes | None]]:
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.hgetall(names.API_KEYS)
            pipe.hgetall(names.API_KEYS_USED)
            keys, used = pipe.execute()
        return [(digest.decode(), text, used.get(digest)) for digest, text in keys.items()]


def _new_secret(test: bool) -> str:
    return (_TEST if test else _LIVE) + secrets.token_urlsafe(SECRET_BYTES)


def _digest(secret: str) -> str:
    """A plain digest is enough, because the secret is random and as long as the digest."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _checked_scopes(scopes: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(scopes)
    if not wanted or not wanted <= set(SCOPES):
        raise InvalidRequest(FieldError("scope", f"one or more of {', '.join(SCOPES)}"))
    return wanted


def _text(key: ApiKey) -> str:
    document: dict[str, Any] = {
        "id": key.id,
        "app": key.app,
        "scopes": sorted(key.scopes),
        "test": key.test,
        "purposes": list(key.purposes),
        "created_at": to_ms(key.created_at),
    }
    if key.requests_per_second is not None:
        document["requests_per_second"] = key.requests_per_second
    if key.expires_at is not None:
        document["expires_at"] = to_ms(key.expires_at)
    return dumps(document)


def _read_key(text: bytes, used_ms: bytes | None) -> ApiKey:
    document = json.loads(text)
    expires_at = document.get("expires_at")
    return ApiKey(
        id=document["id"],
        app=document["app"],
        scopes=frozenset(document["scopes"]),
        test=document["test"],
        purposes=tuple(document["purposes"]),
        requests_per_second=document.get("requests_per_second"),
        created_at=from_ms(document["created_at"]),
        expires_at=None if expires_at is None else from_ms(expires_at),
        last_used_at=None if used_ms is None else from_ms(int(used_ms)),
    )
