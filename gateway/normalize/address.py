"""An address that may be a number or an e-mail address, told apart by its @."""

from __future__ import annotations

from gateway.normalize.email import parse_email
from gateway.normalize.phone import parse_phone


def parse_address(typed: str, country: str | None, *, default_country: str | None = None, field: str = "to") -> str:
    """E.164, or the address as `parse_email` leaves it. Raises InvalidRequest; a SIP address is neither."""
    if "@" in typed and not typed.lower().startswith(("sip:", "sips:")):
        return parse_email(typed.strip(), field=field)
    return parse_phone(typed, country, default_country=default_country, field=field).number
