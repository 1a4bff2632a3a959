"""What a policy would have decided of intents that were accepted under another: the same call, with the facts of then.

Nothing is looked up, sent or written. Who was refused at the door was not stored, so nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from gateway import decide
from gateway.adapters.store.past import Past
from gateway.batch.comparing import STEP_PRICES, Difference
from gateway.batch.row import STEP_MARK
from gateway.model import Decision, Facts, Intent, Policy, Progress

LISTED = 10_000
"""So many that turned are named; the rest is counted."""
REFUSED = "refused: "


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the past: `purpose` None is every one, `tests` those of test keys too, `limit` the newest so many."""

    purpose: str | None = None
    tests: bool = False
    limit: int | None = None

    def of(self, past: Iterable[Past]) -> Iterator[Past]:
        left = self.limit
        for each in past:
            if left == 0:
                return
            intent = each.progress.intent
            if (intent.test and not self.tests) or self.purpose not in (None, intent.purpose):
                continue
            left = None if left is None else left - 1
            yield each


@dataclass(frozen=True, slots=True)
class Turned:
    """One intent that would be decided otherwise."""

    intent: Intent
    before: str
    after: str


@dataclass(slots=True)
class Replay:
    """`cut`: only a summary is left. `undecided`: nothing was ever decided of them, or the facts were not kept."""

    read: int = 0
    same: int = 0
    cut: int = 0
    undecided: int = 0
    difference: Difference = field(default_factory=Difference)
    turned: list[Turned] = field(default_factory=list)


def replayed(past: Iterable[Past], policy: Policy, prices: Mapping[str, Decimal] = STEP_PRICES) -> Replay:
    found = Replay()
    for each in past:
        found.read += 1
        progress = each.progress
        if each.cut:
            found.cut += 1
        elif progress.facts is None:
            found.undecided += 1
        else:
            _compare(found, progress, again(progress.intent, progress.facts, policy), prices)
    return found


def again(intent: Intent, facts: Facts, policy: Policy) -> Decision:
    """The verdict of this policy. Opt-outs are among the facts, so what comes before them is asked without any."""
    refusal = decide.precheck(intent, policy, suppressions=())
    return Decision(refusal=refusal) if refusal is not None else decide.decide(intent, facts, policy)


def decided(progress: Progress) -> Decision:
    """What was decided of it. A refusal that the worker found is kept as the intent's failure."""
    if progress.decision.steps:
        return progress.decision
    return replace(progress.decision, refusal=progress.failure)


def way(decision: Decision) -> str:
    """The steps, or the code of the refusal."""
    if decision.refusal is not None:
        return REFUSED + decision.refusal.code
    return STEP_MARK.join(map(str, decision.steps))


def _compare(found: Replay, progress: Progress, verdict: Decision, prices: Mapping[str, Decimal]) -> None:
    before, after = way(decided(progress)), way(verdict)
    if before == after:
        found.same += 1
        return
    found.difference.add(before, after, prices)
    if len(found.turned) < LISTED:
        found.turned.append(Turned(progress.intent, before, after))
