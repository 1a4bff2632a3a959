"""How a number or an address is shown to people and logs."""

from __future__ import annotations


def masked(number: str) -> str:
    """`+14155550100` → `+1415555****`. Addresses and SIP URIs keep their kind only."""
    if "@" in number and not number.startswith("sip:"):
        name, _, host = number.partition("@")
        return f"{name[:1]}***@{host[:1]}***"
    if number.startswith("sip:"):
        return "sip:****"
    return number[:-4] + "****" if len(number) > 8 else "****"
