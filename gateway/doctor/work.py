"""Whether anybody is at work: a worker that was seen, a queue that moves, sending that is not on hold."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from gateway.doctor.finding import Finding, failed, ok, warning
from gateway.doctor.patient import Patient
from gateway.wiring.liveness import inbound_held, queue_age_seconds, worker_seen_seconds

SILENT_AFTER, OLD_AFTER = 60.0, 60.0
RQ_MAJOR = "3"


def work(patient: Patient) -> Iterator[Finding]:
    """Raises StoreUnavailable."""
    gateway = patient.gateway
    seen = worker_seen_seconds(gateway)
    if seen is None or seen > SILENT_AFTER:
        when = "within the last hour" if seen is None else f"for {seen:.0f} s"
        yield failed("worker", f"No worker was seen {when}: nothing is sent.", "Start one: gateway worker")
    else:
        yield ok("worker", f"A worker was seen {seen:.0f} s ago; the sweep runs in it.")
    age = queue_age_seconds(gateway)
    if age > OLD_AFTER:
        todo = "Start more workers, raise [dispatch] concurrency, or see why sends are slow."
        yield warning("queue", f"The oldest intent that is due has been waiting for {age:.0f} s.", todo)
    else:
        yield ok("queue", f"What is due waits for {age:.1f} s at most.")
    yield from _holds(patient)


def _holds(patient: Patient) -> Iterator[Finding]:
    why = patient.gateway.pausing.why()
    if why is not None:
        todo = (
            "Look the code up at twilio.com/docs/api/errors and put the account right; sending then resumes by itself."
        )
        yield failed("sending", f"All sending is on hold: {why}.", todo)
    else:
        yield ok("sending", "Sending is not on hold.")
    if inbound_held(patient.gateway):
        todo = "It ends by itself after the catch-up; if it stays, a worker must be running and Twilio must answer."
        yield warning("inbound", "Sending waits until missed inbound messages were fetched.", todo)


def rq(_: Patient) -> Iterator[Finding]:
    found = version("rq")
    if found.partition(".")[0] != RQ_MAJOR:
        what = f"RQ is {found}; its layout in Redis is another than the one that is read here."
        yield failed("rq_version", what, "Install what constraints.txt names: rq>=3.0,<4.")
    else:
        yield ok("rq_version", f"RQ {found}.")
