"""TOTP through Verify: enrol, activate, challenge, and the limits on guessing."""

import time
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from gateway.sandbox import SANDBOX_AUTH_TOKEN, SANDBOX_VERIFY_SERVICE_SID, SandboxOptions, start_in_thread

IDENTITY = "person-0001"


def entity(client: Client, identity: str = IDENTITY) -> Any:
    return client.verify.v2.services(SANDBOX_VERIFY_SERVICE_SID).entities(identity)


def enrol(client: Client, **more: Any) -> Any:
    return entity(client).new_factors.create(friendly_name="Ann's phone", factor_type="totp", **more)


def right(factor: Any, **more: Any) -> str:
    return pyotp.TOTP(factor.binding["secret"], **more).now()


def wrong(factor: Any) -> str:
    """A code that no clock within the skew shows."""
    clock = pyotp.TOTP(factor.binding["secret"])
    near = {clock.at(int(time.time()) + 30 * offset) for offset in range(-4, 5)}
    return next(code for code in (f"{number:06d}" for number in range(20)) if code not in near)


def activated(client: Client) -> Any:
    factor = enrol(client)
    entity(client).factors(factor.sid).update(auth_payload=right(factor))
    return factor


def refused_code(ask: Callable[[], Any]) -> int:
    with pytest.raises(TwilioRestException) as refused:
        ask()
    return int(refused.value.code)


def test_a_new_factor_shows_its_secret_only_then(client: Client) -> None:
    factor = enrol(client)
    assert factor.status == "unverified"
    moment = int(time.time())
    assert pyotp.parse_uri(factor.binding["uri"]).at(moment) == pyotp.TOTP(factor.binding["secret"]).at(moment)
    assert factor.config == {"alg": "sha1", "skew": 1, "code_length": 6, "time_step": 30}
    assert not hasattr(entity(client).factors(factor.sid).fetch(), "binding")
    assert [one.sid for one in entity(client).factors.list()] == [factor.sid]


def test_the_right_code_activates_and_a_wrong_one_does_not(client: Client) -> None:
    factor = enrol(client)
    mine = entity(client).factors(factor.sid)
    assert mine.update(auth_payload=wrong(factor)).status == "unverified"
    assert mine.update(auth_payload=right(factor)).status == "verified"


def test_five_wrong_codes_close_an_enrolment(client: Client) -> None:
    factor = enrol(client)
    mine = entity(client).factors(factor.sid)
    for _ in range(5):
        mine.update(auth_payload=wrong(factor))
    assert refused_code(lambda: mine.update(auth_payload=right(factor))) == 60310


def test_a_challenge_with_the_right_code_is_approved_at_once(client: Client) -> None:
    factor = activated(client)
    challenge = entity(client).challenges.create(factor_sid=factor.sid, auth_payload=right(factor))
    assert (challenge.status, challenge.factor_type, challenge.identity) == ("approved", "totp", IDENTITY)
    assert entity(client).challenges(challenge.sid).fetch().date_responded is not None
    again = entity(client).challenges(challenge.sid)
    assert refused_code(lambda: again.update(auth_payload=right(factor))) == 60322


def test_a_challenge_may_be_answered_later_and_only_so_often(client: Client) -> None:
    factor = activated(client)
    challenge = entity(client).challenges.create(factor_sid=factor.sid, auth_payload=wrong(factor))
    assert challenge.status == "pending"
    mine = entity(client).challenges(challenge.sid)
    for _ in range(4):
        assert mine.update(auth_payload=wrong(factor)).status == "pending"
    assert refused_code(lambda: mine.update(auth_payload=right(factor))) == 60308
    second = entity(client).challenges.create(factor_sid=factor.sid)
    assert entity(client).challenges(second.sid).update(auth_payload=right(factor)).status == "approved"
    assert [one.status for one in entity(client).challenges.list()] == ["approved", "pending"]


def test_the_neighbouring_time_step_is_accepted(client: Client) -> None:
    factor = activated(client)
    clock = pyotp.TOTP(factor.binding["secret"])
    early = entity(client).challenges.create(factor_sid=factor.sid, auth_payload=clock.at(int(time.time()) + 30))
    assert early.status == "approved"


def test_an_unverified_factor_cannot_be_challenged(client: Client) -> None:
    factor = enrol(client)
    challenges = entity(client).challenges
    assert refused_code(lambda: challenges.create(factor_sid=factor.sid, auth_payload=right(factor))) == 60318


def test_a_factor_belongs_to_its_identity(client: Client) -> None:
    factor = activated(client)
    other = entity(client, "person-0002").challenges
    assert refused_code(lambda: other.create(factor_sid=factor.sid, auth_payload=right(factor))) == 60391


def test_a_deleted_factor_is_gone(client: Client) -> None:
    factor = activated(client)
    assert entity(client).factors(factor.sid).delete() is True
    assert refused_code(entity(client).factors(factor.sid).fetch) == 60391


def test_more_than_fifty_challenges_in_an_hour_are_60312(client: Client) -> None:
    factor = activated(client)
    for _ in range(50):
        entity(client).challenges.create(factor_sid=factor.sid)
    assert refused_code(lambda: entity(client).challenges.create(factor_sid=factor.sid)) == 60312


def test_the_config_is_kept(client: Client) -> None:
    secret = pyotp.random_base32()
    factor = enrol(client, binding_secret=secret, config_code_length=8, config_time_step=60, config_skew=0)
    assert factor.binding["secret"] == secret
    mine, clock = entity(client).factors(factor.sid), pyotp.TOTP(secret, digits=8, interval=60)
    # A second try where the minute ended between the two clocks.
    assert "verified" in [mine.update(auth_payload=clock.now()).status for _ in range(2)]


@pytest.mark.parametrize(
    "more",
    [
        {"config_code_length": 9},
        {"config_time_step": 10},
        {"config_skew": 3},
        {"config_alg": "sha3"},
        {"binding_secret": "not base32!"},
        {"friendly_name": "x" * 65},
        {"factor_type": "push"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_wrong_setting_is_60200(client: Client, more: dict[str, Any]) -> None:
    asked = {"friendly_name": "Ann", "factor_type": "totp", **more}
    assert refused_code(lambda: entity(client).new_factors.create(**asked)) == 60200


@pytest.mark.parametrize("identity", ["short", "with space", "x" * 65, "under_score"])
def test_an_identity_has_its_alphabet(client: Client, identity: str) -> None:
    entities = client.verify.v2.services(SANDBOX_VERIFY_SERVICE_SID).entities
    assert refused_code(lambda: entities.create(identity=identity)) == 60200


def test_an_entity_exists_once(client: Client) -> None:
    entities = client.verify.v2.services(SANDBOX_VERIFY_SERVICE_SID).entities
    created = entities.create(identity=IDENTITY)
    assert entity(client).fetch().sid == created.sid
    assert refused_code(lambda: entities.create(identity=IDENTITY)) == 60301
    assert refused_code(entity(client, "nobody-here").fetch) == 60390


def test_the_service_webhook_tells_of_factors_and_challenges(client: Client, hooks: Any) -> None:
    client.verify.v2.services(SANDBOX_VERIFY_SERVICE_SID).webhooks.create(
        friendly_name="gw", event_types=["*"], webhook_url=f"{hooks.url}/verify"
    )
    factor = activated(client)
    entity(client).challenges.create(factor_sid=factor.sid, auth_payload=right(factor))
    callback = hooks.wait_for("/verify", "type", "challenge.approved")
    assert callback.form["factor_sid"] == factor.sid
    assert RequestValidator(SANDBOX_AUTH_TOKEN).validate(
        f"{hooks.url}/verify", callback.form, callback.headers["X-Twilio-Signature"]
    )
    for kind in ("factor.created", "factor.verified"):
        hooks.wait_for("/verify", "type", kind)


def test_wrong_codes_may_be_refused_instead(aim: Any) -> None:
    with start_in_thread(SandboxOptions(port=0, totp_refuses_wrong_codes=True)) as running:
        client = aim(running.url)
        factor = enrol(client)
        mine = entity(client).factors(factor.sid)
        assert refused_code(lambda: mine.update(auth_payload=wrong(factor))) == 60311
        mine.update(auth_payload=right(factor))
        challenges = entity(client).challenges
        assert refused_code(lambda: challenges.create(factor_sid=factor.sid, auth_payload=wrong(factor))) == 60324
