"""A call that was begun and has to wait until others were answered: it is made only if it still may be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.act.pace import Pace
from gateway.model import AttemptStatus, FailureClass, IntentStatus, SuppressionEntry
from tests.act.world import MOBILE, World


def with_wait(world: World, meanwhile: Callable[[], None]) -> None:
    """The next call waits, and `meanwhile` happens."""

    class Gate:
        def __enter__(self) -> None:
            meanwhile()

        def __exit__(self, *_: object) -> None: ...

    world.house = replace(world.house, acting=replace(world.house.acting, under_way=Gate()))


def opt_out(world: World) -> None:
    world.gateway.suppressions.add(MOBILE, SuppressionEntry("all", "stop", world.clock.now(), "recipient", "STOP"))


def test_a_call_that_waited_is_made(world: World) -> None:
    with_wait(world, lambda: world.clock.pass_by(5))
    progress = world.run(world.accept("sms"))
    assert (world.provider.calls, progress.attempts[0].status) == (1, AttemptStatus.ACCEPTED)


def test_an_opt_out_while_it_waits_stops_it_and_every_step_after(world: World) -> None:
    def meanwhile() -> None:
        world.clock.pass_by(0.2)
        opt_out(world)

    with_wait(world, meanwhile)
    progress = world.until_final(world.accept("sms", "voice"))
    assert world.provider.calls == 0
    assert progress.status is IntentStatus.SUPPRESSED
    assert (progress.attempts[0].status, progress.attempts[0].failure) == (
        AttemptStatus.FAILED,
        FailureClass.OPTED_OUT,
    )


def test_a_process_that_stood_still_for_long_makes_no_call(world: World) -> None:
    with_wait(world, lambda: world.clock.pass_by(Pace().lease.total_seconds()))
    progress = world.run(world.accept("sms"))
    assert (world.provider.calls, progress.attempts[0].status) == (0, AttemptStatus.STARTED)


@pytest.mark.parametrize("bound", [1, 3])
def test_no_more_calls_are_in_flight_than_the_bound(world: World, bound: int) -> None:
    open_now, most, lock = [0], [0], threading.Lock()
    go = threading.Event()

    class Counting:
        def send(self, request: object, *, test: bool) -> dict[str, str]:
            with lock:
                open_now[0] += 1
                most[0] = max(most[0], open_now[0])
                if open_now[0] == bound:
                    go.set()
            go.wait(5)
            with lock:
                open_now[0] -= 1
            return {"sid": f"SM{id(request):032d}", "status": "accepted"}

    acting = world.house.acting
    writes = replace(acting.writes, calls=Counting())  # type: ignore[type-var]
    acting = replace(acting, writes=writes, under_way=threading.BoundedSemaphore(bound))
    world.house = replace(world.house, acting=acting)
    ids = [world.accept("sms", body=f"Order {n}") for n in range(8)]
    threads = [threading.Thread(target=world.run, args=(intent_id,)) for intent_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most[0] == bound
    assert {world.load(intent_id).attempts[0].status for intent_id in ids} == {AttemptStatus.ACCEPTED}
