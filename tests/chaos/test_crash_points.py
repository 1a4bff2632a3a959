"""A process that is gone at one exact point: the work goes on within a minute, and nobody gets anything twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway import pipeline, sandbox, wiring
from gateway.adapters.store.connection import Client
from gateway.app import create_app
from gateway.model import IntentStatus, Progress
from gateway.settings import Settings
from tests.chaos.crashing import GONE
from tests.stack import KEY, environment

MOBILE, NOT_MOBILE = "+14155550103", "+14155550141"
NOBODY = "http://127.0.0.1:9"
"""No callback reaches us: what is found out is found out by asking."""
LONGEST_POLL_SECONDS = 900
"""A call that the sandbox had not ended yet when it was asked for is asked for again after minutes of our clock."""
BODY = "Your order has shipped."


@dataclass
class ShiftedClock:
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Site:
    gateway: wiring.Gateway
    clock: ShiftedClock
    twilio: sandbox.RunningSandbox
    env: dict[str, str]

    def accept(self, to: str = MOBILE, key: str = "key-1") -> Any:
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": key}
        answer = create_app(self.gateway).test_client().post("/send", json={"to": to, "body": BODY}, headers=headers)
        self.gateway.catch_up.once()  # a starting application asks for missed texts before any send
        return answer

    def crash(self, point: str, work: str, *given: str) -> None:
        """A process of its own does the work and is gone after `point`."""
        argv = [sys.executable, "-m", "tests.chaos.crashing", point, work, *given]
        ended = subprocess.run(argv, env={**os.environ, **self.env}, capture_output=True, timeout=30, check=False)
        assert ended.returncode == GONE, ended.stderr.decode()[-2000:]

    def fault(self, **fault: Any) -> None:
        requests.post(f"{self.twilio.url}/_sandbox/faults", json=fault, timeout=5).raise_for_status()

    def made(self, to: str = MOBILE) -> tuple[int, int]:
        """Messages and calls that the sandbox has made for a number."""
        counts = requests.get(f"{self.twilio.url}/_sandbox/counts", timeout=5).json()
        return counts["messages_to"].get(to, 0), counts["calls_to"].get(to, 0)

    def load(self, intent_id: str) -> Progress:
        found = self.gateway.intents.load(intent_id)
        assert found is not None
        return found

    def seconds_until_taken_up(self, intent_id: str) -> float:
        """How long until the sweep hands it out again. The clock has moved there then."""
        before = self.clock.ahead
        for _ in range(LONGEST_POLL_SECONDS):
            if intent_id in self.due():
                return (self.clock.ahead - before).total_seconds()
            self.clock.ahead += timedelta(seconds=1)
        raise AssertionError(f"never due: {self.load(intent_id)}")

    def due(self) -> list[str]:
        intents = self.gateway.intents
        return [i for name in intents.open_names() for i in intents.take_due(name, self.clock.now(), 100)]

    def finish(self, intent_id: str) -> Progress:
        """A worker takes over and does whatever is due, until the end."""
        for _ in range(60):
            pipeline.run(self.gateway.house, intent_id)
            progress = self.load(intent_id)
            if progress.final:
                return progress
            self.seconds_until_taken_up(intent_id)
        raise AssertionError(f"no end: {self.load(intent_id)}")


@pytest.fixture
def site(client: Client, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    config = tmp_path / "gateway.toml"
    config.write_text("[dispatch]\npoll_after_seconds = 20\n")
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, step_ms=5)) as twilio:
        env = environment(redis_url, twilio.url, NOBODY) | {"GATEWAY_CONFIG": str(config)}
        clock = ShiftedClock()
        gateway = wiring.build(Settings.load(config, env), client=client, clock=clock)
        yield Site(gateway, clock, twilio, env)


@pytest.fixture
def waiting(site: Site) -> str:
    """An intent that was accepted and that no worker has looked at."""
    return str(site.accept().get_json()["id"])


def test_between_the_begin_mark_and_the_call_nothing_was_sent_and_it_is_sent_once(site: Site, waiting: str) -> None:
    site.crash("begin", "wake", waiting)
    assert site.made() == (0, 0)
    assert site.seconds_until_taken_up(waiting) <= 60
    done = site.finish(waiting)
    assert (done.status, [str(a.step) for a in done.attempts]) == (IntentStatus.DELIVERED, ["sms", "sms"])
    assert site.made() == (1, 0)


def test_between_the_call_and_its_outcome_the_message_is_found_again(site: Site, waiting: str) -> None:
    site.crash("send", "wake", waiting)
    assert (site.made(), site.load(waiting).attempts[0].provider_sid) == ((1, 0), None)
    assert site.seconds_until_taken_up(waiting) <= 60
    done = site.finish(waiting)
    assert (done.status, len(done.attempts), site.made()) == (IntentStatus.DELIVERED, 1, (1, 0))


def test_between_the_outcome_and_the_end_of_the_job_nothing_is_repeated(site: Site, waiting: str) -> None:
    site.crash("commit", "wake", waiting)
    assert site.load(waiting).attempts[0].provider_sid is not None
    done = site.finish(waiting)
    assert (done.status, len(done.attempts), site.made()) == (IntentStatus.DELIVERED, 1, (1, 0))


def test_between_a_failed_attempt_and_the_next_step_the_next_step_starts_once(site: Site) -> None:
    intent_id = str(site.accept(NOT_MOBILE).get_json()["id"])
    site.crash("commit", "wake", intent_id)
    moved = site.load(intent_id)
    assert (moved.status, moved.position, site.made(NOT_MOBILE)) == (IntentStatus.QUEUED, 1, (0, 0))
    assert site.seconds_until_taken_up(intent_id) <= 60
    done = site.finish(intent_id)
    assert (done.status, [str(a.step) for a in done.attempts]) == (IntentStatus.DELIVERED, ["sms", "voice"])
    assert site.made(NOT_MOBILE) == (0, 1)


def test_after_the_last_search_and_before_it_is_written_down_it_is_searched_again(site: Site, waiting: str) -> None:
    site.fault(kind="5xx_before", product="messages", operation="create", count=1)
    pipeline.run(site.gateway.house, waiting)
    while site.load(waiting).attempts[0].searches < 1:
        site.seconds_until_taken_up(waiting)
        pipeline.run(site.gateway.house, waiting)
    ahead = (datetime.now(UTC) - site.load(waiting).attempts[0].started_at + site.clock.ahead).total_seconds()
    assert 30 <= ahead < 60
    site.clock.ahead += timedelta(seconds=120)
    crash_in_process(site, waiting)
    done = site.finish(waiting)
    assert (done.status, len(done.attempts), site.made()) == (IntentStatus.DELIVERED, 2, (1, 0))


def crash_in_process(site: Site, intent_id: str) -> None:
    """The worker is gone after its search. Here, because only this process' clock has moved on."""

    class Gone(BaseException):
        pass

    calls = type(site.gateway.calls)
    search = calls.search

    def last(self: Any, *given: Any, **named: Any) -> None:
        search(self, *given, **named)
        raise Gone

    calls.search = last  # type: ignore[assignment,method-assign]
    try:
        with pytest.raises(Gone):
            pipeline.run(site.gateway.house, intent_id)
    finally:
        calls.search = search  # type: ignore[method-assign]


def test_between_claim_and_accept_the_key_is_free_again_when_its_lease_is_over(site: Site, client: Client) -> None:
    site.crash("claim", "send", "key-1", MOBILE, BODY)
    assert site.accept().status_code == 409
    (claim,) = client.keys("gw:claim:*")
    assert 0 < client.pttl(claim) <= 30_000
    client.pexpire(claim, 1)
    while client.exists(claim):
        pass
    answer = site.accept()
    assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (202, False)
    site.finish(answer.get_json()["id"])
    assert site.made() == (1, 0)


def test_between_accept_and_its_answer_the_repeat_is_given_the_first_intent(site: Site) -> None:
    site.crash("accept", "send", "key-1", MOBILE, BODY)
    answer = site.accept()
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (202, "true")
    intent_id = answer.get_json()["id"]
    assert site.seconds_until_taken_up(intent_id) <= 60
    assert site.finish(intent_id).status is IntentStatus.DELIVERED
    assert site.made() == (1, 0)
