"""Every exception of the gateway, drawn as one tree; each carries what a caller or an operator needs to act.

GatewayError
├── Refused            the caller's mistake or the policy's no: becomes a problem document
│   └── InvalidRequest     … with the fields that are wrong
├── StoreError
│   ├── StoreUnavailable   Redis did not answer, or is unsafe or too full to accept
│   └── AcceptUnknown      Redis may or may not hold the intent
├── ProviderError      Twilio or SendGrid said no, or said nothing
│   ├── ProviderRefused    … an answer with a code
│   └── ProviderSilent     … no answer: the outcome is unknown
├── LookupUnavailable  no line type can be had in time
└── Misconfigured      the start stops; names the setting and the accepted values
"""

from __future__ import annotations

from dataclasses import dataclass


class GatewayError(Exception):
    """The root: whatever the gateway raises on purpose."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field of a request: a dotted path and a sentence."""

    field: str
    message: str


class Refused(GatewayError):
    """A request that is answered with a problem document of this code (the table of kinds in api/problems.py)."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after_seconds: int | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.errors = errors
        self.retry_after_seconds = retry_after_seconds
        self.extra = extra or {}


class InvalidRequest(Refused):
    """A request whose shape is wrong, with one entry per wrong field."""

    def __init__(self, *errors: FieldError, code: str = "invalid_request") -> None:
        super().__init__(code, "; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)


class StoreError(GatewayError):
    """Something about Redis."""


class StoreUnavailable(StoreError):
    """Redis did not answer, or is not safe to accept into."""


class AcceptUnknown(StoreError):
    """The store's answer to an accept was lost twice: the intent may or may not be there."""

    def __init__(self, intent_id: str) -> None:
        super().__init__(f"accept of {intent_id} was not confirmed")
        self.intent_id = intent_id


class ProviderError(GatewayError):
    """A call to Twilio or SendGrid that did not succeed."""


class ProviderRefused(ProviderError):
    """An answer that says no. `code` is Twilio's (the HTTP status where the body had none)."""

    def __init__(self, status: int, code: int, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(f"{status}/{code}")
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds


class ProviderSilent(ProviderError):
    """No answer at all. `sent` is False when the request certainly never left (connect failure)."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class LookupUnavailable(GatewayError):
    """Lookup cannot answer in time: away, throttled, out of budget, or the breaker is open."""

    def __init__(self, cause: str, *, retry_after_seconds: int = 30) -> None:
        super().__init__(cause)
        self.cause = cause
        self.retry_after_seconds = retry_after_seconds


class Misconfigured(GatewayError):
    """A setting that stops the start. `setting` is its dotted name."""

    def __init__(self, setting: str, detail: str) -> None:
        super().__init__(f"{setting}: {detail}")
        self.setting = setting
        self.detail = detail
