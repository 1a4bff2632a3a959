"""The secrets a webhook may be signed with, and which of them come into question for one request.

Source: Twilio signs with the primary token of the account that owns the resource (the secondary after its promotion),
or with a shared key that the request names; SendGrid with a key pair of its own for each webhook.
"""

from __future__ import annotations

import hmac
import re
from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from webhooks.forms import Pairs

# Twilio's names of the algorithms → ours.
ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}

_ACCOUNT_SID = re.compile(rb"AC[0-9a-fA-F]{32}")
_SEARCHED = 65_536  # of a JSON body, for the account it speaks of
SANDBOX = "sandbox"
_LABELS = ("primary", "secondary")


class Key(NamedTuple):
    """One secret to try. `label`, for metrics: `primary`, `secondary`, `token_3`, `subaccount` or a shared key's id."""

    label: str
    secret: bytes
    algorithm: str

    def fits(self, url: str, ending: bytes, signature: bytes) -> bool:
        """Whether `signature` (Base64) is that of the URL followed by `ending`, in constant time."""
        mac = hmac.digest(self.secret, url.encode("utf-8", "replace") + ending, self.algorithm)
        return hmac.compare_digest(b2a_base64(mac, newline=False), signature)


@dataclass(frozen=True)
class Keys:
    """All that may admit a webhook; nothing of it is ever shown.

    `tokens`: the account's auth tokens, primary first. `subaccounts`: account SID → its tokens. `shared`: key id →
    (secret, `HMAC_SHA1` or `HMAC_SHA256`). `sendgrid`: Base64 DER public keys. Raises ValueError for an empty secret
    (anyone could sign with it) and an unknown algorithm. `sandbox`, `sandbox_sendgrid`: as `tokens` and `sendgrid`, for
    what concerns test intents alone; the label of these keys is `sandbox`.
    """

    tokens: tuple[str, ...] = field(default=(), repr=False)
    subaccounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    shared: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    sendgrid: tuple[str, ...] = field(default=(), repr=False)
    sandbox: tuple[str, ...] = field(default=(), repr=False)
    sandbox_sendgrid: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        every = [
            *self.tokens,
            *(secret for secret, _ in self.shared.values()),
            *self.sendgrid,
            *self.sandbox,
            *self.sandbox_sendgrid,
        ]
        every += [token for tokens in self.subaccounts.values() for token in tokens]
        if not all(every):
            raise ValueError("an empty signing key was configured: leave it out instead")
        for key_id, (_, algorithm) in self.shared.items():
            if algorithm not in ALGORITHMS:
                raise ValueError(f"shared key {key_id}: algorithm {algorithm!r} is none of {', '.join(ALGORITHMS)}")

    def for_request(self, settings: str | None, form: Pairs | None, body: bytes) -> tuple[Key, ...]:
        """The keys to try. `settings` is the header that names a shared key; then only that one comes into question."""
        if settings:
            return self._shared_key(settings)
        return (*self._of_subaccount(form, body), *self._own, *self._subaccounts) if self.subaccounts else self._own

    @cached_property
    def _subaccounts(self) -> tuple[Key, ...]:
        """A flow's request and some events do not say whose they are, so each configured token may fit."""
        return tuple(_of_sub(token) for tokens in self.subaccounts.values() for token in tokens)

    @cached_property
    def _own(self) -> tuple[Key, ...]:
        labels = (*_LABELS, *(f"token_{n}" for n in range(3, len(self.tokens) + 1)))
        named = (*zip(labels, self.tokens, strict=False), *((SANDBOX, token) for token in self.sandbox))
        return tuple(Key(label, token.encode(), "sha1") for label, token in named)

    def _of_subaccount(self, form: Pairs | None, body: bytes) -> tuple[Key, ...]:
        """Those to try first. JSON is searched for the account, not parsed: nothing is proved yet."""
        if form is not None:
            sid = next((value for name, value in form if name == "AccountSid"), "")
        else:
            found = _ACCOUNT_SID.search(body, 0, _SEARCHED)
            sid = found[0].decode() if found else ""
        return tuple(_of_sub(token) for token in self.subaccounts.get(sid, ()))

    def _shared_key(self, settings: str) -> tuple[Key, ...]:
        """The configured algorithm holds: a header that names another, or none, does not lower it."""
        named = dict(part.strip().partition("=")[::2] for part in settings.split(",", 8)[:8])
        key_id = named.get("key", "")
        secret, algorithm = self.shared.get(key_id, ("", ""))
        if not secret or named.get("algorithm", "HMAC_SHA1") != algorithm:
            return ()
        return (Key(key_id, secret.encode(), ALGORITHMS[algorithm]),)


def _of_sub(token: str) -> Key:
    return Key("subaccount", token.encode(), "sha1")
