"""What has ended is kept whole for a while, then as a summary without its content, then not at all."""

from __future__ import annotations

from datetime import timedelta

from gateway.wiring.gateway import Gateway

BATCH = 200


class Keeping:
    def __init__(self, gateway: Gateway) -> None:
        section = gateway.settings.retention
        self._clock = gateway.clock
        self._ended = gateway.retention
        self._whole_for = timedelta(seconds=section.summary_after_seconds)
        self._kept_for = timedelta(seconds=section.delete_after_seconds)

    def once(self) -> int:
        """One batch of each; gives how many intents were cut or deleted. Raises StoreUnavailable."""
        now = self._clock.now()
        deleted = self._ended.delete(now - self._kept_for, BATCH)
        return deleted + self._ended.summarize(now - self._whole_for, BATCH)
