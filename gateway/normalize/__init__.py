"""From what a caller typed to what a provider can be given: numbers, SIP addresses, e-mail addresses. Pure."""

from gateway.normalize.email import parse_email
from gateway.normalize.phone import PhoneNumber, parse_phone, time_zones
from gateway.normalize.sip import SipAddress

__all__ = ["PhoneNumber", "SipAddress", "parse_email", "parse_phone", "time_zones"]
