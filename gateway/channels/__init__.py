"""One pure file per channel, all of one shape, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.channels.email import Email
from gateway.channels.shape import ChannelShape
from gateway.channels.sms import Sms
from gateway.channels.studio import Studio
from gateway.channels.totp import Totp
from gateway.channels.verify import Verify
from gateway.channels.voice import Voice
from gateway.channels.whatsapp import WhatsApp
from gateway.model import Channel

_ALL: tuple[ChannelShape, ...] = (Sms(), WhatsApp(), Voice(), Verify(), Totp(), Studio(), Email())

CHANNELS: Mapping[Channel, ChannelShape] = MappingProxyType({shape.channel: shape for shape in _ALL})

__all__ = ["CHANNELS"]
