"""Moves intents to other keys, and with each what is kept of its recipient under a hash: proof, window, line type."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from redis.client import Pipeline

from gateway.adapters.store import codec, names, scripts
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.rekeying.audits import Audits
from gateway.adapters.store.rekeying.change import KeyChange, batches
from gateway.model import Intent, Progress, Step

Print = Callable[[names.Hasher, Intent, Step], str]
"""What tells apart the contents of attempts; a keyed hash too."""


@dataclass(frozen=True, slots=True)
class IntentMove:
    """`senders`: our own, of which it is known who last wrote from them to whom."""

    client: Client
    change: KeyChange
    senders: Sequence[str]
    printed: Print
    audits: Audits

    def run(self) -> None:
        for keys in batches(self.client, names.intent("*")):
            found = list(self._read([key.removeprefix(names.intent("")) for key in keys]))
            if found:
                self.change.counts["intents"] += self._write(found)

    def _read(self, intent_ids: Sequence[str]) -> Iterator[tuple[Progress, bool]]:
        """Each with whether the new data key opens it already."""
        with store_errors(), self.client.pipeline(transaction=False) as pipe:
            for intent_id in intent_ids:
                pipe.hmget(names.intent(intent_id), ["i", "s", "v"])
            rows = pipe.execute()
        for intent_id, (sealed, state, version) in zip(intent_ids, rows, strict=True):
            if version is None:
                continue
            text, is_new = self.change.opened(sealed or b"", intent_id)
            if text is None:
                self.change.counts["unreadable intents, left as they are"] += 1
                continue
            yield codec.read_progress(codec.read_intent(json.loads(text)), state, int(version)), is_new

    def _write(self, found: Sequence[tuple[Progress, bool]]) -> int:
        """How many were moved; the others were under the new keys before."""
        staged = [self._staged(progress) for progress, _ in found]

        def build(pipe: Pipeline) -> None:
            for keys, args in staged:
                scripts.stage(pipe, "rekey", keys, *args)

        answers = scripts.transact(self.client, build, ["rekey"])
        return sum(bool(answer) or not is_new for answer, (_, is_new) in zip(answers, found, strict=True))

    def _staged(self, progress: Progress) -> tuple[list[str], list[scripts.Argument]]:
        intent, old, new = progress.intent, self.change.old.hash, self.change.new.hash
        for address in filter(None, (intent.to.number, intent.to.email)):
            self.audits.meet(address)
        after = self._with_prints(progress)
        keys = [
            names.intent(intent.id),
            names.by_recipient(old(intent.to.number)),
            names.by_recipient(new(intent.to.number)),
            names.window(new(intent.to.number)),
            *self._renamed(intent),
            *self._guards(progress, after),
        ]
        sealed = self.change.new.sealer.seal(codec.dumps(codec.intent_document(intent)), intent.id)
        senders = (digest for sender in self.senders for digest in (old(sender), new(sender)))
        return keys, [intent.id, sealed, codec.state_text(after), *senders]

    def _renamed(self, intent: Intent) -> Iterator[str]:
        old, new = self.change.old.hash, self.change.new.hash
        was, will = old(intent.to.number), new(intent.to.number)
        yield from (names.proof(intent.realm, was), names.proof(intent.realm, will))
        yield from (names.learned(was), names.learned(will))
        yield from (names.window(was), names.window(will))
        for sender in self.senders:
            yield from (names.last_app(was, old(sender)), names.last_app(will, new(sender)))

    def _with_prints(self, progress: Progress) -> Progress:
        """An ended intent may be a summary, of which the print cannot be made; nobody asks for it any more."""
        if progress.final:
            return progress
        attempts = (
            replace(a, fingerprint=self.printed(self.change.new.hash, progress.intent, a.step)) if a.fingerprint else a
            for a in progress.attempts
        )
        return replace(progress, attempts=tuple(attempts))

    def _guards(self, was: Progress, will: Progress) -> Iterator[str]:
        for before, after in zip(was.attempts, will.attempts, strict=True):
            if before.fingerprint != after.fingerprint:
                yield from (names.guard(before.fingerprint), names.guard(after.fingerprint))
