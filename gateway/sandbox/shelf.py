"""A bounded store of resources of one kind, found by SID or by one further key."""

import itertools
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar


class Resource(Protocol):
    sid: str
    seq: int


R = TypeVar("R", bound=Resource)


class Shelf(Generic[R]):
    """Keeps the newest `bound` resources; the oldest falls off.

    `seq` is set on the way in and grows, so that a page of a list has a place to go on from, whatever came since.
    """

    def __init__(self, bound: int, key: Callable[[R], str] | None = None) -> None:
        self._bound = bound
        self._key = key
        self._by_sid: dict[str, R] = {}
        self._by_key: dict[str, dict[str, R]] = {}
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._by_sid)

    def add(self, resource: R) -> R:
        resource.seq = next(self._numbers)
        self._by_sid[resource.sid] = resource
        if self._key is not None:
            self._by_key.setdefault(self._key(resource), {})[resource.sid] = resource
        if len(self._by_sid) > self._bound:
            self.remove(next(iter(self._by_sid)))
        return resource

    def get(self, sid: str) -> R | None:
        return self._by_sid.get(sid)

    def remove(self, sid: str) -> None:
        resource = self._by_sid.pop(sid, None)
        if resource is None or self._key is None:
            return
        key = self._key(resource)
        shelf = self._by_key.get(key, {})
        shelf.pop(sid, None)
        if not shelf:
            self._by_key.pop(key, None)

    def newest(self, key: str | None = None) -> Iterator[R]:
        """From the newest to the oldest; with a key only those that have it."""
        found = self._by_sid if key is None else self._by_key.get(key, {})
        return reversed(found.values())
