"""Caps on one recipient and on one range of numbers: the last defence against loops and traffic pumping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from gateway.adapters.store.limits import Cap, Limits
from gateway.errors import Refused
from gateway.model import Intent
from gateway.settings.sections import LimitsSection

HOUR = timedelta(hours=1)


class Caps:
    def __init__(self, limits: Limits, section: LimitsSection, hashed: Callable[[str], str]) -> None:
        self._limits = limits
        self._section = section
        self._hash = hashed

    def take(self, intent: Intent) -> None:
        """Count the intent, or raise Refused and count nothing."""
        reached = self._limits.count_up(self._of(intent))
        if reached is None:
            return
        wait = max(1, round(reached.retry_after.total_seconds()))
        if reached.cap.name.startswith("range:"):
            raise Refused(
                "destination_rate_limited",
                "Too many messages to this range of numbers within an hour.",
                retry_after_seconds=wait,
            )
        raise Refused(
            "recipient_rate_limited", "Too many messages to this recipient within an hour.", retry_after_seconds=wait
        )

    def give_back(self, intent: Intent) -> None:
        """The intent was refused after all."""
        self._limits.give_back(self._of(intent))

    def _of(self, intent: Intent) -> Sequence[Cap]:
        section, number = self._section, intent.to.number
        said = intent.content.body or intent.flow or intent.purpose
        prefix = number[: section.prefix_digits + 1]
        return (
            Cap(f"any:{self._hash(number)}", section.recipient_per_hour, HOUR),
            Cap(f"same:{self._hash(number + chr(10) + said)}", section.recipient_same_body_per_hour, HOUR),
            Cap(f"range:{self._hash(prefix)}", section.prefix_per_hour, HOUR),
        )
