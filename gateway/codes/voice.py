"""Codes of the Calls API and of TwiML, and what the end of a call means when no code comes with it.

Source: Twilio's error dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from gateway.codes.rows import CodeRow, bug, config, invalid, retry, unreachable
from gateway.model import LineType

ROWS: tuple[CodeRow, ...] = (
    retry(10004, "too many calls at once", after=timedelta(seconds=30), slows="sender"),
    config(10005, "voice is disabled for this account"),
    bug(11100, "a URL of the call was not accepted"),
    bug(11750, "the TwiML is too large"),
    bug(12100, "the TwiML is not well-formed"),
    bug(12102, "the TwiML has the wrong root"),
    bug(12300, "the TwiML came with the wrong content type"),
    config(13225, "Twilio blocks calls to this number"),
    config(13227, "the account may not call this region"),
    invalid(13243, "the SIP address is not valid"),
    invalid(13254, "the SIP host has no public address"),
    bug(13520, "the text to be said was not accepted"),
    bug(13521, "the text to be said is too long"),
    config(15003, "our status callback answered with an error"),
    bug(21201, "the call has no recipient"),
    # Ends here: what was meant to be a call must not become a text to a premium number.
    invalid(21202, "the recipient is a premium number", learns=LineType.PREMIUM),
    config(21203, "the account may not call abroad"),
    bug(21205, "a URL of the call was not accepted"),
    config(21210, "the caller's number is not verified"),
    unreachable(21214, "the number cannot be reached by a call"),
    config(21215, "the account may not call this region"),
    config(21216, "Twilio blocks calls to this number"),
    config(21219, "a trial account calls verified numbers only"),
    config(21226, "SIP is not enabled for this account"),
    bug(21227, "the SIP headers are too long"),
    bug(21228, "a SIP header was not accepted"),
    bug(21229, "a SIP header was not accepted"),
    config(21264, "the caller's number is not valid"),
    unreachable(32009, "the SIP user is not registered"),
    retry(32016, "the carrier did not begin to ring in time"),
    config(32017, "the carrier blocks the caller's number"),
    bug(32018, "the TwiML is too long for the request"),
    bug(32019, "both TwiML and a URL were given"),
    invalid(32110, "the SIP address is malformed"),
)

# A line that is busy now is free in two minutes; a call that failed or was canceled is not the person's doing.
_AGAIN = timedelta(seconds=120)
CALL_STATUSES: Mapping[str, CodeRow] = {
    "busy": retry(0, "the line was busy", retries=2, after=_AGAIN),
    "no-answer": retry(0, "nobody answered", retries=2, after=_AGAIN),
    "failed": unreachable(0, "the call could not be connected"),
    "canceled": unreachable(0, "the call was canceled before it was answered"),
    "cancelled": unreachable(0, "the call was canceled before it was answered"),
}
