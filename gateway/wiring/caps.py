"""Caps on one recipient and on one range of numbers: the last defence against loops and traffic pumping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NoReturn

from gateway.adapters.store.apikeys import ApiKey
from gateway.adapters.store.limits import Bucket, Cap, CapReached, Limits
from gateway.errors import Refused
from gateway.model import Intent
from gateway.settings.sections import LimitsSection

HOUR = timedelta(hours=1)


class RequestLimits:
    """The limit of requests per API key, with a burst of as much again."""

    def __init__(self, limits: Limits, section: LimitsSection) -> None:
        self._limits = limits
        self._section = section

    def bucket(self, key: ApiKey) -> Bucket | None:
        """None: this key is not limited."""
        per_second = key.requests_per_second or self._section.requests_per_second
        return Bucket(f"key:{key.id}", per_second, max(1, round(2 * per_second))) if per_second else None

    def take(self, key: ApiKey) -> None:
        """Raises Refused when the key's limit is used up."""
        bucket = self.bucket(key)
        if bucket is not None:
            self.judge(bucket, self._limits.take([bucket]))

    def judge(self, bucket: Bucket | None, wait: timedelta) -> None:
        if bucket is not None and wait > timedelta(0):
            raise Refused(
                "rate_limited",
                f"More than {bucket.per_second:g} requests per second.",
                retry_after_seconds=max(1, round(wait.total_seconds())),
            )


class Caps:
    def __init__(self, limits: Limits, section: LimitsSection, hashed: Callable[[str], str]) -> None:
        self._limits = limits
        self._section = section
        self._hash = hashed

    def take(self, intent: Intent) -> None:
        """Count the intent, or raise Refused and count nothing."""
        reached = self._limits.count_up(self.of(intent))
        if reached is not None:
            self.refuse(reached)

    def look(self, intent: Intent) -> None:
        """As `take`, but nothing is counted."""
        reached = self._limits.reached(self.of(intent))
        if reached is not None:
            self.refuse(reached)

    def refuse(self, reached: CapReached) -> NoReturn:
        """Raises Refused for a cap that is reached."""
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
        self._limits.give_back(self.of(intent))

    def of(self, intent: Intent) -> Sequence[Cap]:
        section, number = self._section, intent.to.number
        whose = f"test {number}" if intent.test else number
        said = intent.content.body or intent.flow or intent.purpose
        prefix = number[: section.prefix_digits + 1]
        return (
            Cap(f"any:{self._hash(whose)}", section.recipient_per_hour, HOUR),
            Cap(f"same:{self._hash(whose + chr(10) + said)}", section.recipient_same_body_per_hour, HOUR),
            Cap(f"range:{self._hash(f'test {prefix}' if intent.test else prefix)}", section.prefix_per_hour, HOUR),
        )
