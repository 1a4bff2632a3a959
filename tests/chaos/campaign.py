"""One run of kills and faults, from the first request to the books."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from tests.chaos.caller import Caller
from tests.chaos.faults import Killer, set_faults, standing_faults
from tests.chaos.harness import Processes, ask
from tests.chaos.reckoning import Summary, books_of, explained, reckon


@dataclass(frozen=True, slots=True)
class Plan:
    intents: int
    kills: int
    seed: int
    per_second: float = 20.0
    patience_seconds: float = 300.0


def run(processes: Processes, plan: Plan) -> tuple[Summary, str]:
    """The summary, and where it is not clean an explanation."""
    began = time.monotonic()
    set_faults(processes.sandbox_url, standing_faults(), plan.seed)
    killer, caller = Killer(processes, plan.seed), Caller(processes.url, plan.seed)
    thread = killer.during(plan.intents / plan.per_second, plan.kills)
    try:
        caller.post_all(plan.intents, plan.per_second)
    finally:
        thread.join()
    intents = until_final(processes, caller, plan.patience_seconds)
    books = books_of(processes.sandbox_url)
    summary = reckon(books, caller.accepted, intents, killer.kills, len(caller.refused), time.monotonic() - began)
    why = "" if summary.clean else f"{explained(books, caller.accepted, intents)}\n{list(caller.refused.items())[:5]}"
    return summary, why


def until_final(processes: Processes, caller: Caller, seconds: float) -> dict[int, Mapping[str, Any]]:
    """Every accepted intent as the gateway shows it: final, or as it stood when patience ended."""
    deadline = time.monotonic() + seconds
    done: dict[int, Mapping[str, Any]] = {}
    while True:
        for n, one in caller.accepted.items():
            if not done.get(n, {}).get("final"):
                try:
                    done[n] = ask(processes.url, f"/intents/{one.intent_id}")
                except requests.RequestException:
                    break
        whole = len(done) == len(caller.accepted)
        if whole and (all(intent["final"] for intent in done.values()) or time.monotonic() > deadline):
            return done
        assert time.monotonic() < deadline + 60, "the gateway does not answer any more"
        time.sleep(0.3)
