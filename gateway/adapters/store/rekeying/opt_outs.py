"""Moves the opt-out list to other keys, bucket by bucket; an entry is never in no bucket at all."""

from __future__ import annotations

import json
from collections.abc import Iterator

from redis.client import Pipeline

from gateway.adapters.store import names
from gateway.adapters.store.codec import dumps
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.rekeying.audits import Audits
from gateway.adapters.store.rekeying.change import KeyChange
from gateway.adapters.store.sealed_text import open_text, seal_text
from gateway.errors import StoreUnavailable

BUCKETS = 100
"""At once; of ten million addresses each bucket holds about 150."""


def move_opt_outs(client: Client, change: KeyChange, audits: Audits) -> None:
    for buckets in _buckets(client):
        with store_errors(), client.pipeline(transaction=False) as pipe:
            for bucket in buckets:
                pipe.hgetall(names.suppression_bucket(bucket)[0])
            rows = pipe.execute()
        with store_errors(), client.pipeline(transaction=True) as pipe:
            for bucket, fields in zip(buckets, rows, strict=True):
                for field, stored in fields.items():
                    audits.meet(_moved(pipe, change, bucket + field.decode(), stored))
            pipe.execute()
        _drop_empty(client, buckets)


def _buckets(client: Client) -> Iterator[list[str]]:
    """In order, those too that are begun meanwhile: what is in them already is met a second time, and left alone."""
    last = "-"
    while True:
        with store_errors():
            found = [bucket.decode() for bucket in client.zrangebylex(names.BUCKETS, last, "+", start=0, num=BUCKETS)]
        yield found
        if len(found) < BUCKETS:
            return
        last = f"({found[-1]}"


def _drop_empty(client: Client, buckets: list[str]) -> None:
    with store_errors(), client.pipeline(transaction=False) as pipe:
        for bucket in buckets:
            pipe.exists(names.suppression_bucket(bucket)[0])
        left = pipe.execute()
        for bucket in (bucket for bucket, there in zip(buckets, left, strict=True) if not there):
            pipe.zrem(names.BUCKETS, bucket)
        pipe.execute()


def _moved(pipe: Pipeline, change: KeyChange, address_hash: str, stored: bytes) -> str | None:
    """The address, wherever it stands now; None when neither key opens it."""
    document = json.loads(stored)
    address, moved = _opened(change, document["e"], address_hash)
    if address is None:
        change.counts["unreadable opt-outs, left as they are"] += 1
        return None
    if moved:
        return address
    wanted = change.new.hash.address(address)
    document["e"] = seal_text(change.new.sealer, address, wanted)
    was, is_now = names.suppression_bucket(address_hash), names.suppression_bucket(wanted)
    if wanted != address_hash:
        pipe.hdel(was[0], was[1])
    pipe.hset(is_now[0], is_now[1], dumps(document))
    pipe.zadd(names.BUCKETS, {is_now[2]: 0})
    change.counts["opt-outs"] += 1
    return address


def _opened(change: KeyChange, sealed: str, address_hash: str) -> tuple[str | None, bool]:
    """The address, and whether it is where and as it shall be."""
    for keys in (change.new, change.old):
        try:
            address = open_text(keys.sealer, sealed, address_hash)
        except StoreUnavailable:
            continue
        return address, keys is change.new and change.new.hash.address(address) == address_hash
    return None, False
