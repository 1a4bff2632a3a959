"""A person in a URL: never the number, but a sealed token, which the console opens for eight hours."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta

from gateway.adapters.store.codec import Sealer, from_ms, to_ms
from gateway.errors import Refused, StoreUnavailable
from gateway.normalize import parse_phone
from gateway.normalize.email import parse_email
from gateway.wiring import Gateway

PLACE = "console:person"
LIFE = timedelta(hours=8)


def token_for(gateway: Gateway, address: str) -> str:
    text = f"{to_ms(gateway.clock.now())} {address}"
    sealed = Sealer(gateway.secrets.data).seal(text, PLACE)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def address_in(gateway: Gateway, token: str) -> str:
    """Raises Refused `not_found` for a token that is not ours or too old."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        made, _, address = Sealer(gateway.secrets.data).open(sealed, PLACE).partition(" ")
    except (binascii.Error, ValueError, StoreUnavailable) as err:
        raise Refused("not_found", "There is nobody here: find the person again.") from err
    if gateway.clock.now() - from_ms(int(made)) > LIFE:
        raise Refused("not_found", "This link is too old: find the person again.")
    return address


def typed_address(gateway: Gateway, text: str, country: str) -> str:
    """A number in E.164 or an e-mail address, from what an operator typed. Raises InvalidRequest."""
    text = text.strip()
    if "@" in text:
        return parse_email(text, field="to")
    default = gateway.settings.lookup.default_country_code or None
    return parse_phone(text, country.strip() or None, default_country=default).number
