"""Resources as Twilio's API answers them, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from gateway.adapters.twilio import Homes, TwilioAccess, TwilioCalls, twilio_calls
from gateway.model import Attempt, AttemptStatus, Step
from tests.adapters.loopback import Asked, Loopback, Reply, loopback

ACCOUNT = "AC" + "a" * 32
SERVICE = "MG" + "1" * 32
VERIFY = "VA" + "2" * 32
FLOW = "FW" + "3" * 32
TO = "+14155550100"
FROM = "+14155550199"
NOW = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)


def sid(prefix: str, number: int = 1) -> str:
    return prefix + f"{number:032x}"


def rfc2822(at: datetime) -> str:
    return format_datetime(at)


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def a_message(number: int = 1, at: datetime = NOW, **other: Any) -> dict[str, Any]:
    return {
        "sid": sid("SM", number),
        "status": "accepted",
        "to": TO,
        "from": None,
        "messaging_service_sid": SERVICE,
        "body": "Your order shipped",
        "direction": "outbound-api",
        "date_created": rfc2822(at),
        "date_sent": None,
        "num_segments": "0",
        "price": None,
        "price_unit": None,
        "error_code": None,
        "error_message": None,
        **other,
    }


def a_call(number: int = 1, at: datetime = NOW, **other: Any) -> dict[str, Any]:
    return {
        "sid": sid("CA", number),
        "status": "queued",
        "to": TO,
        "from": FROM,
        "direction": "outbound-api",
        "date_created": rfc2822(at),
        **other,
    }


def a_code(number: int = 1, at: datetime = NOW, **other: Any) -> dict[str, Any]:
    """A Verification Attempt."""
    return {
        "sid": sid("VL", number),
        "verification_sid": sid("VE", number),
        "service_sid": VERIFY,
        "channel": "sms",
        "conversion_status": "unconverted",
        "date_created": iso(at),
        "channel_data": {"to": TO, "message_status": "sent"},
        **other,
    }


def an_execution(number: int = 1, at: datetime = NOW, **other: Any) -> dict[str, Any]:
    return {
        "sid": sid("FN", number),
        "flow_sid": FLOW,
        "contact_channel_address": TO,
        "status": "active",
        "date_created": iso(at),
        **other,
    }


def listed(asked: Asked, key: str, resources: list[dict[str, Any]]) -> Reply:
    """One page of a list in the shape of its API: 2010-04-01 names the next page by path, the others by URL."""
    size, page = int(asked.query["PageSize"][0]), int(asked.query.get("Page", ["0"])[0])
    shown = resources[page * size : (page + 1) * size]
    more = len(resources) > (page + 1) * size
    following = f"{asked.path}?PageSize={size}&Page={page + 1}" if more else None
    if asked.path.startswith("/2010-04-01"):
        return Reply(body={key: shown, "next_page_uri": following, "page": page, "page_size": size})
    url = f"https://{asked.headers['Host']}{following}" if following else None
    return Reply(body={key: shown, "meta": {"key": key, "next_page_url": url, "page": page, "page_size": size}})


def refused(status: int, code: int, message: str = "") -> Reply:
    return Reply(status, {"code": code, "message": message, "status": status})


@contextmanager
def calls_to(answering: Callable[[Asked], Reply], **other: Any) -> Iterator[tuple[TwilioCalls, Loopback]]:
    with loopback(answering) as server:
        homes = Homes(VERIFY, {"welcome": FLOW})
        access = TwilioAccess(ACCOUNT, ACCOUNT, "token", base_url=server.url)
        yield twilio_calls(access, **{"mail": None, "sandbox": None, "homes": homes, **other}), server


def an_attempt(step: str = "sms", provider_sid: str | None = None, at: datetime = NOW) -> Attempt:
    return Attempt(1, Step.parse(step), AttemptStatus.UNKNOWN, at, provider_sid=provider_sid)


def by_path(answers: Mapping[str, Callable[[Asked], Reply]]) -> Callable[[Asked], Reply]:
    """Answers by the end of the path; anything else is not found."""

    def answering(asked: Asked) -> Reply:
        found = next((answer for end, answer in answers.items() if asked.path.endswith(end)), None)
        return found(asked) if found else refused(404, 20404)

    return answering
