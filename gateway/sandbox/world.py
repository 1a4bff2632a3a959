"""Everything one sandbox remembers, and its clockwork: later, in the background, all over again."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from gateway.sandbox.callbacks import Callbacks
from gateway.sandbox.courier import Courier
from gateway.sandbox.faults import Faults
from gateway.sandbox.options import (
    SANDBOX_FROM_NUMBER,
    SANDBOX_MESSAGING_SERVICE_SID,
    SANDBOX_WHATSAPP_FROM,
    SandboxOptions,
)
from gateway.sandbox.outbox import Outbox
from gateway.sandbox.products.call import Call
from gateway.sandbox.products.message import Message
from gateway.sandbox.products.stream import Sink, Subscription
from gateway.sandbox.products.studio_execution import Execution
from gateway.sandbox.products.totp_resources import Challenge, Entity, Factor
from gateway.sandbox.products.verification import Attempt, Verification
from gateway.sandbox.requestlog import RequestLog
from gateway.sandbox.shelf import Shelf


class World:
    """Operations get this and an Ask. All of it lives on one event loop, so no step needs a lock."""

    def __init__(self, options: SandboxOptions) -> None:
        self.options = options
        self.courier = Courier(options.allow_any_callback_host, options.bound)
        self.log = RequestLog(options.bound)
        self.faults = Faults(options.seed)
        self.in_flight = 0
        self.most_in_flight = 0
        self.stopping: asyncio.Event | None = None
        self._generation = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._settle()

    def _settle(self) -> None:
        options, bound = self.options, self.options.bound
        self.callbacks = Callbacks(self)
        self.outbox = Outbox(bound)
        self.messages: Shelf[Message] = Shelf(bound, lambda message: message.to)
        self.calls: Shelf[Call] = Shelf(bound, lambda call: call.to)
        self.verifications: Shelf[Verification] = Shelf(bound, lambda verification: verification.to)
        self.attempts: Shelf[Attempt] = Shelf(bound, lambda attempt: attempt.to)
        self.entities: Shelf[Entity] = Shelf(bound, lambda entity: entity.identity)
        self.factors: Shelf[Factor] = Shelf(bound, lambda factor: factor.identity)
        self.challenges: Shelf[Challenge] = Shelf(bound, lambda challenge: challenge.factor_sid)
        self.executions: Shelf[Execution] = Shelf(bound, lambda execution: execution.to)
        self.sinks: Shelf[Sink] = Shelf(100)
        self.subscriptions: Shelf[Subscription] = Shelf(100)
        self.tries: Counter[str] = Counter()
        self.blocks: set[tuple[str, str]] = set()
        self.windows: dict[tuple[str, str], datetime] = {}  # by our sender and the person
        self.senders: dict[str, str | None] = dict.fromkeys(
            (SANDBOX_FROM_NUMBER, SANDBOX_WHATSAPP_FROM, SANDBOX_MESSAGING_SERVICE_SID, *options.senders)
        )
        self.inbound_url = options.inbound_url
        self.events_url = options.events_url
        self.sendgrid_webhook_url = options.sendgrid_webhook_url
        self.verify_webhook_url = options.verify_webhook_url

    def reset(self) -> None:
        """Forget everything that was received or set; what was under way goes no further."""
        self._generation += 1
        for task in list(self._tasks):
            task.cancel()
        self.log.clear()
        self.courier.record.clear()
        self.faults = Faults(self.options.seed)
        self.most_in_flight = self.in_flight
        self._settle()

    @property
    def step(self) -> float:
        """Seconds between two statuses."""
        return self.options.step_ms / 1000

    def later(self, seconds: float, act: Callable[..., None], *given: Any) -> None:
        """Call `act` after a while, unless the sandbox was reset meanwhile."""
        asyncio.get_running_loop().call_later(seconds, self._due, self._generation, act, given)

    def _due(self, generation: int, act: Callable[..., None], given: tuple[Any, ...]) -> None:
        if generation == self._generation:
            act(*given)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def hold(self, seconds: float) -> None:
        """Wait, but not beyond the sandbox's own end."""
        if self.stopping is None:
            await asyncio.sleep(seconds)
            return
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return

    async def open(self) -> None:
        self.stopping = asyncio.Event()

    async def close(self) -> None:
        if self.stopping is not None:
            self.stopping.set()
        self._generation += 1
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.courier.close()

    def is_first(self, kind: str, number: str) -> bool:
        """True the first time it is asked for this kind and number."""
        return self.count_try(kind, number) == 1

    def count_try(self, kind: str, number: str) -> int:
        key = f"{kind} {number}"
        self.tries[key] += 1
        return self.tries[key]

    def owns(self, sender: str) -> bool:
        return sender in self.senders
