"""Whom the doctor looks at: a gateway as its settings make it, and the environment it was made in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.channels.shape import Sender
from gateway.errors import Misconfigured
from gateway.model import Purpose, Step
from gateway.settings import Settings
from gateway.wiring import Gateway


@dataclass(frozen=True, slots=True)
class Patient:
    gateway: Gateway
    environ: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        return self.gateway.settings

    @property
    def lacks_credentials(self) -> str | None:
        """Why Twilio cannot be asked anything, or None."""
        try:
            self.settings.twilio.credentials()
        except Misconfigured as err:
            return str(err)
        return None

    def purposes(self) -> Iterator[tuple[Purpose, tuple[Sender, ...]]]:
        """Each purpose with those who may write for it."""
        for purpose in self.settings.policy.purposes.values():
            yield purpose, tuple(self.settings.sender(name) for name in purpose.senders)

    def steps_of(self, purpose: Purpose) -> frozenset[Step]:
        lists = (*purpose.routes.values(), purpose.default, purpose.then, purpose.undeliverable)
        return frozenset(step for steps in lists for step in steps)
