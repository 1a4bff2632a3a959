"""What Twilio checks before it takes a call, in its order, each check with its code.

Source: twilio_api_v2010 (createCall) and Twilio's error dictionary.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.sandbox.ask import Ask
from gateway.sandbox.forms import is_callback_url, is_e164, named, only, whole_number
from gateway.sandbox.products.call import Call
from gateway.sandbox.products.twiml import TwimlFault, parse
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.scenarios import scenario_for
from gateway.sandbox.sids import new_sid

if TYPE_CHECKING:
    from gateway.sandbox.world import World

PARAMETERS = named(
    "To From Method FallbackUrl FallbackMethod StatusCallback StatusCallbackEvent StatusCallbackMethod SendDigits "
    "Timeout Record RecordingChannels RecordingStatusCallback RecordingStatusCallbackMethod SipAuthUsername "
    "SipAuthPassword MachineDetection MachineDetectionTimeout RecordingStatusCallbackEvent Trim CallerId "
    "MachineDetectionSpeechThreshold MachineDetectionSpeechEndThreshold MachineDetectionSilenceTimeout AsyncAmd "
    "AsyncAmdStatusCallback AsyncAmdStatusCallbackMethod Byoc CallReason CallToken RecordingTrack TimeLimit Url "
    "Twiml ApplicationSid ClientNotificationUrl Passports RecordingConfigurationId"
)
EVENTS = ("initiated", "ringing", "answered", "completed")
SIP = re.compile(r"sip:[^@\s<>]+@[^@\s<>]+")
LONGEST_SIP = 255


def read_call(world: "World", ask: Ask) -> Call:
    """The call that was asked for, not yet begun. Raises Refusal."""
    only(ask, PARAMETERS)
    for check in CHECKS:
        check(world, ask)
    url = ask.one("Url")
    return Call(
        sid=new_sid("CA"),
        account_sid=ask.account_sid,
        to=ask.one("To") or "",
        sender=ask.one("From") or "",
        twiml=None if url else ask.one("Twiml"),
        url=url,
        fallback_url=ask.one("FallbackUrl"),
        callback_url=ask.one("StatusCallback"),
        callback_events=tuple(_events(ask)) or ("completed",),
        machine_detection=ask.one("MachineDetection"),
    )


def _events(ask: Ask) -> list[str]:
    """Repeated fields, or one field with the events in a row."""
    return [event for value in ask.many("StatusCallbackEvent") for event in value.split()]


def _numbers(world: "World", ask: Ask) -> None:
    to, sender = ask.one("To"), ask.one("From")
    if to is None:
        raise Refusal(21201)
    if sender is None:
        raise Refusal(21213)
    if to.startswith("sip:"):
        if not SIP.fullmatch(to) or len(to) > LONGEST_SIP:
            raise Refusal(13243, to)
    elif not to.startswith("client:") and not is_e164(to):
        raise Refusal(21211, to)
    if not world.owns(sender):
        raise Refusal(21210, sender)


def _instructions(world: "World", ask: Ask) -> None:
    twiml, url = ask.one("Twiml"), ask.one("Url")
    if twiml is None and url is None and ask.one("ApplicationSid") is None:
        raise Refusal(21205, "Url, Twiml or ApplicationSid is required")
    if url is not None and not is_callback_url(url):
        raise Refusal(21205, url)
    if twiml is not None and url is None:
        try:
            parse(twiml)
        except TwimlFault as fault:
            raise Refusal(fault.code) from None


def _settings(world: "World", ask: Ask) -> None:
    callback, timeout = ask.one("StatusCallback"), ask.one("Timeout")
    if callback is not None and not is_callback_url(callback):
        raise Refusal(21609, callback)
    unknown = [event for event in _events(ask) if event not in EVENTS]
    if unknown:
        raise Refusal(21626, unknown[0])
    if timeout is not None and whole_number(timeout, 1, 600) is None:
        raise Refusal(20001, "Timeout")
    if ask.one("MachineDetection") not in (None, "Enable", "DetectMessageEnd"):
        raise Refusal(20001, "MachineDetection")


def _scenario(world: "World", ask: Ask) -> None:
    plan = scenario_for(ask.one("To") or "").call
    if plan.refusal is not None:
        raise Refusal(plan.refusal, ask.one("To") or "")


CHECKS: tuple[Callable[["World", Ask], None], ...] = (_numbers, _instructions, _settings, _scenario)
