"""A personal text inside a JSON value: sealed, and written in base64 because sealed bytes are no JSON."""

from __future__ import annotations

from base64 import b64decode, b64encode

from gateway.adapters.store.codec import Sealer


def seal_text(sealer: Sealer, text: str, about: str) -> str:
    return b64encode(sealer.seal(text, about)).decode()


def open_text(sealer: Sealer, sealed: str, about: str) -> str:
    """Raises StoreUnavailable when the text was sealed with another key, or for another place."""
    return sealer.open(b64decode(sealed), about)
