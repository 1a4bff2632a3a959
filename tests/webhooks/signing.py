"""Twilio's and SendGrid's side: requests signed by the vendor's own code, for the tests to send."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

BASE = "https://gw.example.com"
ACCOUNT_SID = "AC" + "0" * 31 + "1"
SUB_SID = "AC" + "0" * 31 + "2"
NOW = 1_790_000_000.0
FORM = "application/x-www-form-urlencoded"

PRIMARY, SECONDARY, SUBACCOUNT = "primary0token", "secondary0token", "subaccount0token"

SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())


def public_key_text(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(der).decode()


SENDGRID_PUBLIC = public_key_text(SENDGRID_KEY)


@dataclass(frozen=True)
class Post:
    """One request: `target` is path and query."""

    target: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, **changed: str | None) -> Post:
        """Underscores stand for hyphens; None takes a header away."""
        headers = dict(self.headers)
        for name, value in changed.items():
            headers.pop(name.replace("_", "-"), None)
            if value is not None:
                headers[name.replace("_", "-")] = value
        return replace(self, headers=headers)


def form_post(
    target: str,
    fields: Sequence[tuple[str, str]],
    *,
    token: str = PRIMARY,
    base: str = BASE,
    algorithm: str = "HMAC_SHA1",
) -> Post:
    """As Twilio posts a form."""
    signature = RequestValidator(token).compute_signature(base + target, MultiDict(fields), algorithm)
    body = urlencode(list(fields)).encode()
    return Post(target, body, {"Content-Type": FORM, "X-Twilio-Signature": signature})


def json_post(target: str, body: bytes, *, token: str = PRIMARY, base: str = BASE) -> Post:
    """As Twilio posts JSON: the body's hash goes into the query, the signature covers the URL."""
    target += ("&" if "?" in target else "?") + "bodySHA256=" + sha256(body).hexdigest()
    signature = RequestValidator(token).compute_signature(base + target, {})
    return Post(target, body, {"Content-Type": "application/json", "X-Twilio-Signature": signature})


def sendgrid_post(
    target: str, body: bytes, *, key: ec.EllipticCurvePrivateKey = SENDGRID_KEY, timestamp: int = int(NOW)
) -> Post:
    signature = key.sign(str(timestamp).encode() + body, ec.ECDSA(SHA256()))
    headers = {
        "Content-Type": "application/json",
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": str(timestamp),
    }
    return Post(target, body, headers)
