"""The body of `POST /send` and `POST /route`: its fields, their bounds, and nothing that needs the policy."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, HttpUrl, field_validator

from gateway.model import Channel, Step

MAX_PARAMETERS_BYTES = 8192
CHANNELS = ", ".join(Channel)
Text = Annotated[str, Field(min_length=1, max_length=1600)]
HttpsUrl = Annotated[str, Field(max_length=2048, pattern=r"^https?://[^\s]+$")]
_WITH_HOST = re.compile(r"[A-Za-z]+://[^\s/?#\\][^\s]*")

_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


class Strict(BaseModel):
    """Unknown fields and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SmsContent(Strict):
    media_urls: Annotated[list[HttpsUrl], Field(max_length=10)] = Field(
        default=[], description="Up to 10 media URLs: the text goes as MMS."
    )


class VoiceContent(Strict):
    say: Annotated[str, Field(min_length=1, max_length=3900)] | None = Field(
        default=None, description="What is said instead of the body."
    )
    voice: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = Field(
        default=None, description="A voice of <Say>, e.g. Polly.Joanna-Neural."
    )
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = Field(
        default=None, description="BCP 47, e.g. en-US."
    )
    dial: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="Whom the call is connected to after the words; only where the purpose allows it."
    )


class WhatsAppContent(Strict):
    content_sid: Annotated[str, Field(pattern=r"^HX[0-9a-fA-F]{32}$")] | None = Field(
        default=None, description="The approved template for use outside the 24-hour window."
    )
    variables: Annotated[dict[str, Annotated[str, Field(max_length=1024)]], Field(max_length=32)] = Field(
        default={}, description="The template's variables."
    )


class EmailContent(Strict):
    subject: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\r\n]*$")] | None = None
    html: Annotated[str, Field(min_length=1, max_length=100_000)] | None = None


# Frozen, so one of each serves all: a default given as a value is copied for every request.
NO_SMS, NO_VOICE, NO_WHATSAPP, NO_EMAIL = SmsContent(), VoiceContent(), WhatsAppContent(), EmailContent()


class ContentPayload(Strict):
    """Detail per channel; what is not given follows from `body`."""

    sms: SmsContent = Field(default_factory=lambda: NO_SMS)
    voice: VoiceContent = Field(default_factory=lambda: NO_VOICE)
    whatsapp: WhatsAppContent = Field(default_factory=lambda: NO_WHATSAPP)
    email: EmailContent = Field(default_factory=lambda: NO_EMAIL)


NO_CONTENT = ContentPayload()


class SendPayload(Strict):
    """What an application wants: who, what, why."""

    to: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        description="E.164, or national as a person types it (then `country` is needed); `sip:` for voice.",
        examples=["+14155550100"],
    )
    country: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] | None = Field(
        default=None, description="ISO 3166-1 alpha-2, for national input.", examples=["US"]
    )
    purpose: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        default="notification", description="A purpose of the policy."
    )
    body: Text | None = Field(default=None, description="The text.", examples=["Your order has shipped."])
    content: ContentPayload = Field(default_factory=lambda: NO_CONTENT)
    email: Annotated[str, Field(min_length=3, max_length=254)] | None = Field(
        default=None, description="Address for the email step and for Verify by e-mail."
    )
    identity: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")] | None = Field(
        default=None, description="The application's own opaque id of the person; needed for TOTP."
    )
    channels: Annotated[list[str], Field(min_length=1, max_length=16)] | None = Field(
        default=None, description="Narrows the delivery steps of the route; never widens it, never skips proof."
    )
    flow: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = Field(
        default=None, description="A configured Studio flow: the route becomes this one step."
    )
    parameters: dict[str, Any] | None = Field(default=None, description="The flow's parameters, at most 8 kB.")
    send_at: AwareDatetime | None = Field(
        default=None, strict=False, description="Not before; RFC 3339, at most 35 days ahead."
    )
    ttl_seconds: Annotated[int, Field(ge=1, le=3_024_000)] = Field(
        default=14400, description="Given up so long after the earliest moment it may go."
    )
    max_lookup_age_seconds: Annotated[int, Field(ge=0, le=31_536_000)] | None = Field(
        default=None, description="A cached lookup older than this is fetched again."
    )
    callback_url: Annotated[str, Field(max_length=2048)] | None = Field(
        default=None, description="https URL for signed status events."
    )
    metadata: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=64)], Annotated[str, Field(max_length=512)]],
        Field(max_length=16),
    ] = Field(default={}, description="Comes back in events; at most 16 keys.")

    @field_validator("send_at", mode="before")
    @classmethod
    def _send_at_is_rfc_3339(cls, value: Any) -> Any:
        if value is not None and not (isinstance(value, str) and _RFC_3339.fullmatch(value)):
            raise ValueError("must be RFC 3339 with seconds and an offset, such as 2030-01-31T09:00:00Z")
        return value

    @field_validator("channels")
    @classmethod
    def _channels_exist(cls, value: list[str] | None) -> list[str] | None:
        for text in value or []:
            if text != "studio" and not _is_step(text):
                raise ValueError(f"must be steps or channels: {CHANNELS}, or a step such as verify:call, studio:<flow>")
        return value

    @field_validator("parameters")
    @classmethod
    def _parameters_are_small(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None and _json_bytes(value) > MAX_PARAMETERS_BYTES:
            raise ValueError("must be at most 8 kB of JSON")
        return value

    @field_validator("callback_url")
    @classmethod
    def _callback_is_https(cls, value: str | None) -> str | None:
        # The parser mends what it is given (blanks, a missing slash); what is kept and called is the text as it came.
        if value is not None and (HttpUrl(value).scheme != "https" or not _WITH_HOST.fullmatch(value)):
            raise ValueError("must be an https URL")
        return value


def _is_step(text: str) -> bool:
    try:
        Step.parse(text)
    except ValueError:  # it repeats what was given, which may be anything
        return False
    return True


def _json_bytes(value: dict[str, Any]) -> int:
    """As they are sent: UTF-8 without blanks. JSON has no NaN and no infinity, though parsers let them in."""
    try:
        return len(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode())
    except ValueError as err:
        raise ValueError("must hold finite numbers only") from err
