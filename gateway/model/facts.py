"""What is known of a recipient when it is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.model.line_type import LineType

LINE_TYPE = "line_type"
"""Under which name `Facts.origins` keeps who taught the line type."""


class LookupSource(StrEnum):
    CACHE = "cache"
    LIVE = "live"
    SHARED = "shared"
    LEARNED = "learned"
    OFFLINE = "offline"
    STALE = "stale"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is known of a number, and from where. `errors` maps a field to the provider's code for it."""

    number: str
    source: LookupSource
    looked_up_at: datetime | None
    valid: bool | None = None
    validation_errors: tuple[str, ...] = ()
    country: str | None = None
    national_format: str | None = None
    line_type: LineType = LineType.UNKNOWN
    carrier: str | None = None
    mobile_country_code: str | None = None
    mobile_network_code: str | None = None
    caller_name: str | None = None
    sim_swap: Mapping[str, Any] | None = None
    errors: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SuppressionEntry:
    """One reason not to write to an address. `scope` is `all` or a channel; `source` who said so."""

    scope: str
    source: str
    at: datetime
    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a learned fact comes from, and since when it is known. `source`: an error's code; empty: none was given."""

    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """All that decide may know besides the intent and the policy; `as_of` is the only time.

    `held_channels`: channels on which this number was repeatedly unreachable or blocked, with the time until which.
    `origins`: who taught the line type (under LINE_TYPE) and each hold (under its channel).
    """

    as_of: datetime
    lookup: Lookup
    suppressions: tuple[SuppressionEntry, ...] = ()
    email_suppressions: tuple[SuppressionEntry, ...] = ()
    factor_sid: str | None = None
    proved_at: datetime | None = None
    whatsapp_window_until: datetime | None = None
    held_channels: Mapping[str, datetime] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)
