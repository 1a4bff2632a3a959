"""Proofs that a number is somebody's, and TOTP factors of a person; each belongs to one application alone.

Only hashes of numbers and identities are kept. Whether a proof is fresh enough is for decide to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway.adapters.store import names, scripts
from gateway.adapters.store.codec import from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.ports import Clock

PROOF_TTL = timedelta(days=30)
UNVERIFIED_TTL = timedelta(days=30)
VERIFIED = "verified"
AT = "at"


def factor_identity(hasher: names.Hasher, app: str, identity: str) -> str:
    """What Twilio sees instead of the person: the same identity in two applications is two entities there."""
    return hasher(f"{app}\n{identity}")


def read_moment(stored: bytes | None) -> datetime | None:
    return None if stored is None else from_ms(int(stored))


def read_factor(rows: Mapping[bytes, bytes]) -> str | None:
    """The SID of the newest verified factor among those stored for a person."""
    verified = [(at, sid.decode()) for sid, (status, at) in _statuses(rows) if status == VERIFIED]
    return max(verified)[1] if verified else None


def _statuses(rows: Mapping[bytes, bytes]) -> list[tuple[bytes, tuple[str, int]]]:
    return [(sid, tuple(json.loads(text))) for sid, text in rows.items()]


class Proofs:
    def __init__(self, client: Client, hasher: names.Hasher, clock: Clock, proof_ttl: timedelta = PROOF_TTL) -> None:
        self._client = client
        self._hash = hasher
        self._clock = clock
        self._proof_ttl = proof_ttl

    # ---- of a number

    def prove(self, app: str, number: str, at: datetime) -> None:
        """An earlier moment than the one stored changes nothing."""
        key, ttl_ms = names.proof(app, self._hash(number)), round(self._proof_ttl.total_seconds() * 1000)
        scripts.run(self._client, "later", [key], AT, to_ms(at), ttl_ms)

    def proved_at(self, app: str, number: str) -> datetime | None:
        with store_errors():
            return read_moment(self._client.hget(names.proof(app, self._hash(number)), AT))

    # ---- of a person

    def enrol(self, app: str, identity: str, factor_sid: str, status: str) -> bool:
        """Write a factor down. False: it is verified already and stays so. Verified fellows of it stay in force."""
        identity_hash = factor_identity(self._hash, app, identity)
        return self._write_factor(app, identity_hash, factor_sid, status, known_only=False)

    def mark(self, factor_sid: str, status: str) -> bool:
        """The same for a factor that is known by its SID alone. False: not known, or verified already."""
        owner = self._owner(factor_sid)
        return owner is not None and self._write_factor(*owner, factor_sid, status, known_only=True)

    def verified_factor(self, app: str, identity: str) -> str | None:
        """The newest."""
        with store_errors():
            return read_factor(self._client.hgetall(self._factors(app, identity)))

    def has_factor(self, app: str, identity: str, factor_sid: str) -> bool:
        """Whether this factor is this person's in this application, verified or not."""
        with store_errors():
            return bool(self._client.hexists(self._factors(app, identity), factor_sid))

    def knows(self, factor_sid: str) -> bool:
        """Whether anybody here has enrolled it."""
        return self._owner(factor_sid) is not None

    def drop(self, factor_sid: str) -> bool:
        """Forget a factor that is gone at Twilio. False: it was not known."""
        owner = self._owner(factor_sid)
        if owner is None:
            return False
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.hdel(names.factor(*owner), factor_sid)
            pipe.delete(names.factor_owner(factor_sid))
            return bool(pipe.execute()[0])

    def _factors(self, app: str, identity: str) -> str:
        return names.factor(app, factor_identity(self._hash, app, identity))

    def _owner(self, factor_sid: str) -> tuple[str, str] | None:
        """Application and hashed identity. What a SID belongs to never changes."""
        with store_errors():
            stored = self._client.get(names.factor_owner(factor_sid))
        if stored is None:
            return None
        app, _, identity_hash = stored.decode().partition("\n")
        return app, identity_hash

    def _write_factor(self, app: str, identity_hash: str, factor_sid: str, status: str, *, known_only: bool) -> bool:
        written = scripts.run(
            self._client,
            "factor",
            [names.factor(app, identity_hash), names.factor_owner(factor_sid)],
            factor_sid,
            status,
            to_ms(self._clock.now()),
            f"{app}\n{identity_hash}",
            int(known_only),
            round(UNVERIFIED_TTL.total_seconds()),
        )
        return bool(written)
