"""Stops the start of a process whose keys are not the store's. Where Redis is away, its connections tell later."""

from __future__ import annotations

import structlog

from gateway.adapters.store.connection import ForeignStore
from gateway.adapters.store.identity import Fingerprints, StoreIdentity, fingerprint, foreign
from gateway.errors import Misconfigured, StoreUnavailable
from gateway.keys import Keys


def fingerprints(keys: Keys) -> Fingerprints:
    return Fingerprints(fingerprint(keys.hash), fingerprint(keys.data))


def claimed(identity: StoreIdentity) -> StoreIdentity:
    """Raises Misconfigured for the store of others. Away: requests will say so, the start goes on."""
    try:
        identity.claim()
    except ForeignStore as err:
        raise Misconfigured(err.variable, err.detail) from err
    except StoreUnavailable as err:
        other = foreign(err)
        if other is not None:
            raise Misconfigured(other.variable, other.detail) from err
        structlog.get_logger("gateway").warning("store_away_at_start", detail=str(err))
    return identity
