"""Why a step cannot be taken for an intent: one table of sentences; who asks decides what follows from it."""

from __future__ import annotations

from enum import StrEnum


class Lack(StrEnum):
    """The value is the sentence (never personal data), `code` the name under which a reason carries it."""

    NO_BODY = "there is no text to deliver"
    NO_EMAIL_ADDRESS = "no e-mail address was given"
    NO_FACTOR = "no TOTP factor of this person is known"
    NO_SENDER = "no sender is configured for it"
    NO_TEMPLATE = "the 24-hour window is closed and no template was given"
    NOT_FOR_SIP = "a SIP address can only be called"
    DIAL_NOT_ALLOWED = "the purpose does not allow a call to be connected onwards"
    TEXT_TOO_LONG = "the text is too long for it"
    PARAMETERS_TOO_LARGE = "the parameters are larger than 8 kB"

    @property
    def code(self) -> str:
        return self.name.lower()
