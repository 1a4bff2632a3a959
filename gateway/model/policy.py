"""The rules as configured: per purpose, and for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from gateway.model.line_type import LineType
from gateway.model.step import Step


@dataclass(frozen=True, slots=True)
class VoiceRules:
    confirm: bool = False
    machine_detection: bool = False
    voicemail_counts: bool = True
    opt_out_key: bool = True


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours in which nothing goes out, by the recipient's clock. They may span midnight."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose's rules: a step list per line type, and what happens around it."""

    name: str
    routes: Mapping[LineType, tuple[Step, ...]]
    default: tuple[Step, ...] = ()
    then: tuple[Step, ...] = ()
    undeliverable: tuple[Step, ...] = ()
    on_lookup_failure: str = "defer"
    max_lookup_age: timedelta | None = None
    fallback_after: timedelta = timedelta(0)
    senders: tuple[str, ...] = ("default",)
    allow_dial: bool = False
    exempt_from_keyword: bool = False
    deny_sim_swapped_within: timedelta | None = None
    lookup_fields: tuple[str, ...] = ()
    priority: str = "normal"
    quiet_hours: QuietHours | None = None
    voice: VoiceRules = field(default_factory=VoiceRules)

    def steps_for(self, line_type: LineType) -> tuple[Step, ...]:
        return self.routes.get(line_type, self.default)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules as configured. An empty `allow_countries` allows all."""

    allow_countries: frozenset[str]
    deny_countries: frozenset[str]
    deny_line_types: frozenset[LineType]
    flag_line_types: frozenset[LineType]
    deny_carriers: tuple[str, ...]
    purposes: Mapping[str, Purpose]
    stop_scope: str = "all"
    sip_hosts: frozenset[str] = frozenset()
    flows: frozenset[str] = frozenset()
    whatsapp_senders: bool = False
    email_sender: bool = False
    proof_max_age: timedelta = timedelta(days=30)
