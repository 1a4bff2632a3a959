"""Start a verification, unless one to the same address was started a moment ago: then its code is this intent's too.

Twilio would send the same code of the same verification again, for money. Who is proved by it is decided elsewhere.
"""

from __future__ import annotations

from gateway.act.acting import Acting
from gateway.act.asking import service_of
from gateway.channels.shape import Operation, ProviderRequest
from gateway.model import AttemptStatus, Channel, Outcome, Progress, Verification
from gateway.ports import Started


def shared_start(acting: Acting, begun: Progress, request: ProviderRequest) -> Outcome | None:
    """The outcome without a call, where another intent's start can be shared. A repeat of one's own is wanted."""
    if request.operation is not Operation.VERIFICATION:
        return None
    start = _name(request.resource, str(request.params["to"]), str(request.params["channel"]), begun.intent.test)
    found = acting.writes.verifications.started(start, acting.clock.now())
    if found is None or any(attempt.provider_sid == found.sid for attempt in begun.attempts):
        return None
    acting.writes.verifications.expect(found.sid, begun.intent.id)
    return Outcome(AttemptStatus.ACCEPTED, found.sid, deadline=found.deadline)


def note_start(acting: Acting, begun: Progress, request: ProviderRequest, outcome: Outcome) -> None:
    """Before the intent is stored as waiting. It may be shared from now on."""
    sid = outcome.provider_sid
    if request.operation is not Operation.VERIFICATION or not sid or outcome.status is not AttemptStatus.ACCEPTED:
        return
    acting.writes.verifications.expect(sid, begun.intent.id)
    start = _name(request.resource, str(request.params["to"]), str(request.params["channel"]), begun.intent.test)
    deadline = begun.attempts[-1].started_at + acting.pace.code_life
    acting.writes.verifications.note_started(start, Started(sid, deadline), acting.pace.resend_after)


def forget_start(acting: Acting, progress: Progress, waits: Verification) -> None:
    """Its code is of no use any more, or never arrived: the next start is a new one."""
    if waits.step.channel is not Channel.VERIFY:
        return
    to, variant = progress.intent.to, waits.step.variant
    address = to.email or "" if variant == "email" else to.number
    start = _name(service_of(acting, progress, waits.sid), address, variant, progress.intent.test)
    acting.writes.verifications.forget_started(start)


def _name(service: str, address: str, variant: str, test: bool) -> str:
    return f"{service}\n{address}\n{variant}\n{test}"
