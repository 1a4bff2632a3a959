"""Verify's TOTP challenges: a code is checked when the challenge is made, or later.

Source: twilio_verify_v2 and Twilio's error dictionary (60308, 60312, 60318, 60322 to 60324).
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.forms import json_object, named, only
from gateway.sandbox.paging import meta_page
from gateway.sandbox.products.totp_factors import ENTITIES, accepts, require_factor, tell
from gateway.sandbox.products.totp_resources import CHALLENGE_LIFE, Challenge, Factor
from gateway.sandbox.products.verify_services import require_service
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.sids import new_sid
from gateway.sandbox.times import now, read_moment

if TYPE_CHECKING:
    from gateway.sandbox.world import World

CHALLENGES = ENTITIES + "/{identity}/Challenges"
NEW = named("FactorSid ExpirationDate Details.Message Details.Fields HiddenDetails AuthPayload")
MOST_TRIES = 5
LONGEST_LIFE = timedelta(minutes=60)
# most challenges of a factor, in how long: for codes of five digits and more, and for shorter ones
RATES = ((50, timedelta(hours=1)), (100, timedelta(hours=24)))
SHORT_CODE_RATES = ((10, timedelta(hours=24)),)
SHORT_CODE = 4


def _create(world: "World", ask: Ask) -> Reply:
    require_service(ask)
    only(ask, NEW, 60200)
    sid = ask.one("FactorSid")
    if sid is None:
        raise Refusal(60200, "FactorSid")
    factor = require_factor(world, ask, sid)
    if factor.status != "verified":
        raise Refusal(60318)
    _within_rate(factor)
    message = ask.one("Details.Message")
    details: dict[str, Any] | None = {"message": message, "fields": [], "date": None} if message else None
    challenge = world.challenges.add(Challenge(new_sid("YC"), factor, _expiry(ask), details=details))
    factor.challenged_at.append(challenge.created)
    code = ask.one("AuthPayload")
    if code is not None:
        _answer(world, challenge, code)
    return Reply(201, challenge.as_json(), sid=challenge.sid)


def _within_rate(factor: Factor) -> None:
    moment = now()
    for most, period in SHORT_CODE_RATES if factor.code_length <= SHORT_CODE else RATES:
        if sum(at > moment - period for at in factor.challenged_at) >= most:
            raise Refusal(60312)


def _expiry(ask: Ask) -> datetime:
    text = ask.one("ExpirationDate")
    if text is None:
        return now() + CHALLENGE_LIFE
    try:
        moment = read_moment(text)
    except ValueError:
        raise Refusal(60200, "ExpirationDate") from None
    if not now() < moment <= now() + LONGEST_LIFE:
        raise Refusal(60200, "ExpirationDate")
    return moment


def _answer(world: "World", challenge: Challenge, code: str) -> None:
    if challenge.tries >= MOST_TRIES:
        raise Refusal(60308)
    challenge.tries += 1
    challenge.updated = now()
    if accepts(challenge.factor, code):
        challenge.status = "approved"
        challenge.responded = challenge.updated
        tell(world, challenge.factor, "challenge.approved", challenge_sid=challenge.sid)
    elif world.options.totp_refuses_wrong_codes:
        raise Refusal(60324)


def _found(world: "World", ask: Ask) -> Challenge:
    require_service(ask)
    challenge = world.challenges.get(ask.params["sid"])
    if challenge is None or challenge.factor.identity != ask.params["identity"]:
        raise Refusal(60392, ask.params["sid"])
    if challenge.status == "pending" and now() > challenge.expires:
        challenge.status = "expired"
    return challenge


def _update(world: "World", ask: Ask) -> Reply:
    only(ask, frozenset({"AuthPayload", "Metadata"}), 60200)
    challenge = _found(world, ask)
    metadata = ask.one("Metadata")
    if metadata is not None and json_object(metadata) is None:
        raise Refusal(60200, "Metadata")
    if challenge.status == "expired":
        raise Refusal(60323)
    if challenge.status != "pending":
        raise Refusal(60322)
    code = ask.one("AuthPayload")
    if code is None:
        raise Refusal(60200, "AuthPayload")
    _answer(world, challenge, code)
    return Reply(200, challenge.as_json(), sid=challenge.sid)


def _fetch(world: "World", ask: Ask) -> Reply:
    challenge = _found(world, ask)
    return Reply(200, challenge.as_json(), sid=challenge.sid)


def _list(world: "World", ask: Ask) -> Reply:
    require_service(ask)
    status = ask.asked("Status")
    rows = [
        challenge
        for challenge in world.challenges.newest(ask.asked("FactorSid"))
        if challenge.factor.identity == ask.params["identity"] and status in (None, challenge.status)
    ]
    return meta_page(ask, "challenges", rows, Challenge.as_json)


OPERATIONS = (
    Operation("verify", "create_challenge", "POST", CHALLENGES, _create),
    Operation("verify", "list_challenges", "GET", CHALLENGES, _list),
    Operation("verify", "fetch_challenge", "GET", CHALLENGES + "/{sid}", _fetch),
    Operation("verify", "update_challenge", "POST", CHALLENGES + "/{sid}", _update),
)
