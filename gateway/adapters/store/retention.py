"""What becomes of ended intents in Redis: a summary without content, then nothing, nor what pointed to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from redis.client import Pipeline

from gateway.adapters.store import codec, names, scripts
from gateway.adapters.store.codec import Sealer, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.errors import StoreUnavailable
from gateway.model import Content, Intent


class Retention:
    """Two sorted sets by the time of the end: those kept whole, and those cut already."""

    def __init__(self, client: Client, sealer: Sealer, hasher: names.Hasher) -> None:
        self._client = client
        self._sealer = sealer
        self._hash = hasher

    def summarize(self, ended_before: datetime, limit: int) -> int:
        """Cut at most so many of the oldest; gives how many."""
        ids = self._oldest(names.ENDED, ended_before, limit)
        found = list(self._read(ids))

        def build(pipe: Pipeline) -> None:
            for intent_id, intent, _ in found:
                sealed = b"" if intent is None else self._seal(_summary(intent))
                keys = [names.intent(intent_id), names.timeline(intent_id), names.ENDED, names.SUMMARIES]
                scripts.stage(pipe, "cut", keys, intent_id, sealed)

        if found:
            scripts.transact(self._client, build, ["cut"])
        return len(found)

    def delete(self, ended_before: datetime, limit: int) -> int:
        """Delete at most so many of the oldest, cut or not; gives how many."""
        ids = self._oldest(names.SUMMARIES, ended_before, limit) or self._oldest(names.ENDED, ended_before, limit)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for intent_id, intent, app in self._read(ids):
                pipe.delete(names.intent(intent_id), names.timeline(intent_id))
                pipe.zrem(names.ENDED, intent_id)
                pipe.zrem(names.SUMMARIES, intent_id)
                pipe.zrem(names.by_app(app), intent_id)
                if intent is not None:
                    pipe.zrem(names.by_recipient(self._hash(intent.to.number)), intent_id)
            pipe.execute()
        return len(ids)

    def _oldest(self, key: str, before: datetime, limit: int) -> list[str]:
        with store_errors():
            found = self._client.zrangebyscore(key, "-inf", to_ms(before), start=0, num=limit)
        return [member.decode() for member in found]

    def _read(self, ids: list[str]) -> Iterator[tuple[str, Intent | None, str]]:
        """Each with its application. One that cannot be read (another key sealed it) is not kept for that."""
        if not ids:
            return
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for intent_id in ids:
                pipe.hmget(names.intent(intent_id), ["i", "o"])
            rows = pipe.execute()
        for intent_id, (sealed, open_name) in zip(ids, rows, strict=True):
            app = (open_name or b"").decode().partition("|")[2]
            yield intent_id, self._open(intent_id, sealed), app

    def _open(self, intent_id: str, sealed: bytes | None) -> Intent | None:
        if not sealed:
            return None
        try:
            return codec.read_intent(json.loads(self._sealer.open(sealed, intent_id)))
        except StoreUnavailable:
            return None

    def _seal(self, intent: Intent) -> bytes:
        return self._sealer.seal(codec.dumps(codec.intent_document(intent)), intent.id)


def _summary(intent: Intent) -> Intent:
    """To whom, for whom, when and why; nothing of what was said, nor what came with it."""
    return replace(
        intent,
        to=replace(intent.to, email=None),
        content=Content(),
        identity=None,
        flow=None,
        parameters={},
        callback_url=None,
        metadata={},
    )
