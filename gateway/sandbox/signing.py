"""Signatures as Twilio and SendGrid make them, written from their descriptions and not from their libraries.

Source: Twilio's Webhooks Security page; SendGrid's signed Event Webhook.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# An obviously artificial private key: one repeated digit.
_SENDGRID_KEY = ec.derive_private_key(int("7" * 70), ec.SECP256R1())
SANDBOX_SENDGRID_PUBLIC_KEY = base64.b64encode(
    _SENDGRID_KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()


def signed_url(url: str, drop_port: bool = False) -> str:
    """The URL that a signature covers: no fragment, no userinfo; voice over https loses its port too."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if drop_port and parts.scheme == "https" and not host.endswith("]"):
        host = host.rpartition(":")[0] or host
    return urlunsplit((parts.scheme, host, parts.path, parts.query, ""))


def form_signature(token: str, url: str, fields: Iterable[tuple[str, str]]) -> str:
    """Over the URL, then each distinct name and value, sorted, with nothing between."""
    return _signature(token, url + "".join(name + value for name, value in sorted(set(fields))))


def with_body_hash(url: str, body: bytes) -> str:
    """The URL with `bodySHA256`, which is how a JSON body is bound to its signature."""
    parts = urlsplit(url)
    digest = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    query = f"{parts.query}&{digest}" if parts.query else digest
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def url_signature(token: str, url: str) -> str:
    return _signature(token, url)


def _signature(token: str, text: str) -> str:
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def sendgrid_signature(timestamp: str, body: bytes) -> str:
    """ECDSA over P-256 and SHA-256 of timestamp and raw body, DER in Base64."""
    return base64.b64encode(_SENDGRID_KEY.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
