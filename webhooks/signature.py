"""Judge whether Twilio signed a request; parses nothing beyond what is signed and believes nothing the client claims.

Source: Twilio's Webhooks Security page and the published behaviour of its helper libraries. Signed is the URL; for a
form, followed by every name and value in order; for any other body the URL holds the body's SHA-256 instead.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain

from webhooks.explain import explain
from webhooks.forms import Pairs
from webhooks.keys import Key, Keys
from webhooks.public_url import PublicBase

_BODY_HASH = re.compile(r"[?&]bodySHA256=([^&]*)")
# Base64 of 20 or 32 bytes: anything else is no signature, and costs nothing.
_SHAPES = {"sha1": re.compile(r"[A-Za-z0-9+/]{27}="), "sha256": re.compile(r"[A-Za-z0-9+/]{43}=")}


@dataclass(frozen=True, slots=True)
class Claim:
    """A request before it is believed. `target` None: not readable. `form` None: the body is no form.

    `readable` False: it says that it is a form and is none. `claimed_hosts` serve the explanation of a failure only.
    """

    target: str | None
    body: bytes
    form: Pairs | None
    signature: str
    settings: str | None = None
    readable: bool = True
    claimed_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`key`: the label of the key that fitted. `cause`: what looks wrong, where none did.

    One of missing, malformed, body_hash, scheme, host, port, path, query, unknown_token, stale.
    """

    ok: bool
    cause: str | None = None
    key: str | None = None


def judge(claim: Claim, base: PublicBase, keys: Keys) -> Verdict:
    """Never raises, whatever the request holds."""
    if not claim.signature:
        return Verdict(False, "missing")
    if claim.target is None or not claim.readable:
        return Verdict(False, "malformed")
    chosen = keys.for_request(claim.settings, claim.form, claim.body)
    if not chosen:
        return Verdict(False, "unknown_token")
    if not _SHAPES[chosen[0].algorithm].fullmatch(claim.signature):
        return Verdict(False, "malformed")
    endings = _endings(claim.target, claim)
    if not endings:
        return Verdict(False, "body_hash")
    signature = claim.signature.encode()
    key = _fitting(chosen, base, claim.target, endings, signature)
    if key is not None:
        return Verdict(True, None, key.label)
    return Verdict(False, explain(claim.target, endings[0], signature, base, chosen, claim.claimed_hosts))


def _fitting(
    chosen: tuple[Key, ...], base: PublicBase, target: str, endings: tuple[bytes, ...], signature: bytes
) -> Key | None:
    for key in chosen:
        for origin in base.origins:
            for ending in endings:
                if key.fits(origin + target, ending, signature):
                    return key
    return None


def _endings(target: str, claim: Claim) -> tuple[bytes, ...]:
    """What may follow the URL in the signed text; empty where nothing vouches for the body."""
    told = _BODY_HASH.search(target) if "bodySHA256" in target else None
    hashed = told is not None and hmac.compare_digest(
        sha256(claim.body).hexdigest().encode(), told[1].encode("utf-8", "replace")
    )
    if claim.form is None:
        return (b"",) if hashed or (told is None and not claim.body) else ()
    fields = "".join(chain.from_iterable(sorted(set(claim.form)))).encode("utf-8", "replace")
    if told is None or hashed:
        return (fields, b"") if hashed and fields else (fields,)
    return (fields,) if fields else ()  # an emptied form must not pass for the body that the hash speaks of
