"""What was accepted, read again newest first, a page at a time. It writes nothing."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from gateway.adapters.store import names
from gateway.adapters.store.codec import to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.intents import IntentStore
from gateway.model import Progress

PAGE = 256


@dataclass(frozen=True, slots=True)
class Past:
    """`cut`: only its summary is left, without what was said and to which address."""

    progress: Progress
    cut: bool = False


class PastIntents:
    def __init__(self, client: Client, intents: IntentStore) -> None:
        self._client = client
        self._intents = intents

    def since(self, first: datetime, app: str | None = None) -> Iterator[Past]:
        """Of all applications or of one; those accepted after the reading began do not come. Raises StoreUnavailable.

        No more than a page of each application is held.
        """
        apps = [app] if app is not None else sorted({name.partition("|")[2] for name in self._intents.open_names()})
        newest_first = heapq.merge(*(self._of(each, to_ms(first)) for each in apps), reverse=True)
        while page := [intent_id for _, intent_id in islice(newest_first, PAGE)]:
            yield from self._read(page)

    def _of(self, app: str, first_ms: int) -> Iterator[tuple[int, str]]:
        """Times and ids. Many may share a millisecond, so a page begins with the last time of the one before."""
        highest: int | str = "+inf"
        there: set[str] = set()
        while True:
            with store_errors():
                rows = self._client.zrevrangebyscore(
                    names.by_app(app), highest, first_ms, start=0, num=PAGE + len(there), withscores=True
                )
            page = [(round(score), member.decode()) for member, score in rows]
            fresh = [row for row in page if row[1] not in there]
            if not fresh:
                return
            yield from fresh
            highest = fresh[-1][0]
            there = {intent_id for at, intent_id in page if at == highest}

    def _read(self, page: list[str]) -> Iterator[Past]:
        """Whether it is cut is asked last: what is cut in between is not taken for whole."""
        found = self._intents.load_many(page)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for progress in found:
                pipe.zscore(names.SUMMARIES, progress.intent.id)
            cut_at = pipe.execute()
        for progress, at in zip(found, cut_at, strict=True):
            yield Past(progress, at is not None)
