"""What each code of Twilio and SendGrid means to us: one table for create errors and callback errors. Pure.

Source: Twilio's error dictionary. A code that is not in the table still has an answer, by where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from gateway.codes import email, messaging, verify, voice
from gateway.codes.lookup import PACKAGES, PackageEffect, PackageRow, lookup_package
from gateway.codes.moments import defer_until
from gateway.codes.rows import CodeRow, Moment, account, bug, retry, unknown_outcome, unlisted
from gateway.model import FailureClass

__all__ = [
    "LIFTED_BY_START",
    "PACKAGES",
    "TABLE",
    "CodeRow",
    "Moment",
    "PackageEffect",
    "PackageRow",
    "classify_callback",
    "classify_create",
    "classify_drop",
    "classify_email",
    "defer_until",
    "lookup_package",
    "row",
]

TABLE: Mapping[int, CodeRow] = {entry.code: entry for entry in messaging.ROWS + voice.ROWS + verify.ROWS}

LIFTED_BY_START = frozenset({"21610", "30004", "30630"})
"""Suppression sources that are the provider's memory of a STOP: START takes them back."""

_STATUSES: Mapping[str, Mapping[str, CodeRow]] = {
    "call": voice.CALL_STATUSES,
    "verification": verify.VERIFICATION_STATUSES,
    "flow": verify.FLOW_STATUSES,
    "email": email.EVENTS,
}

_UNLISTED_PAUSE = timedelta(minutes=1)
_MAYBE_DONE = unknown_outcome(0, "no clear answer: it may have been done")
# 408 says that the server stopped waiting, not that it did nothing.
_BY_HTTP_STATUS: Mapping[int, CodeRow] = {
    HTTPStatus.UNAUTHORIZED: account(0, "the credentials were not accepted"),
    HTTPStatus.FORBIDDEN: account(0, "the credentials do not allow this"),
    HTTPStatus.REQUEST_TIMEOUT: _MAYBE_DONE,
    HTTPStatus.TOO_MANY_REQUESTS: retry(0, "too many requests; this one was not processed", slows="account"),
}


def row(code: int) -> CodeRow:
    """The row of a code, or the row for what no table knows."""
    return TABLE.get(code) or unlisted(code, "not in the table of codes", after=_UNLISTED_PAUSE)


def classify_create(status: int, code: int) -> CodeRow:
    """What Twilio's refusal of a create call means. `code` equals `status` where the body had none."""
    listed = TABLE.get(code)
    server_failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    # A row that would send again needs proof that nothing was done, and a 5xx to a POST is none.
    if server_failed and (listed is None or listed.failure is FailureClass.RETRY):
        return replace(_MAYBE_DONE, code=code)
    if listed is not None:
        return listed
    by_status = _BY_HTTP_STATUS.get(status)
    return replace(by_status, code=code) if by_status else bug(code, "refused with a code that no table knows")


def classify_callback(code: int | None, status: str, subject: str = "message") -> CodeRow:
    """What a report of failure means. `subject` is what the report speaks of; a listed code outranks the status."""
    listed = TABLE.get(code) if code else None
    if listed is None:
        named = _STATUSES.get(subject, {}).get(status)
        return replace(named, code=code or 0) if named else row(code or 0)
    if listed.failure is FailureClass.UNKNOWN_OUTCOME:
        # The report itself is the outcome: it did not go through, so trying again is safe.
        return retry(listed.code, listed.meaning)
    return listed


def classify_email(status: int) -> CodeRow:
    """What SendGrid's refusal means."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return replace(email.SILENT_ANSWER, code=status)
    return email.ANSWERS.get(status) or bug(status, "the e-mail request was refused")


def classify_drop(reason: str) -> CodeRow:
    """What SendGrid's reason for a `dropped` event means, in whatever case it is written."""
    return email.DROPS.get(reason.strip().lower()) or email.EVENTS["dropped"]
