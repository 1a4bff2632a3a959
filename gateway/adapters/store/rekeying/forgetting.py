"""What other keys cannot take over, because only its hash is kept: dropped and counted.

What else stands under old hashes (of numbers that no stored intent names) is never found again, and ends by its time.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.adapters.store import names
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.rekeying.change import KeyChange, batches

HASHED: Mapping[str, str] = {
    "idempotency keys, forgotten": names.claim("*", "*"),
    "caps of recipients, forgotten": names.cap("*"),
    "started verifications, forgotten": names.started("*"),
    "lookups under way, forgotten": names.flight("*"),
    "held destinations, forgotten": names.slow_place("*"),
}
FACTORS = (names.factor("*", "*"), names.factor_owner("*"))


def forget_hashed(client: Client, change: KeyChange) -> None:
    for what, pattern in HASHED.items() if change.rehashes else ():
        change.counts[what] += _dropped(client, pattern)


def forget_cached(cache: Client, change: KeyChange) -> None:
    """With another data key alone only callers' names cannot be read; a cached lookup costs its price again."""
    pattern = names.cached_lookup("*", "*" if change.rehashes else "caller_name", "*")
    change.counts["cached lookups, forgotten"] += _dropped(cache, pattern)


def count_factors(client: Client) -> int:
    """Persons with a TOTP factor: Verify knows them under a hash that cannot be made anew."""
    return sum(len(keys) for keys in batches(client, FACTORS[0]))


def forget_factors(client: Client, change: KeyChange) -> None:
    persons, _ = (_dropped(client, pattern) for pattern in FACTORS)
    change.counts["persons with a TOTP factor, forgotten"] += persons


def _dropped(client: Client, pattern: str) -> int:
    dropped = 0
    for keys in batches(client, pattern):
        with store_errors():
            dropped += client.unlink(*keys)
    return dropped
