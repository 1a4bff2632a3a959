"""What act works with: the powers to write and call, the rules it keeps, the senders it writes as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.act.moves import expires_at
from gateway.act.pace import Pace
from gateway.callbacks import CallbackUrls
from gateway.channels import CHANNELS
from gateway.channels.shape import ChannelShape, ProviderRequest, Sender, Situation
from gateway.codes import CodeRow
from gateway.model import Attempt, Channel, FailureClass, Intent, Policy, Progress, Purpose, Step
from gateway.optout import blocking_scopes, exempt_sources
from gateway.ports import Clock, Known, Writes
from gateway.quiet import quiet_from, quiet_until

SOON = timedelta(seconds=10)
"""So shortly before quiet hours nothing is begun. Source: Twilio advises against a ValidityPeriod of 5 s or less."""
TOLD_APART_BY_TEXT = frozenset({Channel.SMS, Channel.STUDIO, Channel.EMAIL})
"""Of calls, codes and templates a provider's list shows the address alone."""


@dataclass(frozen=True, slots=True)
class Acting:
    """Everything a step needs; made once by wiring.

    `known` reads what the state knows of a recipient; `hashed` is the keyed hash of texts; `alert` tells an operator
    (event name, fields without personal data). `bound` takes the events that came before their SID had an owner.
    `under_way` is entered for a step's provider call, to bound how many are in flight at once.
    `test_sender` is the one sender of test intents, which are taken where there is a sandbox (`takes_tests`).
    """

    writes: Writes
    policy: Policy
    senders: Mapping[str, Sender]
    urls: CallbackUrls
    clock: Clock
    known: Callable[[Intent], Known]
    hashed: Callable[[str], str]
    alert: Callable[[str, Mapping[str, object]], None]
    paused_until: Callable[[], datetime | None]
    pause_sending: Callable[[timedelta, str], None]
    zones: Callable[[str], tuple[str, ...]]
    bound: Callable[[str], None] = lambda _: None
    under_way: AbstractContextManager[object] = field(default_factory=nullcontext)
    test_sender: Sender = field(default_factory=Sender)
    takes_tests: bool = False
    pace: Pace = field(default_factory=Pace)
    search_after: tuple[timedelta, ...] = (timedelta(seconds=30), timedelta(seconds=120))

    def store(self, seen: Progress, wanted: Progress) -> Progress | None:
        """Store a change that was thought out for what was seen, if that still stands; gives what is stored then."""
        return self.writes.intents.update(
            seen.intent.id, lambda stored: wanted if stored.version == seen.version else None
        )

    def purpose(self, intent: Intent) -> Purpose:
        """One that left the configuration since has no route any more."""
        return self.policy.purposes.get(intent.purpose) or Purpose(intent.purpose, {})

    def shape(self, step: Step) -> ChannelShape:
        return CHANNELS[step.channel]

    def sender_for(self, progress: Progress) -> Sender:
        return self._sender(progress.intent, progress.lookup.country if progress.lookup else progress.intent.to.country)

    def _sender(self, intent: Intent, country: str | None) -> Sender:
        """The first of the purpose's senders whose countries match; one without countries matches all."""
        if intent.test:
            return self.test_sender
        names = self.purpose(intent).senders
        for name in names:
            sender = self.senders[name]
            if not sender.countries or country in sender.countries:
                return sender
        return self.senders[names[-1]]

    def facing(self, intent: Intent, known: Known) -> Known:
        """What is known, with the WhatsApp window of the sender who would write; others' windows open nothing."""
        if not known.whatsapp_windows:
            return known
        return replace(known, whatsapp_window_until=self.window_until(known, self._sender(intent, intent.to.country)))

    def window_until(self, known: Known, sender: Sender) -> datetime | None:
        return known.whatsapp_windows.get(self.hashed(sender.whatsapp_from)) if known.whatsapp_windows else None

    def situation(self, progress: Progress, attempt: Attempt, expires: datetime) -> Situation:
        intent = progress.intent
        sender, window = self.sender_of(progress, attempt), False
        if attempt.step.channel is Channel.WHATSAPP:
            until = self.window_until(self.known(intent), sender)
            window = until is not None and until > self.clock.now()
        return Situation(
            intent=intent,
            step=attempt.step,
            attempt=attempt.number,
            as_of=attempt.started_at,
            expires_at=expires,
            sender=sender,
            purpose=self.purpose(intent),
            lookup=progress.lookup,
            urls=self.urls,
            whatsapp_window_open=window,
        )

    def quiet_until(self, intent: Intent, moment: datetime) -> datetime | None:
        """When it will be quiet no more where the recipient may be; None: it is not quiet at `moment`, nor soon."""
        hours = self.purpose(intent).quiet_hours
        if hours is None or intent.to.is_sip:
            return None
        zones = self.zones(intent.to.number)
        return quiet_until(moment, zones, hours) or quiet_until(moment + SOON, zones, hours)

    def deliver_by(self, progress: Progress, now: datetime) -> datetime:
        """What is handed over now is of use until then: its time to live ends, or it gets quiet where they may be."""
        intent, expires = progress.intent, expires_at(progress)
        hours = self.purpose(intent).quiet_hours
        if hours is None or intent.to.is_sip:
            return expires
        return min(expires, quiet_from(now, self.zones(intent.to.number), hours) or expires)

    def sender_of(self, progress: Progress, attempt: Attempt) -> Sender:
        """With whom the attempt was begun, while the configuration still has it."""
        own = None if progress.intent.test else self.senders.get(attempt.sender)
        return own or self.sender_for(progress)

    def verify_service(self, *, test: bool) -> str:
        """Where TOTP factors live."""
        return (self.test_sender if test else self.senders["default"]).verify_service_sid

    def writer(self, step: Step, sender: Sender) -> str:
        """What a reply to this step will come to; empty where there is none. A service picks its number by itself."""
        if step.channel is Channel.SMS:
            return sender.messaging_service_sid or sender.from_number
        return sender.whatsapp_from if step.channel is Channel.WHATSAPP else ""

    def request(self, situation: Situation) -> ProviderRequest:
        return self.shape(situation.step).request(situation)

    def pace_for(self, intent: Intent, row: CodeRow | None = None) -> Pace:
        """The general pace; a purpose that does not wait long for `delivered` is looked at sooner."""
        pace, fallback = self.pace, self.purpose(intent).fallback_after
        if fallback:
            pace = replace(pace, poll_after=min(pace.poll_after, fallback))
        if row is not None and row.failure is FailureClass.DEFER:
            pace = replace(pace, zones=self.zones(intent.to.number))
        return pace

    def scopes(self, step: Step) -> frozenset[str]:
        return blocking_scopes(step)

    def exempt(self, intent: Intent, step: Step) -> frozenset[str]:
        """Keyword opt-outs do not stop the proof steps of a purpose that says so."""
        return exempt_sources(step, self.purpose(intent))

    def fingerprint(self, intent: Intent, step: Step) -> str:
        """The same for two attempts that a provider's list could not tell apart."""
        return fingerprint(self.hashed, intent, step)


def fingerprint(hashed: Callable[[str], str], intent: Intent, step: Step) -> str:
    said = (intent.content.body or intent.flow or "").replace("\r\n", "\n").strip()
    if step.channel not in TOLD_APART_BY_TEXT:
        said = ""
    return hashed(f"{intent.to.number}\n{intent.to.email or ''}\n{step}\n{said}" + ("\ntest" if intent.test else ""))
