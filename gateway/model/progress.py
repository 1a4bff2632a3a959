"""An intent on its way, with all that has become of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.model.attempt import Attempt, Verification
from gateway.model.decision import Decision, Reason
from gateway.model.facts import Facts, Lookup
from gateway.model.intent import Intent
from gateway.model.status import IntentStatus
from gateway.model.step import Step


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    at: datetime
    event: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """An intent and all that has become of it. `version` grows by one per stored change.

    `position` counts into `decision.steps`: the step under way or next. `tries` counts attempts on that step.
    `wake_at`: when somebody must look at it again; None when final.
    `earliest`: when it could first go out, where quiet hours made that later than it was wanted.
    `facts`: those of the last decision, so that it can be made again; None while there was none.
    `added`: timeline entries not yet stored. `parked`: events wait for the SID that was just stored with it.
    """

    intent: Intent
    status: IntentStatus
    version: int
    decision: Decision
    lookup: Lookup | None
    position: int = 0
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()
    proved: bool = False
    verification: Verification | None = None
    failure: Reason | None = None
    sent_at: datetime | None = None
    final: bool = False
    late: bool = False
    earliest: datetime | None = None
    updated_at: datetime | None = None
    wake_at: datetime | None = None
    ring: bool = False
    facts: Facts | None = None
    added: tuple[TimelineEntry, ...] = ()
    parked: bool = False

    @property
    def step(self) -> Step | None:
        steps = self.decision.steps
        return steps[self.position] if self.position < len(steps) else None

    @property
    def attempt(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None
