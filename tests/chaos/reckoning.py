"""The books at the end: what was accepted against what Twilio made and what people got. Trusts the sandbox alone."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import requests

from gateway.sandbox import SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN
from tests.chaos.caller import Accepted, tag_of
from tests.chaos.faults import Kill

RESUMES_WITHIN_SECONDS = 60.0
"""A kill may hold the work up no longer."""
NOT_RECEIVED = frozenset({"failed", "undelivered", "canceled"})
_TAG = re.compile(r"order (\d{6}) is on its way")


@dataclass(frozen=True, slots=True)
class Summary:
    """`doubled`: intents of which more than one message or call went through; `lost`: those of which none did.

    `unfinished`: not in an end state. `misbooked`: the gateway says something else than the sandbox.
    `idle_seconds`: after a kill, the longest time during which work was due and no create call came (see `idle_times`).
    `wait_seconds`: the longest time from a 202 to the intent's own first create call.
    """

    accepted: int
    refused: int
    repeats: int
    kills: Mapping[str, int]
    lost: int
    doubled: int
    unfinished: int
    misbooked: int
    creates: int
    unknown: int
    found_by_search: int
    never_created: int
    searches: int
    by_call: int
    idle_seconds: float
    wait_seconds: float
    seconds: float

    @property
    def clean(self) -> bool:
        wrong = self.lost or self.doubled or self.unfinished or self.misbooked or self.refused
        return not wrong and self.idle_seconds <= RESUMES_WITHIN_SECONDS

    def document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Books:
    """What the sandbox knows, by the number in the text."""

    messages: Mapping[int, Sequence[Mapping[str, Any]]]
    calls: Mapping[int, int]
    creates: Sequence[tuple[float, int]]
    searches: int

    def received(self, n: int) -> int:
        """How often the person got it or may yet get it."""
        texts = sum(one["status"] not in NOT_RECEIVED for one in self.messages.get(n, ()))
        return texts + self.calls.get(n, 0)


def books_of(sandbox_url: str) -> Books:
    requests.delete(f"{sandbox_url}/_sandbox/faults", timeout=30).raise_for_status()  # the books are read without them
    messages: defaultdict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in _all_messages(sandbox_url):
        if (n := _number_in(row["body"])) is not None:
            messages[n].append(row)
    spoken = requests.get(f"{sandbox_url}/_sandbox/outbox", params={"limit": 10**6}, timeout=30).json()["outbox"]
    calls = Counter(n for item in spoken if item["kind"] == "call" and (n := _number_in(item["text"])) is not None)
    creates, searches = _log_of(sandbox_url)
    return Books(messages, calls, creates, searches)


def _all_messages(sandbox_url: str) -> Iterable[Mapping[str, Any]]:
    path: str | None = f"/2010-04-01/Accounts/{SANDBOX_ACCOUNT_SID}/Messages.json?PageSize=1000"
    while path:
        answer = requests.get(sandbox_url + path, auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN), timeout=30)
        answer.raise_for_status()
        page = answer.json()
        yield from page["messages"]
        path = page["next_page_uri"]


def _log_of(sandbox_url: str) -> tuple[list[tuple[float, int]], int]:
    """The moments of all create calls and whose they were; how often a list was asked for."""
    answer = requests.get(f"{sandbox_url}/_sandbox/requests", params={"limit": 10**6}, timeout=60).json()
    creates, searches = [], 0
    for entry in answer["requests"]:
        if entry["product"] in ("messages", "calls"):
            searches += entry["operation"] == "list"
            said = entry["form"].get("Body") or entry["form"].get("Twiml") or ""
            if entry["operation"] == "create" and (n := _number_in(said)) is not None:
                creates.append((datetime.fromisoformat(entry["at"]).timestamp(), n))
    return sorted(creates), searches


def _number_in(text: str) -> int | None:
    found = _TAG.search(text)
    return int(found[1]) if found else None


def reckon(
    books: Books,
    accepted: Mapping[int, Accepted],
    intents: Mapping[int, Mapping[str, Any]],
    kills: Sequence[Kill],
    refused: int,
    seconds: float,
) -> Summary:
    attempts = [(n, attempt) for n, intent in intents.items() for attempt in intent["attempts"]]
    unknown = _unknown(intents)
    return Summary(
        accepted=len(accepted),
        refused=refused,
        repeats=sum(one.tries - 1 for one in accepted.values()),
        kills=dict(Counter(kill.what for kill in kills)),
        lost=sum(books.received(n) == 0 for n in accepted),
        doubled=sum(books.received(n) > 1 for n in accepted),
        unfinished=sum(not intents[n]["final"] for n in accepted),
        misbooked=sum(_misbooked(intents[n]) for n in accepted),
        creates=len(books.creates),
        unknown=len(unknown),
        found_by_search=sum(bool(attempt["provider_sid"]) for attempt in unknown),
        never_created=sum("never created" in (a.get("error_detail") or "") for _, a in attempts),
        searches=books.searches,
        by_call=sum(books.calls.get(n, 0) for n in accepted),
        idle_seconds=round(max(idle_times(kills, accepted, books.creates), default=0.0), 1),
        wait_seconds=round(_longest_wait(accepted, books.creates), 1),
        seconds=round(seconds, 1),
    )


def _unknown(intents: Mapping[int, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Attempts that were without an outcome at some time."""
    found = []
    for intent in intents.values():
        numbers = {e["detail"].partition(":")[0] for e in intent["timeline"] if e["event"] == "attempt_unknown"}
        found += [attempt for attempt in intent["attempts"] if str(attempt["number"]) in numbers]
    return found


def _misbooked(intent: Mapping[str, Any]) -> bool:
    delivered = sum(attempt["status"] == "delivered" for attempt in intent["attempts"])
    return bool(intent["status"] != "delivered" or delivered != 1)


def idle_times(
    kills: Sequence[Kill], accepted: Mapping[int, Accepted], creates: Sequence[tuple[float, int]]
) -> list[float]:
    """For each kill the longest time after it during which there was due work and nothing was sent.

    Work is due from the 202 that the client saw until the sandbox saw the intent's first create call, for ever when
    there is none. A time that began before the kill counts from the kill; one that lasts beyond the next kill counts
    in full for both.
    """
    stalls = list(_stalls(accepted, creates))
    return [max((end - max(start, kill.at) for start, end in stalls if end > kill.at), default=0.0) for kill in kills]


def _stalls(accepted: Mapping[int, Accepted], creates: Sequence[tuple[float, int]]) -> Iterable[tuple[float, float]]:
    """From when to when work was due and no create call came: at most one between two calls."""
    first = _first_creates(creates)
    moments = [moment for moment, _ in creates]
    ends = [*moments, max([*moments, *(one.at for one in accepted.values())], default=0.0)]
    due = sorted((one.at, first.get(n, float("inf"))) for n, one in accepted.items())
    sent_last, waiting, at = float("-inf"), [], 0
    for end in ends:
        while at < len(due) and due[at][0] < end:
            waiting.append(due[at])
            at += 1
        waiting = [(since, until) for since, until in waiting if until >= end]
        if waiting:
            yield max(sent_last, min(since for since, _ in waiting)), end
        sent_last = end


def _first_creates(creates: Sequence[tuple[float, int]]) -> dict[int, float]:
    first: dict[int, float] = {}
    for moment, n in creates:
        first.setdefault(n, moment)
    return first


def _longest_wait(accepted: Mapping[int, Accepted], creates: Sequence[tuple[float, int]]) -> float:
    first = _first_creates(creates)
    return max((first[n] - one.at for n, one in accepted.items() if n in first), default=0.0)


def explained(books: Books, accepted: Mapping[int, Accepted], intents: Mapping[int, Mapping[str, Any]]) -> str:
    """The first intents that do not add up, whole: for whoever has to find out why."""
    wrong = [n for n in accepted if books.received(n) != 1 or _misbooked(intents[n])]
    return "\n".join(
        f"{tag_of(n)}: {intents[n]['status']}, texts {[(m['sid'], m['status']) for m in books.messages.get(n, ())]}, "
        f"calls {books.calls.get(n, 0)}, attempts {intents[n]['attempts']}, timeline {intents[n]['timeline']}"
        for n in wrong[:3]
    )
