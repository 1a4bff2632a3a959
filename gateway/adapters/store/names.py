"""The names of all keys in Redis, in one place. No name holds a number, an address or a secret: keyed hashes only."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from functools import lru_cache

PREFIX = "gw"
IDENTITY = f"{PREFIX}:identity"
OPEN_NAMES = f"{PREFIX}:open"
ENDED = f"{PREFIX}:ended"
BILLING = "bulk|~billing"
"""Where ended intents wait for their price: swept like open ones, and not counted among them."""
SUMMARIES = f"{PREFIX}:summaries"
COUNTS = f"{PREFIX}:counts"
TALLY = f"{PREFIX}:tally"
CONFIRMED = f"{PREFIX}:confirmed"
BUCKETS = f"{PREFIX}:suppression:buckets"
SUPPRESSION_AUDIT = f"{PREFIX}:suppression:audit"
SUPPRESSION_COUNT = f"{PREFIX}:suppression:count"
LOOKUP_AUDIT = f"{PREFIX}:lookup:audit"
API_KEYS = f"{PREFIX}:keys"
API_KEYS_USED = f"{PREFIX}:keys:used"
APPS = f"{PREFIX}:apps"
EVENTS_DUE = f"{PREFIX}:events:due"
INBOUND_WANTED = f"{PREFIX}:inbound:wanted"
INBOUND_HOLD = f"{PREFIX}:inbound:hold"
INBOUND_CAUGHT = f"{PREFIX}:inbound:caught"

HASHES_REMEMBERED = 256
_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9._=-]{1,96}")


class Hasher:
    """Keyed hashes of numbers, addresses and contents: the same text always the same name, not to be undone."""

    def __init__(self, key: bytes) -> None:
        self._key = key[:64]
        # One request asks for the same number's name a dozen times.
        self._lately = lru_cache(maxsize=HASHES_REMEMBERED)(self._hashed)

    def __call__(self, text: str) -> str:
        return self._lately(text)

    def _hashed(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), digest_size=16, key=self._key).hexdigest()

    def address(self, text: str) -> str:
        """Of whom somebody may not write to: an e-mail address is the same in capitals."""
        return self(text.casefold() if "@" in text and not text.startswith("sip:") else text)


def intent(intent_id: str) -> str:
    return f"{PREFIX}:intent:{intent_id}"


def timeline(intent_id: str) -> str:
    return f"{PREFIX}:timeline:{intent_id}"


def open_intents(name: str) -> str:
    """`name` is `<lane>|<app>`: a due list per application, scored by when somebody must look."""
    return f"{PREFIX}:open:{name}"


def by_app(app: str) -> str:
    return f"{PREFIX}:app:{app}:intents"


def by_recipient(number_hash: str) -> str:
    return f"{PREFIX}:to:{number_hash}"


def claim(app: str, key_hash: str) -> str:
    return f"{PREFIX}:claim:{app}:{key_hash}"


def sid(provider_sid: str) -> str:
    return f"{PREFIX}:sid:{_foreign(provider_sid)}"


def parked(provider_sid: str) -> str:
    return f"{PREFIX}:parked:{_foreign(provider_sid)}"


def lease(name: str) -> str:
    return f"{PREFIX}:lease:{name}"


def guard(content_hash: str) -> str:
    return f"{PREFIX}:guard:{content_hash}"


def seen(event_id: str) -> str:
    return f"{PREFIX}:seen:{_foreign(event_id)}"


def event(event_id: str) -> str:
    return f"{PREFIX}:event:{event_id}"


def slow_place(place_hash: str) -> str:
    return f"{PREFIX}:events:slow:{place_hash}"


def counts_of(day: datetime) -> str:
    return f"{PREFIX}:counts:{day:%Y%m%d}"


def suppression_bucket(address_hash: str) -> tuple[str, str, str]:
    """The bucket's key, the field in it, and the bucket's short name. 65,536 buckets keep each small."""
    return f"{PREFIX}:suppression:{address_hash[:4]}", address_hash[4:], address_hash[:4]


def proof(app: str, number_hash: str) -> str:
    return f"{PREFIX}:proof:{app}:{number_hash}"


def factor(app: str, identity_hash: str) -> str:
    return f"{PREFIX}:factor:{app}:{identity_hash}"


def window(number_hash: str) -> str:
    return f"{PREFIX}:window:{number_hash}"


def learned(number_hash: str) -> str:
    return f"{PREFIX}:learned:{number_hash}"


def last_app(number_hash: str, sender: str) -> str:
    return f"{PREFIX}:wrote:{number_hash}:{sender}"


def api_key(digest: str) -> str:
    return f"{PREFIX}:key:{digest}"


def app(name: str) -> str:
    return f"{PREFIX}:app:{name}"


def bucket_of_tokens(name: str) -> str:
    return f"{PREFIX}:rate:{name}"


def pace(name: str) -> str:
    return f"{PREFIX}:pace:{name}"


def cap(name: str) -> str:
    return f"{PREFIX}:cap:{name}"


def budget(name: str, day: date) -> str:
    return f"{PREFIX}:budget:{name}:{day:%Y%m%d}"


def ledger(day: date) -> str:
    return f"{PREFIX}:ledger:{day:%Y%m%d}"


def breaker(name: str) -> str:
    return f"{PREFIX}:breaker:{name}"


def flight(number_hash: str) -> str:
    return f"{PREFIX}:flight:{number_hash}"


def landed(token: str) -> str:
    return f"{PREFIX}:landed:{token}"


def slots(line: str) -> str:
    return f"{PREFIX}:slots:{line}"


def batch(batch_id: str, part: str) -> str:
    """`part`: order, chunks, begun, answers, done, or `at:<chunk>` while a worker is at it."""
    return f"{PREFIX}:batch:{batch_id}:{part}"


def factor_owner(factor_sid: str) -> str:
    return f"{PREFIX}:factor-of:{factor_sid}"


def waiting(verification_sid: str) -> str:
    return f"{PREFIX}:waiting:{verification_sid}"


def checking(verification_sid: str) -> str:
    return f"{PREFIX}:checking:{verification_sid}"


def started(start_hash: str) -> str:
    return f"{PREFIX}:started:{start_hash}"


def cached_lookup(number_hash: str, field: str, country: str) -> str:
    """The one name outside PREFIX: the cache may be another Redis, and its layout is a published one."""
    return f"lookup:v2:{number_hash}:{field}:{country}"


def _foreign(given: str) -> str:
    """An id that somebody else made: as it is where it looks like one, else a digest, so that no key grows or tells."""
    return given if _ID.fullmatch(given) else hashlib.sha256(given.encode("utf-8", "replace")).hexdigest()
