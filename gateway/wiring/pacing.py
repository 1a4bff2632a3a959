"""Which buckets a send takes from, and which one is slowed down: the sender's own and, at Twilio, the account's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import structlog

from gateway.adapters.store.pacing import Paced, Pacing
from gateway.settings import Pace

ACCOUNT = Paced("account")
"""Of the calls that one Twilio account may make at once nobody is told; it is slowed down when it was too many."""
KINDS: Mapping[str, str] = {"voice": "calls", "sms": "messages", "whatsapp": "messages", "email": "mails"}
NOT_THE_ACCOUNTS = frozenset({"email"})

log = structlog.get_logger("gateway.pacing")


class SendPacing:
    """`paces`: of the configured senders. Any other is a test's, and not paced."""

    def __init__(self, pacing: Pacing, paces: Mapping[str, Pace]) -> None:
        self._pacing = pacing
        self._paces = paces

    def take(self, sender: str, channel: str, *, urgent: bool, fresh: bool) -> timedelta:
        """Zero when a send may go now, else how long to wait. Raises StoreUnavailable."""
        if sender not in self._paces:
            return timedelta(0)
        wanted = (self._own(sender, channel), None if channel in NOT_THE_ACCOUNTS else ACCOUNT)
        return self._pacing.take([bucket for bucket in wanted if bucket is not None], patient=not urgent, fresh=fresh)

    def slow(self, sender: str, channel: str, *, account: bool, pause: timedelta) -> None:
        """The provider was too busy for a send: the sender's own, or all of the account's. Raises StoreUnavailable."""
        bucket = ACCOUNT if account and channel not in NOT_THE_ACCOUNTS else self._own(sender, channel)
        if bucket is None:
            return
        per_second = self._pacing.slow(bucket, pause)
        if per_second is not None:
            log.warning(
                "pace_slowed", bucket=bucket.name, per_second=per_second, pause_seconds=round(pause.total_seconds(), 1)
            )

    def slowed(self) -> Mapping[str, float]:
        """The sends per second of all buckets that are slowed down now. Raises StoreUnavailable."""
        own = [self._own(sender, channel) for sender in self._paces for channel in KINDS]
        return self._pacing.slowed([ACCOUNT, *dict.fromkeys(bucket for bucket in own if bucket is not None)])

    def _own(self, sender: str, channel: str) -> Paced | None:
        """None: Verify and Studio write as themselves."""
        kind, pace = KINDS.get(channel), self._paces.get(sender)
        if kind is None or pace is None:
            return None
        rates = {"calls": pace.calls_per_second, "messages": pace.messages_per_second}
        return Paced(f"{kind}:{sender}", rates.get(kind, 0.0))
