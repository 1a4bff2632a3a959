"""The doctor: looks at configuration, Redis, Twilio and the running processes, and says what is wrong and what to do.

It sends nothing to anybody and changes nothing; only a new store takes the fingerprint of the keys, as ever.
"""

from gateway.doctor.examination import CHECKS, examine
from gateway.doctor.finding import Finding, Status

__all__ = ["CHECKS", "Finding", "Status", "examine"]
