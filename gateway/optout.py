"""Which opt-out stops which step; it reads no list, it judges the entries it is given.

`all` on a number stops every step, e-mail and TOTP too: it is the person who said no, not the number.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model import Channel, Facts, Purpose, Step, SuppressionEntry

_PROVIDER = frozenset(f"{code}_{told}" for code in (21610, 30004, 30630) for told in ("create", "callback"))
KEYWORD_SOURCES = frozenset({"keyword", "opt_out_type", "keypad"}) | _PROVIDER
"""Sources that speak for a STOP; `api`, `import` and all others are somebody's deliberate entry."""

LIFTED_BY_START = KEYWORD_SOURCES
"""START takes back what a STOP said, to us or to the provider; never what was entered on purpose."""

PROVIDER_BLOCKS = KEYWORD_SOURCES - {"keypad"}
"""Entries beside which Twilio keeps a block of its own: taking ours away does not take away that one."""

_ALL = "all"
_VERIFY_CHANNEL: Mapping[str, Channel] = {
    "sms": Channel.SMS,
    "call": Channel.VOICE,
    "whatsapp": Channel.WHATSAPP,
    "email": Channel.EMAIL,
}


def carried_by(step: Step) -> Channel:
    """The channel that a person sees: Verify's variants come by SMS, call, WhatsApp or e-mail."""
    return _VERIFY_CHANNEL[step.variant] if step.channel is Channel.VERIFY else step.channel


def blocking_scopes(step: Step) -> frozenset[str]:
    """The scopes of an entry that stop this step: its own name, and what carries it. A flow may text and call, so
    either stops it.
    """
    own = frozenset({_ALL, step.channel.value})
    if step.channel is Channel.STUDIO:
        return own | {Channel.SMS.value, Channel.VOICE.value}
    return own | {carried_by(step).value}


def exempt_sources(step: Step, purpose: Purpose) -> frozenset[str]:
    """The sources whose entries do not stop this step: a STOP to a sender is no farewell to one's own log-in."""
    return KEYWORD_SOURCES if step.proves and purpose.exempt_from_keyword else frozenset()


def stopped(
    step: Step,
    purpose: Purpose,
    number_entries: tuple[SuppressionEntry, ...],
    address_entries: tuple[SuppressionEntry, ...],
) -> SuppressionEntry | None:
    """The first entry that stops `step`. The address' entries speak for e-mail alone, the number's for every step."""
    entries = number_entries + address_entries if carried_by(step) is Channel.EMAIL else number_entries
    scopes, exempt = blocking_scopes(step), exempt_sources(step, purpose)
    return next((entry for entry in entries if entry.scope in scopes and entry.source not in exempt), None)


def suppressed(step: Step, facts: Facts, purpose: Purpose) -> SuppressionEntry | None:
    """The entry that stops `step` by these facts, or None."""
    return stopped(step, purpose, facts.suppressions, facts.email_suppressions)
