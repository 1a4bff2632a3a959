"""A purpose's table: a list of steps per line type, and the rules around them.

The defaults here are those of a purpose that the shipped file does not name; `notification` there spells them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from gateway.model import Channel, LineType, Purpose, QuietHours, Step, VoiceRules
from gateway.settings.sections import Section
from gateway.settings.values import LookupField, Name, Seconds, Steps, quiet_span

Route = Steps | None
"""None: the key is not there, the line type goes by `default`. An empty list is a route that leads nowhere."""


class PurposeVoiceSection(Section):
    confirm: bool = False
    machine_detection: bool = False
    voicemail_counts: bool = True
    opt_out_key: bool = True


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


class PurposeSection(Section):
    mobile: Route = None
    landline: Route = None
    fixed_voip: Route = Field(None, alias="fixedVoip")
    non_fixed_voip: Route = Field(None, alias="nonFixedVoip")
    toll_free: Route = Field(None, alias="tollFree")
    premium: Route = None
    shared_cost: Route = Field(None, alias="sharedCost")
    personal: Route = None
    uan: Route = None
    voicemail: Route = None
    pager: Route = None
    unknown: Route = None
    default: Steps = ()
    then: Steps = ()
    undeliverable: Steps = ()
    on_lookup_failure: Literal["defer", "offline", "stale", "reject"] = "defer"
    max_lookup_age_seconds: Seconds | None = None
    fallback_after_seconds: Seconds = 0
    sender: Annotated[tuple[Name, ...], BeforeValidator(_listed), Field(min_length=1)] = ("default",)
    priority: Literal["urgent", "normal", "bulk"] = "normal"
    quiet_hours: Annotated[QuietHours | None, PlainValidator(quiet_span)] = None
    allow_dial: bool = False
    exempt_from_keyword: bool = False
    deny_sim_swapped_within_hours: Annotated[int, Field(ge=0, le=8760)] = 0
    lookup_fields: tuple[LookupField, ...] = ()
    voice: PurposeVoiceSection = PurposeVoiceSection()

    def routes(self) -> Mapping[LineType, tuple[Step, ...]]:
        listed = {line_type: getattr(self, line_type.name.lower()) for line_type in LineType}
        return {line_type: steps for line_type, steps in listed.items() if steps is not None}

    def lists(self) -> Iterator[tuple[str, tuple[Step, ...]]]:
        """Every list of first steps under the key that holds it."""
        yield from ((line_type.value, steps) for line_type, steps in self.routes().items())
        yield "default", self.default

    def built(self, name: str) -> Purpose:
        return Purpose(
            name=name,
            routes=self.routes(),
            default=self.default,
            then=self.then,
            undeliverable=self.undeliverable,
            on_lookup_failure=self.on_lookup_failure,
            max_lookup_age=_seconds(self.max_lookup_age_seconds),
            fallback_after=timedelta(seconds=self.fallback_after_seconds),
            senders=self.sender,
            allow_dial=self.allow_dial,
            exempt_from_keyword=self.exempt_from_keyword,
            deny_sim_swapped_within=timedelta(hours=self.deny_sim_swapped_within_hours) or None,
            lookup_fields=self._fields(),
            priority=self.priority,
            quiet_hours=self.quiet_hours,
            voice=VoiceRules(**self.voice.model_dump()),
        )

    def _fields(self) -> tuple[LookupField, ...]:
        """A purpose that refuses fresh SIM swaps has to ask for them, whether its author thought of it or not."""
        asked = (*self.lookup_fields, "sim_swap") if self.deny_sim_swapped_within_hours else self.lookup_fields
        return tuple(dict.fromkeys(asked))


def _seconds(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)


def step_faults(name: str, purpose: PurposeSection, flows: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a purpose's lists taken together, as (dotted setting, sentence)."""
    for key, steps in (*purpose.lists(), ("then", purpose.then), ("undeliverable", purpose.undeliverable)):
        for step in steps:
            if step.channel is Channel.STUDIO and step.variant not in flows:
                known = ", ".join(sorted(flows)) or "none is configured"
                yield f"purposes.{name}.{key}", f"{step} names no flow of [studio.flows]; accepted: {known}"
    for key, steps in purpose.lists():
        if len({step.proves for step in steps}) > 1:
            yield f"purposes.{name}.{key}", _mixed(steps)
    if proving := [str(step) for step in purpose.then if step.proves]:
        yield f"purposes.{name}.then", f"delivers after the proof, so it cannot hold {', '.join(proving)}"
    if other := [str(step) for step in purpose.undeliverable if step.channel is not Channel.EMAIL]:
        yield f"purposes.{name}.undeliverable", f"{', '.join(other)} needs a number that works; accepted: email"


def _mixed(steps: tuple[Step, ...]) -> str:
    proving = ", ".join(str(step) for step in steps if step.proves)
    rest = ", ".join(str(step) for step in steps if not step.proves)
    return f"mixes proof ({proving}) with delivery ({rest}); list the proof here and the delivery in `then`"
