"""All that the state knows of a recipient, read in one round trip. It writes nothing."""

from __future__ import annotations

from datetime import datetime

from gateway.adapters.store import names
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.learned import read_holds, read_line_type, read_window
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
    number_hash = hasher(number)
    with store_errors(), client.pipeline(transaction=False) as pipe:
        pipe.hget(*names.suppression_bucket(number_hash)[:2])
        pipe.hget(*names.suppression_bucket(hasher(email or _NOBODY))[:2])
        pipe.hgetall(names.learned(number_hash))
        pipe.hget(names.proof(app, number_hash), AT)
        pipe.hgetall(names.factor(app, factor_identity(hasher, app, identity or _NOBODY)))
        pipe.hgetall(names.window(number_hash))
        entries, email_entries, learned, proved, factors, windows = pipe.execute()
    return Known(
        suppressions=read_entries(entries),
        email_suppressions=read_entries(email_entries),
        learned_line_type=read_line_type(learned, now),
        proved_at=read_moment(proved),
        factor_sid=read_factor(factors),
        whatsapp_window_until=read_window(windows, now),
        held_channels=read_holds(learned, now),
    )
