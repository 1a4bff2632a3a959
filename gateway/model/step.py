"""Channels, and one step on one of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    SMS = "sms"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    VERIFY = "verify"
    TOTP = "totp"
    STUDIO = "studio"
    EMAIL = "email"


PROOF_CHANNELS = frozenset({Channel.VERIFY, Channel.TOTP})


@dataclass(frozen=True, slots=True)
class Step:
    """One way to act: a channel and its variant (`verify:call`, `studio:<flow>`). `verify` alone is `verify:sms`."""

    channel: Channel
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Step:
        """Raises ValueError for a step that does not exist."""
        name, _, variant = text.partition(":")
        channel = Channel(name)
        if channel is Channel.VERIFY:
            variant = variant or "sms"
            if variant not in ("sms", "call", "email", "whatsapp"):
                raise ValueError(f"verify has no variant {variant!r}")
        elif channel is Channel.STUDIO:
            if not variant:
                raise ValueError("studio needs a flow: studio:<flow>")
        elif variant or ":" in text:
            raise ValueError(f"{name} takes no variant")
        return cls(channel, variant)

    def __str__(self) -> str:
        plain = not self.variant or (self.channel is Channel.VERIFY and self.variant == "sms")
        return self.channel.value if plain else f"{self.channel.value}:{self.variant}"

    @property
    def proves(self) -> bool:
        return self.channel in PROOF_CHANNELS
