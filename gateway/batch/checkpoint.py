"""How far a batch has come, on disk beside its output: written whole or not at all, and trusted only for its own plan.

A lock on a file beside it keeps two runs apart. A killed run's buyer still holds it while it finishes its calls, so
whoever resumes waits for their answers and buys none of them again.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from gateway.batch.plan import Plan
from gateway.batch.tally import Tally
from gateway.errors import GatewayError

PATIENCE_SECONDS = 30.0


class NotResumable(GatewayError):
    """What lies beside the output belongs to another run."""


@dataclass(slots=True)
class Checkpoint:
    """`rows` of the input are in the first `length` bytes of the part file; `planned` of the budget went to them.

    `batch` is the run's name in Redis, from its first start to its end.
    """

    fingerprint: str
    rows: int = 0
    length: int = 0
    planned_usd: Decimal = Decimal(0)
    planned_lookups: int = 0
    tally: Tally = field(default_factory=Tally)
    batch: str = field(default_factory=lambda: secrets.token_hex(8))

    @classmethod
    def load(cls, plan: Plan) -> Checkpoint:
        """Where the last run of this plan stopped, or the beginning. Raises NotResumable."""
        try:
            document = json.loads(plan.beside("checkpoint").read_text("utf-8"))
        except FileNotFoundError:
            return cls(plan.fingerprint)
        if document["fingerprint"] != plan.fingerprint:
            name = plan.beside("checkpoint").name
            raise NotResumable(f"{name} belongs to another input or other options; start over with --restart")
        batch = document.get("batch") or secrets.token_hex(8)  # none in what an older version has left
        if _length(plan.beside("part")) < document["length"]:
            # The last run was killed when its rows had taken the output's name, or they are lost: they are made again,
            # with what the journal, the workers' answers and the cache know.
            return cls(plan.fingerprint, batch=batch)
        return cls(
            document["fingerprint"],
            document["rows"],
            document["length"],
            Decimal(document["planned_usd"]),
            document["planned_lookups"],
            Tally.read(document["tally"]),
            batch,
        )

    def save(self, path: Path) -> None:
        document = {
            "fingerprint": self.fingerprint,
            "rows": self.rows,
            "length": self.length,
            "planned_usd": str(self.planned_usd),
            "planned_lookups": self.planned_lookups,
            "tally": self.tally.document(),
            "batch": self.batch,
        }
        fresh = path.with_name(f"{path.name}.new")
        with open(fresh, "w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fdatasync(file.fileno())
        fresh.replace(path)


def read_journal(path: Path, first_row: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Answers that were paid for and whose rows are not in the checkpoint yet. A torn last line is left out."""
    try:
        file = path.open(encoding="utf-8")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            if line.endswith("\n"):
                entry = json.loads(line)
                if entry["row"] >= first_row:
                    yield entry["row"], entry


def locked(path: Path) -> int:
    """The descriptor that holds the lock; whoever inherits it holds it too. Raises NotResumable."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError as err:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise NotResumable(f"another run is writing beside {path.name}") from err
            time.sleep(0.05)


def forget(plan: Plan) -> None:
    """The journal goes first: without the checkpoint nobody knows whose answers it holds."""
    for kind in ("journal", "checkpoint", "checkpoint.new", "part"):
        plan.beside(kind).unlink(missing_ok=True)


def clear(plan: Plan) -> None:
    """Nothing is left beside the output. The lock's name goes last."""
    forget(plan)
    plan.beside("lock").unlink(missing_ok=True)


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
