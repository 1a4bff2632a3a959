"""All that the state knows of a recipient, read in one round trip. It writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.adapters.store import names, scripts
from gateway.adapters.store.connection import Client
from gateway.adapters.store.learned import read_holds, read_line_type, read_origins, read_windows
from gateway.adapters.store.proofs import AT, factor_identity, read_factor, read_moment
from gateway.adapters.store.suppressions import read_entries
from gateway.ports import Known

_NOBODY = ""


def read_known(
    client: Client,
    hasher: names.Hasher,
    now: datetime,
    *,
    app: str,
    number: str,
    email: str | None,
    identity: str | None,
) -> Known:
    """See ports.Known. Holds and windows that are over at `now` are left out. Raises StoreUnavailable."""
    keys, *fields = known_call(hasher, app=app, number=number, email=email, identity=identity)
    return known_answer(scripts.run(client, "known", keys, *fields), now)


def known_call(
    hasher: names.Hasher, *, app: str, number: str, email: str | None, identity: str | None
) -> tuple[Any, ...]:
    """Keys and arguments of known.lua, to be a part of a larger round trip."""
    number_hash = hasher(number)
    number_bucket, number_field, _ = names.suppression_bucket(number_hash)
    email_bucket, email_field, _ = names.suppression_bucket(hasher.address(email or _NOBODY))
    keys = [
        number_bucket,
        email_bucket,
        names.learned(number_hash),
        names.proof(app, number_hash),
        names.factor(app, factor_identity(hasher, app, identity or _NOBODY)),
        names.window(number_hash),
    ]
    return keys, number_field, email_field, AT


def known_answer(answer: Sequence[Any], now: datetime) -> Known:
    entries, email_entries, learned, proved, factors, windows = answer
    taught = _pairs(learned)
    return Known(
        suppressions=read_entries(entries),
        email_suppressions=read_entries(email_entries),
        learned_line_type=read_line_type(taught, now),
        proved_at=read_moment(proved),
        factor_sid=read_factor(_pairs(factors)),
        whatsapp_windows=read_windows(_pairs(windows), now),
        held_channels=read_holds(taught, now),
        origins=read_origins(taught, now),
    )


def _pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    """A hash as a script answers it: names and values in turn."""
    return dict(zip(flat[::2], flat[1::2], strict=True))
