"""One of the crew: takes a bell, calls what it asks for, says how it went. Lets nothing out that a job raises."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable
from functools import cache
from typing import Any

import structlog

from gateway.adapters.store.bells import Bell
from gateway.errors import StoreUnavailable
from gateway.wiring.catching_up import CatchUp
from gateway.worker.settling import Settling
from gateway.worker.shelf import Shelf

log = structlog.get_logger("gateway.worker")
HOME = "gateway.jobs"
"""The module whose functions a job may name; what else stands in Redis is not called."""


def answer_bells(shelf: Shelf, settling: Settling, catch_up: CatchUp) -> None:
    """Until the shelf is closed."""
    while (bell := shelf.take()) is not None:
        try:
            why = _answer(bell, catch_up)
        finally:
            shelf.done(bell)
        settling.add(bell, why)


def _answer(bell: Bell, catch_up: CatchUp) -> str | None:
    """Why it failed, or None. A bell that Redis' absence spoiled did not fail: what it is about is rung again."""
    try:
        catch_up.ready()
        name, arguments = bell.call()
        _job(name)(*arguments)
    except StoreUnavailable as err:
        catch_up.lost()
        log.warning("job_without_store", job=bell.job_id, error=str(err))
    except Exception as err:  # noqa: BLE001 - the job boundary
        log.error("job_failed", job=bell.job_id, error=type(err).__name__, where=_where(err))
        return f"{type(err).__name__}\n{_where(err)}"
    return None


@cache
def _job(name: str) -> Callable[..., Any]:
    module, _, function = name.rpartition(".")
    if module != HOME:
        raise LookupError("no job of the gateway")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _where(err: BaseException) -> str:
    """Files and lines only: a message may hold a number."""
    return " < ".join(
        f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in traceback.extract_tb(err.__traceback__)[::-1]
    )
