"""Changes the hash key and the data key of a whole store: shuts everybody else out, moves all, lets them in again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from gateway.act.acting import fingerprint as content_print
from gateway.adapters.store import identity, names, rekeying
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client, ForeignStore, connect
from gateway.errors import Misconfigured, StoreUnavailable
from gateway.keys import Keys, keep_renewed, load_keys, renewed
from gateway.settings import Settings
from gateway.wiring.gateway import store_url
from gateway.wiring.identity import fingerprints

TIMEOUT_SECONDS = 60.0
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rekeying:
    """`kept`: new keys were written to the file of the data directory; else the environment must give them."""

    counts: Counter[str]
    cache_away: bool = False
    done_before: bool = False
    kept: bool = False


def rekey(settings: Settings, *, force: bool, forget_factors: bool, tell: Tell = lambda _: None) -> Rekeying:
    """Can be cut off at any point and called again. Raises Misconfigured, StoreUnavailable."""
    old = load_keys(settings)
    new = renewed(settings, old)
    if new == old:
        raise Misconfigured("GATEWAY_NEW_HASH_KEY", "or GATEWAY_NEW_DATA_KEY must be set, to something new")
    client = connect(store_url(settings), timeout_seconds=TIMEOUT_SECONDS, pool_size=2)
    rehashes = new.hash != old.hash
    _check(client, rehashes=rehashes, force=force, forget_factors=forget_factors)
    try:
        begun = identity.begin_rekey(client, fingerprints(old), fingerprints(new))
    except ForeignStore as err:
        raise Misconfigured(err.variable, err.detail) from err
    if not begun:
        return Rekeying(Counter(), done_before=True, kept=keep_renewed(settings))
    identity.cut_off(client)
    change = rekeying.KeyChange(_key_set(old), _key_set(new), rehashes)
    _move(client, change, _senders(settings), tell)
    cache_away = _forget(settings, client, change, tell)
    identity.finish_rekey(client, fingerprints(new))
    return Rekeying(change.counts, cache_away, kept=keep_renewed(settings))


def _check(client: Client, *, rehashes: bool, force: bool, forget_factors: bool) -> None:
    running = identity.processes(client)
    if running and not force:
        detail = f"is in use over {len(running)} connections; stop every web and worker process, or give --force"
        raise Misconfigured("REDIS_URL", detail)
    persons = rekeying.count_factors(client) if rehashes and not forget_factors else 0
    if persons:
        detail = (
            f"is what Verify knows {persons} persons with a TOTP factor by, and cannot be changed there; they enrol"
            " again after --forget-factors"
        )
        raise Misconfigured("GATEWAY_HASH_KEY", detail)


def _move(client: Client, change: rekeying.KeyChange, senders: tuple[str, ...], tell: Tell) -> None:
    audits = rekeying.Audits(client, change)
    tell("the opt-out list")
    rekeying.move_opt_outs(client, change, audits)
    tell("intents")
    rekeying.IntentMove(client, change, senders, content_print, audits).run()
    tell("applications, events and batches")
    rekeying.move_apps(client, change)
    rekeying.move_events(client, change)
    rekeying.move_batches(client, change)
    tell("trails")
    audits.rewrite()


def _forget(settings: Settings, client: Client, change: rekeying.KeyChange, tell: Tell) -> bool:
    """What can only be forgotten. True when the cache was away: what is in it is never found again, and expires."""
    tell("what can only be forgotten")
    rekeying.forget_hashed(client, change)
    if change.rehashes:
        rekeying.forget_factors(client, change)
    own = settings.cache.url
    try:
        rekeying.forget_cached(client if not own else connect(own, pool_size=2), change)
    except StoreUnavailable:
        return True
    return False


def _key_set(keys: Keys) -> rekeying.KeySet:
    return rekeying.KeySet(names.Hasher(keys.hash), Sealer(keys.data))


def _senders(settings: Settings) -> tuple[str, ...]:
    named = ((s.messaging_service_sid, s.from_number, s.whatsapp_from) for s in settings.senders)
    return tuple(dict.fromkeys(name for names_ in named for name in names_ if name))
