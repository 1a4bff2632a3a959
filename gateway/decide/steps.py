"""Which steps of a list can be taken for this intent, and why the others are passed over; the list is the policy's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.channels import CHANNELS
from gateway.channels.lacks import Lack
from gateway.decide import origins
from gateway.model import Channel, Facts, Intent, Policy, Reason, Step
from gateway.optout import carried_by, suppressed

OPTED_OUT = "recipient_opted_out"
UNREACHABLE = "unreachable_lately"


@dataclass(frozen=True, slots=True)
class Choice:
    """The steps of one list that can be taken, in its order, and one reason for each of the others."""

    taken: tuple[Step, ...] = ()
    passed: tuple[Reason, ...] = ()

    def was_passed_for(self, code: str) -> bool:
        return any(reason.code == code for reason in self.passed)

    def was_only_passed_for(self, code: str) -> bool:
        return not self.taken and all(reason.code == code for reason in self.passed)


Obstacle = Callable[[Step, Intent, Facts, Policy], Reason | None]


def choose(steps: tuple[Step, ...], intent: Intent, facts: Facts, policy: Policy) -> Choice:
    taken: list[Step] = []
    passed: list[Reason] = []
    for step in steps:
        found = (obstacle(step, intent, facts, policy) for obstacle in OBSTACLES)
        reason = next((reason for reason in found if reason), None)
        if reason is None:
            taken.append(step)
        else:
            passed.append(reason)
    return Choice(tuple(taken), tuple(passed))


def wanted(step: Step, intent: Intent) -> bool:
    """Whether the application's narrowing leaves this step. It names steps or channels, and never touches proof."""
    return step.proves or not intent.channels or str(step) in intent.channels or step.channel.value in intent.channels


def not_in_channels(step: Step, intent: Intent, facts: Facts, policy: Policy) -> Reason | None:
    return (
        None if wanted(step, intent) else passed_over("not_in_channels", step, "it is not among the channels asked for")
    )


def recipient_opted_out(step: Step, intent: Intent, facts: Facts, policy: Policy) -> Reason | None:
    entry = suppressed(step, facts, policy.purposes[intent.purpose])
    return None if entry is None else passed_over(OPTED_OUT, step, f"the recipient opted out ({entry.scope})")


def lacking(step: Step, intent: Intent, facts: Facts, policy: Policy) -> Reason | None:
    """What the channel itself misses; the reason's code is the lack's."""
    lack = CHANNELS[step.channel].lacks(step, intent, facts, policy)
    return None if lack is None else passed_over(Lack(lack).code, step, lack)


def only_called(step: Step, intent: Intent, facts: Facts, policy: Policy) -> Reason | None:
    """A SIP address is for calls alone; what proves a person elsewhere may still be asked for."""
    if not intent.to.is_sip or step.proves or step.channel is Channel.VOICE:
        return None
    return passed_over(Lack.NOT_FOR_SIP.code, step, Lack.NOT_FOR_SIP)


def unreachable_lately(step: Step, intent: Intent, facts: Facts, policy: Policy) -> Reason | None:
    channel = carried_by(step).value
    until = facts.held_channels.get(channel)
    if until is None or until <= facts.as_of:
        return None
    since = origins.learned(facts, channel)
    told = f", learned {since}" if since else ""
    return passed_over(UNREACHABLE, step, f"the number was not reachable by it lately{told}")


OBSTACLES: tuple[Obstacle, ...] = (not_in_channels, only_called, recipient_opted_out, lacking, unreachable_lately)


def passed_over(code: str, step: Step, why: str) -> Reason:
    return Reason(code, f"{step} passed over: {why}")
