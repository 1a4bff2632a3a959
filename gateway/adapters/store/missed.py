"""Whether inbound messages may have been missed, and the hold on sending until they were fetched. Fetches nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.adapters.store import names, scripts
from gateway.adapters.store.codec import from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors

HOLD = timedelta(seconds=30)
"""Sending waits no longer than this, even when Twilio cannot be asked."""


@dataclass(frozen=True, slots=True)
class Missed:
    """`wish`: names the last wish to fetch, empty when there is none. `caught`: up to when all is known to be in."""

    wish: str
    held: bool
    caught: datetime | None


class MissedInbound:
    def __init__(self, client: Client, hold: timedelta = HOLD) -> None:
        self._client = client
        self._hold = hold

    def wish(self) -> None:
        """From now on nothing is sent before inbound messages were fetched, or the hold is over."""
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.set(names.INBOUND_HOLD, 1, px=self._hold)
            pipe.set(names.INBOUND_WANTED, secrets.token_hex(8))
            pipe.execute()

    def read(self) -> Missed:
        with store_errors():
            wish, held, caught = self._client.mget(names.INBOUND_WANTED, names.INBOUND_HOLD, names.INBOUND_CAUGHT)
        return Missed(
            wish=wish.decode() if wish else "", held=held is not None, caught=from_ms(int(caught)) if caught else None
        )

    def give_up(self, wish: str) -> None:
        """Sending goes on although nothing was fetched; a newer wish keeps its hold."""
        if self.read().wish == wish:
            with store_errors():
                self._client.delete(names.INBOUND_HOLD)

    def caught(self, wish: str, up_to: datetime) -> bool:
        """All that came before `up_to` is in. False: somebody wished again meanwhile, so the hold stays."""
        keys = [names.INBOUND_WANTED, names.INBOUND_HOLD, names.INBOUND_CAUGHT]
        return bool(scripts.run(self._client, "caught", keys, wish, to_ms(up_to)))
