"""The policy as it would work out: steps that cannot reach a line type, and steps that nobody is there to take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gateway.channels import CHANNELS
from gateway.channels.shape import Sender
from gateway.doctor.finding import Finding, failed, ok, warning
from gateway.doctor.patient import Patient
from gateway.model import Channel, Purpose, Step

# channel → whether this sender can take a step on it, and what it lacks otherwise
NEEDS: Mapping[Channel, tuple[Callable[[Sender], bool], str]] = {
    Channel.SMS: (lambda s: bool(s.messaging_service_sid or s.from_number), "messaging_service_sid or from_number"),
    Channel.VOICE: (lambda s: bool(s.from_number), "from_number"),
    Channel.WHATSAPP: (lambda s: bool(s.whatsapp_from), "whatsapp_from"),
    Channel.VERIFY: (lambda s: bool(s.verify_service_sid), "verify_service_sid"),
    Channel.TOTP: (lambda s: bool(s.verify_service_sid), "verify_service_sid"),
    Channel.STUDIO: (lambda s: bool(s.messaging_service_sid or s.from_number), "from_number"),
}


def reach(patient: Patient) -> Iterator[Finding]:
    found = False
    for purpose, _ in patient.purposes():
        for line_type, steps in purpose.routes.items():
            for step in steps:
                if not CHANNELS[step.channel].reaches(line_type):
                    found = True
                    what = f"[purposes.{purpose.name}] {line_type} names {step}, which does not reach such a number."
                    yield warning("policy_reach", what, "Take it out of the list: every attempt would fail.")
    if not found:
        yield ok("policy_reach", "Every step of every list can reach its line type.")


def takers(patient: Patient) -> Iterator[Finding]:
    """A purpose with no step left for some line type fails; one that only passes over a step is told."""
    found = False
    for purpose, senders in patient.purposes():
        missing = {step: lack for step in patient.steps_of(purpose) if (lack := _lack(patient, step, senders))}
        for step, lack in sorted(missing.items(), key=lambda item: str(item[0])):
            found = True
            yield _told(purpose, step, lack, frozenset(missing))
    if not found:
        yield ok("policy_senders", "Every step of every purpose has somebody to take it.")


def _told(purpose: Purpose, step: Step, lack: str, missing: frozenset[Step]) -> Finding:
    lists = [*purpose.routes.items(), ("default", purpose.default), ("then", purpose.then)]
    dead = [str(name) for name, steps in lists if step in steps and set(steps) <= missing]
    what = f"[purposes.{purpose.name}] {step} cannot be taken: {lack} is missing."
    todo = "Configure it, or take the step out of the purpose."
    if dead:
        return failed("policy_senders", f"{what} Nothing else is left for {', '.join(dead)}.", todo)
    return warning("policy_senders", f"{what} It is passed over.", todo)


def _lack(patient: Patient, step: Step, senders: tuple[Sender, ...]) -> str | None:
    """What all of the purpose's senders lack for this step, or None."""
    if step.channel is Channel.EMAIL:
        return None if patient.settings.email.sends else "SENDGRID_API_KEY or SENDGRID_FROM_EMAIL"
    flow = patient.settings.flows.get(step.variant)
    if flow is not None and flow.from_number:
        return None
    able, lack = NEEDS[step.channel]
    return None if any(able(sender) for sender in senders) else f"{lack} of {' and '.join(s.name for s in senders)}"
