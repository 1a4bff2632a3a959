"""What Twilio checks before it takes a message, in its order, each check with its code.

Source: twilio_api_v2010 (createMessage), the Python library's parameters, and Twilio's error dictionary.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.sandbox.ask import Ask
from gateway.sandbox.forms import is_callback_url, is_e164, json_object, named, only, whole_number
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.times import now, read_moment

if TYPE_CHECKING:
    from gateway.sandbox.world import World

PARAMETERS = named(
    "To StatusCallback ApplicationSid MaxPrice ProvideFeedback Attempt ValidityPeriod ForceDelivery "
    "ContentRetention AddressRetention SmartEncoded PersistentAction TrafficType ShortenUrls ScheduleType SendAt "
    "SendAsMms ContentVariables RiskCheck MessageIntent FallbackFrom From MessagingServiceSid Body MediaUrl "
    "ContentSid"
)
LONGEST_BODY = 1600
MOST_MEDIA = 10
EARLIEST = timedelta(seconds=900)
LATEST = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Draft:
    """A create call that passed."""

    to: str
    sender: str | None
    service_sid: str | None
    body: str
    media_urls: tuple[str, ...]
    template: str | None
    callback_url: str | None
    validity_seconds: int
    send_at: datetime | None


def read_draft(world: "World", ask: Ask) -> Draft:
    only(ask, PARAMETERS)
    for check in CHECKS:
        check(world, ask)
    return Draft(
        to=ask.one("To") or "",
        sender=ask.one("From"),
        service_sid=ask.one("MessagingServiceSid"),
        body=ask.one("Body") or "",
        media_urls=tuple(ask.many("MediaUrl")),
        template=ask.one("ContentSid"),
        callback_url=ask.one("StatusCallback"),
        validity_seconds=int(ask.one("ValidityPeriod") or 36_000),
        send_at=read_moment(ask.one("SendAt") or "") if ask.one("ScheduleType") else None,
    )


def _there(world: "World", ask: Ask) -> None:
    if not ask.one("To"):
        raise Refusal(21604)
    if not ask.one("From") and not ask.one("MessagingServiceSid"):
        raise Refusal(21603)
    if not ask.one("Body") and not ask.many("MediaUrl") and not ask.one("ContentSid"):
        raise Refusal(21602)


def _recipient(world: "World", ask: Ask) -> None:
    to = ask.one("To") or ""
    sender = ask.one("From")
    if not is_e164(to.removeprefix("whatsapp:")):
        raise Refusal(21211, to)
    if sender is not None and sender.startswith("whatsapp:") != to.startswith("whatsapp:"):
        raise Refusal(21910)
    if sender == to:
        raise Refusal(21266)


def _sender(world: "World", ask: Ask) -> None:
    service, sender = ask.one("MessagingServiceSid"), ask.one("From")
    if service is not None and not world.owns(service):
        raise Refusal(21705, service)
    if sender is not None and not world.owns(sender):
        raise Refusal(21659 if is_e164(sender.removeprefix("whatsapp:")) else 21212, sender)


def _content(world: "World", ask: Ask) -> None:
    if len(ask.one("Body") or "") > LONGEST_BODY:
        raise Refusal(21617)
    media = ask.many("MediaUrl")
    if len(media) > MOST_MEDIA:
        raise Refusal(21623)
    if not all(url.startswith(("http://", "https://")) for url in media):
        raise Refusal(21620)


def _template(world: "World", ask: Ask) -> None:
    sid, variables = ask.one("ContentSid"), ask.one("ContentVariables")
    if variables is not None and sid is None:
        raise Refusal(21654)
    if sid is not None and not re.fullmatch(r"HX[0-9a-fA-F]{32}", sid):
        raise Refusal(21655, sid)
    if variables is not None:
        values = json_object(variables)
        if values is None or not all(isinstance(value, str) for value in values.values()):
            raise Refusal(21656)


def _settings(world: "World", ask: Ask) -> None:
    callback, validity = ask.one("StatusCallback"), ask.one("ValidityPeriod")
    if callback is not None and not is_callback_url(callback):
        raise Refusal(21609, callback)
    if validity is not None and whole_number(validity, 1, 36_000) is None:
        raise Refusal(21624, validity)


def _schedule(world: "World", ask: Ask) -> None:
    kind, moment = ask.one("ScheduleType"), ask.one("SendAt")
    if kind is None:
        if moment is not None:
            raise Refusal(20001, "SendAt without ScheduleType")
        return
    if kind != "fixed":
        raise Refusal(20001, "ScheduleType")
    if ask.one("MessagingServiceSid") is None:
        raise Refusal(35118)
    if moment is None:
        raise Refusal(35111)
    try:
        ahead = read_moment(moment) - now()
    except ValueError:
        raise Refusal(35114, moment) from None
    if not EARLIEST <= ahead <= LATEST:
        raise Refusal(35114, moment)


CHECKS: tuple[Callable[["World", Ask], None], ...] = (
    _there,
    _recipient,
    _sender,
    _content,
    _template,
    _settings,
    _schedule,
)
