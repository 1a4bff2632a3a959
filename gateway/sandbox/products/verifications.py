"""Verify: start, fetch, cancel or approve, and check a code, with Twilio's limits of five and five.

Source: twilio_verify_v2 and Verify's Rate Limits and Timeouts page; a wrong code is no error.
"""

import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.forms import EMAIL, is_e164, json_object, named, only
from gateway.sandbox.numbers import subscriber
from gateway.sandbox.paging import meta_page
from gateway.sandbox.products import stream
from gateway.sandbox.products.verification import Attempt, Verification
from gateway.sandbox.products.verify_services import SERVICE, require_service
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.scenarios import scenario_for
from gateway.sandbox.sids import new_sid
from gateway.sandbox.times import now, within

if TYPE_CHECKING:
    from gateway.sandbox.world import World

PARAMETERS = named(
    "To Channel CustomFriendlyName CustomMessage SendDigits Locale CustomCode Amount Payee RateLimits "
    "ChannelConfiguration AppHash TemplateSid TemplateCustomSubstitutions DeviceIp EnableSnaClientToken RiskCheck "
    "Tags"
)
CHECK_PARAMETERS = named("Code To VerificationSid Amount Payee SnaClientToken")
CHANNELS = frozenset({"sms", "call", "email", "whatsapp", "sna"})
MOST_SENDS = 5
MOST_CHECKS = 5


def _start(world: "World", ask: Ask) -> Reply:
    service = require_service(ask)
    only(ask, PARAMETERS, 60200)
    to, channel = _read(ask)
    if channel != "email":
        _refuse_by_scenario(to, channel)
    verification = _living(world, service, to)
    if verification is None:
        verification = _new(world, ask, service, to, channel)
    elif verification.status != "pending" or len(verification.sends) >= MOST_SENDS:
        raise Refusal(60203, headers={"Retry-After": str(_seconds_left(world, verification))})
    verification.channel = channel
    verification.updated = now()
    world.log.note_created("verifications", to)
    _send_code(world, verification)
    return Reply(201, verification.as_json(), sid=verification.sid)


def _read(ask: Ask) -> tuple[str, str]:
    to, channel = ask.one("To") or "", ask.one("Channel") or ""
    if channel not in CHANNELS:
        raise Refusal(60200, f"Channel: {channel}")
    if not (EMAIL.fullmatch(to) if channel == "email" else is_e164(to)):
        raise Refusal(60200, f"To: {to}")
    for name in ("RateLimits", "ChannelConfiguration", "Tags"):
        text = ask.one(name)
        if text is not None and json_object(text) is None:
            raise Refusal(60200, name)
    return to, channel


def _refuse_by_scenario(to: str, channel: str) -> None:
    plan = scenario_for(to).verify
    code = plan.refusal or (plan.sms_refusal if channel == "sms" else None)
    if code is not None:
        raise Refusal(code, to)


def _new(world: "World", ask: Ask, service: str, to: str, channel: str) -> Verification:
    tags = ask.one("Tags")
    verification = Verification(
        sid=new_sid("VE"),
        account_sid=ask.account_sid,
        service_sid=service,
        to=to,
        channel=channel,
        code=f"{secrets.randbelow(10**6):06d}",
        country=None if channel == "email" else subscriber(to).country,
        tags=json_object(tags) if tags else None,
    )
    world.verifications.add(verification)
    world.later(world.options.code_life_seconds, _expire, world, verification)
    stream.verification_changed(world, verification, "pending")
    return verification


def _send_code(world: "World", verification: Verification) -> None:
    attempt = Attempt(
        sid=new_sid("VL"),
        account_sid=verification.account_sid,
        service_sid=verification.service_sid,
        verification_sid=verification.sid,
        to=verification.to,
        channel=verification.channel,
        country=verification.country,
    )
    verification.sends.append(attempt)
    world.attempts.add(attempt)
    world.later(2 * world.step, _arrive, world, verification, attempt)


def _arrive(world: "World", verification: Verification, attempt: Attempt) -> None:
    """The code reaches the person, or the scenario says that it does not."""
    plan = scenario_for(attempt.to).verify
    attempt.delivery = "completed" if attempt.channel == "call" else plan.ends
    attempt.error_code = plan.code
    attempt.updated = now()
    if plan.ends == "delivered":
        words = f"Your code is: {verification.code}"
        world.outbox.put(
            "verification", attempt.to, words, sid=verification.sid, channel=attempt.channel, code=verification.code
        )
    stream.attempt_changed(world, attempt)


def _expire(world: "World", verification: Verification) -> None:
    if verification.status not in ("pending", "max_attempts_reached"):
        return
    _settle(world, verification, "expired")
    for attempt in verification.sends:
        attempt.expired = True


def _settle(world: "World", verification: Verification, status: str) -> None:
    verification.status = status
    verification.updated = now()
    stream.verification_changed(world, verification, status)


def _seconds_left(world: "World", verification: Verification) -> int:
    ends = verification.created + timedelta(seconds=world.options.code_life_seconds)
    return max(1, round((ends - now()).total_seconds()))


def _living(world: "World", service: str, to: str) -> Verification | None:
    """The verification of this address that has not come to an end."""
    for verification in world.verifications.newest(to):
        if verification.service_sid == service and verification.status in ("pending", "max_attempts_reached"):
            return verification
    return None


def _fetchable(world: "World", ask: Ask) -> Verification:
    """By SID or address; what was approved, deleted or has expired is gone."""
    service, key = require_service(ask), ask.params["sid"]
    found = world.verifications.get(key) or next(world.verifications.newest(key), None)
    if found is None or found.service_sid != service or found.status in ("approved", "expired", "deleted"):
        raise Refusal(20404, ask.path)
    return found


def _fetch(world: "World", ask: Ask) -> Reply:
    verification = _fetchable(world, ask)
    return Reply(200, verification.as_json(), sid=verification.sid)


def _update(world: "World", ask: Ask) -> Reply:
    only(ask, frozenset({"Status"}), 60200)
    verification, status = _fetchable(world, ask), ask.one("Status")
    if status not in ("approved", "canceled"):
        raise Refusal(60200, "Status")
    _settle(world, verification, status)
    if status == "approved":
        verification.sends[-1].converted = True
    return Reply(200, verification.as_json(), sid=verification.sid)


def _check(world: "World", ask: Ask) -> Reply:
    service = require_service(ask)
    only(ask, CHECK_PARAMETERS, 60200)
    to, sid, code = ask.one("To"), ask.one("VerificationSid"), ask.one("Code") or ""
    if to is None and sid is None:
        raise Refusal(60200, "To or VerificationSid")
    if not re.fullmatch(r"[0-9A-Za-z]{4,10}", code):
        raise Refusal(60200, "Code")
    verification = world.verifications.get(sid) if sid else _living(world, service, to or "")
    if verification is None or verification.status not in ("pending", "max_attempts_reached"):
        raise Refusal(20404, ask.path)
    if verification.status == "max_attempts_reached":
        raise Refusal(60202)
    _judge(world, verification, code)
    shown = verification.check_as_json()
    if verification.status == "pending" and verification.checks >= MOST_CHECKS:
        # The answer to the fifth wrong code still says pending; only the next check is refused.
        _settle(world, verification, "max_attempts_reached")
    return Reply(201, shown, sid=verification.sid)


def _judge(world: "World", verification: Verification, code: str) -> None:
    verification.checks += 1
    verification.updated = now()
    if secrets.compare_digest(code.encode(), verification.code.encode()):
        verification.sends[-1].converted = True
        _settle(world, verification, "approved")


def _attempt(world: "World", ask: Ask) -> Reply:
    attempt = world.attempts.get(ask.params["sid"])
    if attempt is None:
        raise Refusal(20404, ask.path)
    return Reply(200, attempt.as_json(), sid=attempt.sid)


def _attempts(world: "World", ask: Ask) -> Reply:
    wanted = {
        "country": ask.asked("Country"),
        "channel": ask.asked("Channel"),
        "service_sid": ask.asked("VerifyServiceSid"),
        "verification_sid": ask.asked("VerificationSid"),
        "conversion_status": ask.asked("Status"),
    }
    after, before = ask.asked("DateCreatedAfter"), ask.asked("DateCreatedBefore")
    try:
        rows = [
            attempt
            for attempt in world.attempts.newest(ask.asked("ChannelData.To"))
            if all(value in (None, getattr(attempt, name)) for name, value in wanted.items())
            and within(attempt.created, None, after, before)
        ]
    except ValueError:
        raise Refusal(60200, "DateCreated") from None
    return meta_page(ask, "attempts", rows, Attempt.as_json)


OPERATIONS = (
    Operation("verify", "start", "POST", SERVICE + "/Verifications", _start, creates=True),
    Operation("verify", "fetch", "GET", SERVICE + "/Verifications/{sid}", _fetch),
    Operation("verify", "update", "POST", SERVICE + "/Verifications/{sid}", _update),
    Operation("verify", "check", "POST", SERVICE + "/VerificationCheck", _check),
    Operation("verify", "list_attempts", "GET", "/v2/Attempts", _attempts),
    Operation("verify", "fetch_attempt", "GET", "/v2/Attempts/{sid}", _attempt),
)
