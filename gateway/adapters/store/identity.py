"""Whose store it is: fingerprints of the hash key and the data key, so that a process with other keys stays out.

With another hash key opt-outs would not be found, with another data key nothing could be read. Changes no key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.adapters.store import names
from gateway.adapters.store.connection import CLIENT_NAME, Client, ForeignStore, store_errors
from gateway.errors import StoreUnavailable

FIELDS = ("hash", "data", "rekey")
"""Two fingerprints, and while keys are being changed what they will be: `<hash> <data>`."""
VARIABLES = {"hash": "GATEWAY_HASH_KEY", "data": "GATEWAY_DATA_KEY"}
Stored = Sequence[bytes | None]


@dataclass(frozen=True, slots=True)
class Fingerprints:
    hash: str
    data: str

    def __str__(self) -> str:
        return f"{self.hash} {self.data}"

    def judge(self, stored: Stored) -> None:
        """Raises ForeignStore when the store is another's, or in the middle of a change of keys."""
        of_hash, of_data, rekey = stored
        if rekey is not None:
            raise ForeignStore("GATEWAY_HASH_KEY", "is being changed: run `gateway rekey` to its end")
        for name, mine, theirs in (("hash", self.hash, of_hash), ("data", self.data, of_data)):
            if theirs is not None and theirs.decode() != mine:
                detail = "is not the one that this Redis was written with; only `gateway rekey` changes it"
                raise ForeignStore(VARIABLES[name], detail)

    def guard(self) -> Callable[[Any], None]:
        """For every new connection: nothing is read or written over one to a store of others."""

        def greet(connection: Any) -> None:
            connection.on_connect()
            connection.send_command("HMGET", names.IDENTITY, *FIELDS)
            self.judge(connection.read_response())

        return greet


def fingerprint(key: bytes) -> str:
    """Tells keys apart and tells nothing of them."""
    return hashlib.blake2b(b"fingerprint", digest_size=16, key=key[:64]).hexdigest()


def stored(client: Client) -> Stored:
    with store_errors():
        found: Stored = client.hmget(names.IDENTITY, FIELDS)
    return found


class StoreIdentity:
    """One process's look at whose the store is. An empty store becomes that of the first who looks."""

    def __init__(self, client: Client, own: Fingerprints) -> None:
        self._client = client
        self._own = own
        self._claimed = False

    def claim(self) -> None:
        """Raises ForeignStore; StoreUnavailable where it cannot be told now."""
        if self._claimed:
            return
        found = stored(self._client)
        if None in found[:2]:
            with store_errors(), self._client.pipeline(transaction=True) as pipe:
                pipe.hsetnx(names.IDENTITY, "hash", self._own.hash)
                pipe.hsetnx(names.IDENTITY, "data", self._own.data)
                pipe.hmget(names.IDENTITY, FIELDS)
                found = pipe.execute()[-1]
        self._own.judge(found)
        self._claimed = True

    def refusal(self) -> str | None:
        """Why nothing may be accepted into this store by this process. Raises StoreUnavailable."""
        try:
            self.claim()
        except ForeignStore as err:
            return str(err)
        return None


def foreign(err: StoreUnavailable) -> ForeignStore | None:
    """What a guarded connection found out, where that is why the store was not to be had."""
    return err.__cause__ if isinstance(err.__cause__, ForeignStore) else None


# ---- while keys are changed


def begin_rekey(client: Client, old: Fingerprints, new: Fingerprints) -> bool:
    """From now on nobody else gets in. False: the store is under the new keys already. Raises ForeignStore.

    A change that was cut off goes on, or back: with the two pairs the other way round.
    """
    of_hash, of_data, rekey = stored(client)
    here = str(Fingerprints(*((text or b"").decode() for text in (of_hash, of_data))))
    if rekey is None and here == str(new):
        return False
    if rekey is None:
        StoreIdentity(client, old).claim()
    elif {here, rekey.decode()} != {str(old), str(new)}:
        raise ForeignStore("GATEWAY_NEW_HASH_KEY", "or another key is not one of the change that was begun here")
    with store_errors():
        client.hset(names.IDENTITY, "rekey", str(new))
    return True


def finish_rekey(client: Client, new: Fingerprints) -> None:
    with store_errors(), client.pipeline(transaction=True) as pipe:
        pipe.hset(names.IDENTITY, mapping={"hash": new.hash, "data": new.data})
        pipe.hdel(names.IDENTITY, "rekey")
        pipe.execute()


def processes(client: Client) -> tuple[int, ...]:
    """Ids of the connections that processes of ours hold. RQ gives one of a worker's the worker's name."""
    with store_errors():
        own = client.client_id()
        workers = {key.decode().rpartition(":")[2] for key in client.smembers("rq:workers")}
        listed = client.client_list()
    ours = (c for c in listed if c["name"] == CLIENT_NAME or c["name"] in workers)
    return tuple(number for c in ours if (number := int(c["id"])) != own)


def cut_off(client: Client) -> None:
    """Close them: they connect again, and are told."""
    for number in processes(client):
        with store_errors():
            client.client_kill_filter(_id=str(number))
