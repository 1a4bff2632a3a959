"""The plain sections of config/gateway.toml. Their defaults stand in that file, and only there.

A key has no default here because the shipped file, the first layer, always gives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from gateway.settings.values import (
    AccountSid,
    ApiKeySid,
    BaseUrl,
    Count,
    Country,
    EmailAddress,
    FlowSid,
    Host,
    Language,
    Line,
    Lines,
    LookupField,
    MemorySize,
    MessagingServiceSid,
    Milliseconds,
    Name,
    OptionalCountry,
    Positive,
    PositiveMilliseconds,
    PositiveSeconds,
    PublicKey,
    Ratio,
    RedisUrl,
    Seconds,
    SenderNumber,
    StrictNumber,
    Text,
    Variable,
    VerifyServiceSid,
)


class Section(BaseModel):
    """A table of the file: closed, frozen, and strict about types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)


class ServerSection(Section):
    public_base_url: BaseUrl
    port: Annotated[int, Field(ge=1, le=65535)]
    workers: Annotated[int, Field(ge=1, le=256)]
    threads: Annotated[int, Field(ge=1, le=1024)]
    data_dir: Text

    @property
    def patient_threads(self) -> int:
        """How many threads of a web process may wait for a lookup or in `Prefer: wait` at once: half of them."""
        return max(1, self.threads // 2)


class LogSection(Section):
    level: Literal["debug", "info", "warning", "error"]
    format: Literal["json", "console"]


class ApiKeySection(Section):
    sid: ApiKeySid
    secret_env: Variable


class SubaccountSection(Section):
    auth_token_env: Variable


class TwilioSection(Section):
    account_sid: AccountSid
    auth_mode: Literal["auto", "api_key", "auth_token"]
    api_base_url: BaseUrl
    timeout_ms: PositiveMilliseconds
    api_key: ApiKeySection
    subaccounts: dict[AccountSid, SubaccountSection]


class SendgridSection(Section):
    from_email: EmailAddress
    webhook_public_key: PublicKey


class LookupSection(Section):
    provider: Literal["twilio", "offline"]
    base_url: Annotated[BaseUrl, Field(min_length=1)]
    default_country_code: OptionalCountry
    default_fields: tuple[LookupField, ...]
    timeout_ms: PositiveMilliseconds
    max_retries: Annotated[int, Field(ge=0, le=10)]
    retry_backoff_ms: Milliseconds
    retry_jitter_ms: Milliseconds
    request_budget_ms: PositiveMilliseconds
    max_in_flight: Positive


class CacheSection(Section):
    enabled: bool
    backend: Literal["redis", "memory"]
    url: RedisUrl = Field(repr=False)
    ttl_seconds: PositiveSeconds
    negative_ttl_seconds: Seconds
    line_type_ttl_seconds: Mapping[Line, PositiveSeconds]


class PolicySection(Section):
    allow_countries: frozenset[Country]
    deny_countries: frozenset[Country]
    deny_line_types: Lines
    flag_line_types: Lines
    deny_carriers: tuple[Text, ...]


class SenderSection(Section):
    """One sender. These defaults are those of a sender that the shipped file does not name."""

    messaging_service_sid: MessagingServiceSid = ""
    from_number: SenderNumber = ""
    whatsapp_from: StrictNumber = ""
    verify_service_sid: VerifyServiceSid = ""
    countries: frozenset[Country] = frozenset()
    messages_per_second: Annotated[float, Field(ge=0, le=10_000)] = 0
    calls_per_second: Annotated[float, Field(ge=0, le=10_000)] = 1


class FlowSection(Section):
    sid: FlowSid
    from_number: SenderNumber = Field("", alias="from")


def _table(value: Any) -> Any:
    return {"sid": value} if isinstance(value, str) else value


class StudioSection(Section):
    flows: dict[Name, Annotated[FlowSection, BeforeValidator(_table)]]


class SuppressionSection(Section):
    stop_scope: Literal["all", "sms", "whatsapp", "voice"]


class VoiceSection(Section):
    sip_hosts: frozenset[Host]
    voice: Text
    language: Language


class VerifySection(Section):
    code_life_seconds: Annotated[int, Field(ge=120, le=86_400)]
    max_checks: Annotated[int, Field(ge=1, le=100)]
    resend_after_seconds: Annotated[int, Field(ge=0, le=86_400)]


class ProofSection(Section):
    max_age_seconds: Seconds


class LimitsSection(Section):
    requests_per_second: Count
    recipient_per_hour: Count
    recipient_same_body_per_hour: Count
    prefix_per_hour: Count
    prefix_digits: Annotated[int, Field(ge=1, le=15)]


MOST_IN_FLIGHT = 512
"""Sends of one worker process at once. Each has a thread; for more there are more processes."""


class DispatchSection(Section):
    concurrency: Annotated[int, Field(ge=1, le=MOST_IN_FLIGHT)]
    unknown_search_after_seconds: Annotated[tuple[PositiveSeconds, ...], Field(min_length=2, max_length=2)]
    sweep_seconds: Annotated[int, Field(ge=1, le=60)]
    lease_seconds: Annotated[int, Field(ge=4, le=50)]
    poll_after_seconds: PositiveSeconds
    bill_after_seconds: Seconds
    max_attempts_per_step: Annotated[int, Field(ge=1, le=100)]
    retry_first_seconds: PositiveSeconds
    retry_longest_seconds: PositiveSeconds
    grace_seconds: Seconds


class StoreSection(Section):
    redis_url: RedisUrl = Field(repr=False)
    maxmemory: MemorySize
    close_admission_at: Ratio
    socket_timeout_ms: PositiveMilliseconds
    replicas_wait: Annotated[int, Field(ge=0, le=10)]
    replicas_wait_ms: PositiveMilliseconds


class RetentionSection(Section):
    summary_after_seconds: PositiveSeconds
    delete_after_seconds: PositiveSeconds
    idempotency_seconds: PositiveSeconds
    sent_final_after_seconds: PositiveSeconds


class EventsSection(Section):
    allow_private_destinations: bool


class SandboxSection(Section):
    base_url: BaseUrl


class BreakerSection(Section):
    failure_ratio: Ratio
    minimum_calls: Positive
    window_seconds: PositiveSeconds
    open_seconds: PositiveSeconds


class BudgetSection(Section):
    lookups_per_day: Count
    lookups_per_day_per_app: Count


Price = Annotated[Decimal, Field(ge=0, le=100)]


class PricesSection(Section):
    """US dollars per lookup and field. Estimates: Twilio's invoice is what counts."""

    line_type_intelligence: Price
    caller_name: Price
    sim_swap: Price

    def of(self, fields: Iterable[str]) -> Decimal:
        """What one lookup of these fields costs. A bare validation is free."""
        return sum((getattr(self, field) for field in fields), Decimal(0))
