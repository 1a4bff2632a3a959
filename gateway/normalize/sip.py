"""SIP addresses, which only voice can use and only towards hosts that the configuration names. Does not resolve them.

Source: Twilio's <Sip> noun; of its URI we take user, host and port, and no parameters or headers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.model import LineType
from gateway.normalize.characters import wrong

SCHEME = "sip:"

_ADDRESS = re.compile(
    r"(?P<user>[A-Za-z0-9+._-]{1,64})@"
    r"(?P<host>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
)


@dataclass(frozen=True, slots=True)
class SipAddress:
    """`sip:user@host[:port]`, the host in lower case. Of a number's properties it has none."""

    uri: str
    country: str | None = None
    known: bool = True
    offline_type: LineType | None = None
    premium: bool = False
    national_format: str | None = None

    @property
    def number(self) -> str:
        return self.uri


def is_sip(typed: str) -> bool:
    return typed[:4].lower() == SCHEME


def parse_sip(typed: str, hosts: frozenset[str], field: str) -> SipAddress:
    """Raises `invalid_number` for another charset, parameters, headers, or a host that is not among `hosts`."""
    found = _ADDRESS.fullmatch(typed[len(SCHEME) :])
    if found is None:
        raise wrong(field, "not a SIP address of the form sip:user@host[:port], without parameters and headers")
    host, port = found["host"].lower(), found["port"]
    if host not in hosts:
        raise wrong(field, "the SIP host is not among those that may be called")
    if port and int(port) > 65535:
        raise wrong(field, "the SIP port is out of range")
    return SipAddress(f"{SCHEME}{found['user']}@{host}" + (f":{port}" if port else ""))
