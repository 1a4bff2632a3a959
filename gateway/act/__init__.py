"""Decision → Attempt: write down, do, write the outcome; and what follows from it."""

from gateway.act.acting import Acting
from gateway.act.billing import bill
from gateway.act.dispatch import dispatch
from gateway.act.followup import look_after
from gateway.act.reports import report
from gateway.act.settling import look_at_proof

__all__ = ["Acting", "bill", "dispatch", "look_after", "look_at_proof", "report"]
