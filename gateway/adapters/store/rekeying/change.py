"""From one pair of keys to another: what was sealed or hashed with the one is sealed or hashed with the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.names import Hasher
from gateway.errors import StoreUnavailable

BATCH = 200
SCAN_COUNT = 1000


@dataclass(frozen=True, slots=True)
class KeySet:
    hash: Hasher
    sealer: Sealer


@dataclass(frozen=True, slots=True)
class KeyChange:
    """`rehashes`: the hash key changes too. `counts`: what was moved, forgotten or could not be read."""

    old: KeySet
    new: KeySet
    rehashes: bool
    counts: Counter[str] = field(default_factory=Counter)

    def opened(self, sealed: bytes, about: str) -> tuple[str | None, bool]:
        """The text, and whether the new key opens it already. None: neither does, and nothing can be done for it."""
        for keys in (self.new, self.old) if sealed else ():
            try:
                return keys.sealer.open(sealed, about), keys is self.new
            except StoreUnavailable:
                continue
        return None, False

    def resealed(self, sealed: bytes, about: str, what: str) -> bytes | None:
        """Counted as `what`; None where nothing is to be written."""
        text, is_new = self.opened(sealed, about)
        if text is None:
            self.counts[f"unreadable {what}, left as they are"] += 1
        if text is None or is_new:
            return None
        self.counts[what] += 1
        return self.new.sealer.seal(text, about)


def batches(client: Client, pattern: str) -> Iterator[list[str]]:
    """The names of keys; one that is there all the while comes at least once, and maybe more often."""
    cursor = 0
    while True:
        with store_errors():
            cursor, found = client.scan(cursor, match=pattern, count=SCAN_COUNT)
        keys = list(dict.fromkeys(key.decode() for key in found))
        yield from (keys[n : n + BATCH] for n in range(0, len(keys), BATCH))
        if cursor == 0:
            return
