"""E-mail addresses: the plain form that every mailbox has, its domain in ASCII and lower case. Looks nothing up.

Source: RFC 5321's lengths and dot-atom, RFC 5891 for domains. Quoted names and address literals are refused.
"""

from __future__ import annotations

import re

import idna

from gateway.errors import FieldError, InvalidRequest

_LONGEST = 254
_LONGEST_NAME = 64
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_NAME = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label of a domain is never a number; where it is, somebody wrote an IP address.
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z]){_LABEL}")


def parse_email(text: str, *, field: str = "email") -> str:
    """The address with its domain normalized; the name before the @ keeps its case. Raises InvalidRequest."""
    if len(text) > _LONGEST:
        raise _wrong(field, f"longer than {_LONGEST} characters")
    if not text.isprintable() or any(char.isspace() for char in text):
        raise _wrong(field, "contains a space or a control character")
    name, at, domain = text.rpartition("@")
    if not at:
        raise _wrong(field, "not of the form name@domain")
    if len(name) > _LONGEST_NAME:
        raise _wrong(field, f"the name before @ is longer than {_LONGEST_NAME} characters")
    if not _NAME.fullmatch(name):
        raise _wrong(field, "the name before @ holds characters that are not accepted")
    address = f"{name}@{_ascii_domain(domain, field)}"
    if len(address) > _LONGEST:
        raise _wrong(field, f"longer than {_LONGEST} characters")
    return address


def _ascii_domain(domain: str, field: str) -> str:
    try:
        ascii_domain = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise _wrong(field, "the domain after @ is not valid") from error
    if not _DOMAIN.fullmatch(ascii_domain):
        raise _wrong(field, "the domain after @ is not valid")
    return ascii_domain


def _wrong(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(FieldError(field, message))
