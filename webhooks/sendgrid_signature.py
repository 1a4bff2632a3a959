"""Judge whether SendGrid signed an Event Webhook: ECDSA P-256 with SHA-256 over the timestamp and the raw body.

Source: SendGrid's Event Webhook security features page. The body counts byte for byte, its last CR LF included.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from webhooks.signature import Verdict

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_MAX_SIGNATURE = 128  # characters; the longest P-256 signature has 96
_ALGORITHM = ec.ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class Window:
    """How far the timestamp may lie from now. SendGrid retries for 24 h, maybe without signing anew."""

    back: timedelta = timedelta(hours=25)
    ahead: timedelta = timedelta(minutes=10)

    def holds(self, timestamp: int, now: float) -> bool:
        return -self.ahead.total_seconds() <= now - timestamp <= self.back.total_seconds()


def load_key(text: str) -> ec.EllipticCurvePublicKey:
    """From Base64 DER as SendGrid shows it. Raises ValueError for anything else."""
    try:
        key = load_der_public_key(b64decode("".join(text.split()), validate=True))
    except (NotBase64, ValueError, UnsupportedAlgorithm) as err:
        raise ValueError("a SendGrid webhook key is no Base64 DER public key") from err
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("a SendGrid webhook key is not on the curve P-256")
    return key


def judge_sendgrid(
    body: bytes,
    signature: str,
    timestamp: str,
    keys: tuple[ec.EllipticCurvePublicKey, ...],
    *,
    now: float,
    window: Window,
) -> Verdict:
    """Never raises. Without a configured key nothing is admitted."""
    if not signature or not timestamp:
        return Verdict(False, "missing")
    der = _decoded(signature)
    if der is None or not _TIMESTAMP.fullmatch(timestamp):
        return Verdict(False, "malformed")
    if not window.holds(int(timestamp), now):
        return Verdict(False, "stale")
    signed = timestamp.encode() + body
    for number, key in enumerate(keys, 1):
        try:
            key.verify(der, signed, _ALGORITHM)
        except InvalidSignature:
            continue
        return Verdict(True, None, f"sendgrid_{number}")
    return Verdict(False, "unknown_token")


def _decoded(signature: str) -> bytes | None:
    if len(signature) > _MAX_SIGNATURE:
        return None
    try:
        return b64decode(signature.encode("utf-8", "replace"), validate=True)
    except NotBase64:
        return None
