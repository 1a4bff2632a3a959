"""Idempotency keys: one request at a time holds a key, and the answer of an accepted one is given again for a day.

Only an accepted intent is kept, by the accept step itself; a refusal gives the key back.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.adapters.store import names, scripts
from gateway.adapters.store.connection import Client
from gateway.errors import FieldError, InvalidRequest
from gateway.ports import Claim

HEADER = "Idempotency-Key"
LEASE = timedelta(seconds=30)
ANSWER_TTL = timedelta(hours=24)
RETRY_AFTER_SECONDS = 2
"""An accept takes well under a second; only after a crash is the whole lease to be waited for."""
# Quoted: a string of RFC 9651 (structured fields), in which only the quote and the backslash are escaped.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BARE = re.compile(r"[ -~]*")
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Claimed:
    """The key is this request's own: answer it, or release the claim."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Replay:
    """The same request was accepted before; `answer` is what was kept then."""

    answer: str


@dataclass(frozen=True, slots=True)
class InProgress:
    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The key was used for another body."""


Verdict = Claimed | Replay | InProgress | Mismatch


class Idempotency:
    def __init__(
        self,
        client: Client,
        hasher: names.Hasher,
        lease: timedelta = LEASE,
        answer_ttl: timedelta = ANSWER_TTL,
    ) -> None:
        self._client = client
        self._hash = hasher
        self._lease = lease
        self.answer_ttl = answer_ttl

    def claim(self, owner: str, key_text: str, fingerprint: str, token: str) -> Verdict:
        """`owner`: whose key it is, the id of the API key. `token`: this request's own, never used before."""
        wanted = self.wanted(owner, key_text, fingerprint, token)
        return read_verdict(wanted, scripts.run(self._client, "claim", *self.call(wanted)))

    def wanted(self, owner: str, key_text: str, fingerprint: str, token: str) -> Claim:
        """The claim as it will be held, not held yet."""
        return Claim(names.claim(owner, self._hash(key_text)), token, fingerprint)

    def call(self, wanted: Claim) -> tuple[Any, ...]:
        """Keys and arguments of claim.lua."""
        return [wanted.key], wanted.token, wanted.fingerprint, round(self._lease.total_seconds() * 1000)

    def release(self, claim: Claim) -> None:
        """Give the key back after a refusal. Nothing happens when it is answered, or somebody else's by now."""
        scripts.run(self._client, "release", [claim.key], claim.token)

    def amend(self, claim: Claim, answer: str) -> bool:
        """Replace the answer that is kept; False when there is none, or it is not this claim's."""
        return bool(scripts.run(self._client, "amend", [claim.key], claim.token, answer))


def read_verdict(wanted: Claim, held: Sequence[bytes]) -> Verdict:
    """What claim.lua's answer says."""
    if not held:
        return Claimed(wanted)
    claimed_for, answer = held[0].decode(), held[1].decode()
    if claimed_for != wanted.fingerprint:
        return Mismatch()
    return Replay(answer) if answer else InProgress(RETRY_AFTER_SECONDS)


def fingerprint(body: dict[str, Any]) -> str:
    """Of a validated body: neither the order of its members counts nor how a number is spelled (1, 1.0, 1e0)."""
    canonical = json.dumps(_canonical(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _canonical(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_canonical(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def parse_key(header: str) -> str:
    """The key in the header; `"abc"` and `abc` are the same key. Raises InvalidRequest."""
    text = header.strip(" \t")
    if text.startswith('"'):
        quoted = _QUOTED.fullmatch(text)
        key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else ""
    else:
        key = text if _BARE.fullmatch(text) else ""
    if not 1 <= len(key) <= _LONGEST:
        raise InvalidRequest(FieldError(HEADER, f"must be 1 to {_LONGEST} printable ASCII characters, quoted or not"))
    return key
