"""Verify's side that is not a send: checking codes, cancelling, and TOTP factors.

Source: Verify v2. A wrong code is an answer (`pending`), not an error; identities go into the path unescaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.adapters.twilio.clients import Clients
from gateway.adapters.twilio.errors import translated
from gateway.adapters.twilio.fetching import verification
from gateway.adapters.twilio.listing import properties

_IDENTITY = re.compile(r"[A-Za-z0-9-]{8,64}")


@dataclass(frozen=True, slots=True)
class NewFactor:
    """A factor as only its creation shows it: `uri` is what the QR code holds."""

    sid: str
    uri: str = field(repr=False)
    secret: str = field(repr=False)


class VerifyCalls(Clients):
    def check_verification(
        self, service_sid: str, *, code: str, to: str = "", sid: str = "", test: bool = False
    ) -> Mapping[str, Any]:
        """`status` is `approved` for the right code, else `pending`. Give the address or the verification's SID."""
        subject = {"verification_sid": sid} if sid else {"to": to}
        with translated():
            checks = self.client(test).verify.v2.services(service_sid).verification_checks
            return properties(checks.create(code=code, **subject))

    def read_verification(self, service_sid: str, sid: str, *, test: bool = False) -> Mapping[str, Any] | None:
        """What became of a verification, also where the answer to a check was lost; None: nothing is known."""
        with translated():
            return verification(self.client(test), service_sid, sid)

    def cancel_verification(self, service_sid: str, sid: str, *, test: bool = False) -> Mapping[str, Any]:
        with translated():
            one = self.client(test).verify.v2.services(service_sid).verifications(sid)
            return properties(one.update(status="canceled"))

    def create_factor(self, service_sid: str, identity: str, friendly_name: str, *, test: bool = False) -> NewFactor:
        """An unverified TOTP factor of this identity (which Twilio makes along the way)."""
        with translated():
            made = self._entity(service_sid, identity, test).new_factors.create(
                friendly_name=friendly_name, factor_type="totp"
            )
        binding = made.binding or {}
        return NewFactor(made.sid, binding.get("uri", ""), binding.get("secret", ""))

    def verify_factor(
        self, service_sid: str, identity: str, factor_sid: str, code: str, *, test: bool = False
    ) -> Mapping[str, Any]:
        """`status` is `verified` for the right code. Some wrong codes stay `unverified`, some are refused (60311)."""
        with translated():
            factor = self._entity(service_sid, identity, test).factors(factor_sid)
            return properties(factor.update(auth_payload=code))

    def challenge(
        self, service_sid: str, identity: str, factor_sid: str, code: str, *, test: bool = False
    ) -> Mapping[str, Any]:
        """`status` is `approved` for the right code."""
        with translated():
            challenges = self._entity(service_sid, identity, test).challenges
            return properties(challenges.create(factor_sid=factor_sid, auth_payload=code))

    def _entity(self, service_sid: str, identity: str, test: bool) -> Any:
        if not _IDENTITY.fullmatch(identity):
            raise ValueError("an identity is 8 to 64 of A-Z a-z 0-9 and -")
        return self.client(test).verify.v2.services(service_sid).entities(identity)
