"""Verify's entities and TOTP factors: enrol, activate with a code, fetch, list, delete.

Source: twilio_verify_v2 and Twilio's error dictionary (60301 to 60392).
"""

import base64
import binascii
import hashlib
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyotp

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.callbacks import Webhook
from gateway.sandbox.forms import named, only, whole_number
from gateway.sandbox.paging import meta_page
from gateway.sandbox.products.totp_resources import Entity, Factor
from gateway.sandbox.products.verify_services import SERVICE, require_service
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.sids import new_sid
from gateway.sandbox.times import now

if TYPE_CHECKING:
    from gateway.sandbox.world import World

ENTITIES = SERVICE + "/Entities"
FACTORS = ENTITIES + "/{identity}/Factors"
NEW = named(
    "FriendlyName FactorType Binding.Alg Binding.PublicKey Binding.Secret Config.Alg Config.AppId "
    "Config.CodeLength Config.NotificationPlatform Config.NotificationToken Config.SdkVersion Config.Skew "
    "Config.TimeStep Metadata"
)
CHANGES = named("AuthPayload FriendlyName Config.Alg Config.CodeLength Config.Skew Config.TimeStep")
DIGESTS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}
MOST_FACTORS = 100
MOST_WRONG_CODES = 5


def accepts(factor: Factor, code: str) -> bool:
    """Whether the code is right now, or within the factor's skew of now."""
    clock = pyotp.TOTP(
        factor.secret, digits=factor.code_length, digest=DIGESTS[factor.algorithm], interval=factor.time_step
    )
    return clock.verify(code, valid_window=factor.skew)


def tell(world: "World", factor: Factor, event: str, **more: str) -> None:
    """The service's webhook for factors and challenges. Its form and signature are assumed, not documented."""
    if world.verify_webhook_url is None:
        return
    entity = factor.entity
    fields = {
        "uid": secrets.token_hex(16),
        "type": event,
        "account_sid": entity.account_sid,
        "service_sid": entity.service_sid,
        "entity_sid": entity.sid,
        "identity": entity.identity,
        "factor_sid": factor.sid,
        "factor_type": "totp",
        "factor_friendly_name": factor.friendly_name,
        **more,
    }
    world.callbacks.send(Webhook("verify", more.get("challenge_sid", factor.sid), "", world.verify_webhook_url, fields))


def require_factor(world: "World", ask: Ask, sid: str) -> Factor:
    factor = world.factors.get(sid)
    if factor is None or factor.identity != ask.params["identity"]:
        raise Refusal(60391, sid)
    return factor


def _identity(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]{8,64}", text):
        raise Refusal(60200, "Identity")
    return text


def _create_entity(world: "World", ask: Ask) -> Reply:
    service = require_service(ask)
    only(ask, frozenset({"Identity"}), 60200)
    identity = _identity(ask.one("Identity") or "")
    if next(world.entities.newest(identity), None) is not None:
        raise Refusal(60301)
    entity = world.entities.add(Entity(new_sid("YE"), ask.account_sid, service, identity))
    return Reply(201, entity.as_json(), sid=entity.sid)


def _fetch_entity(world: "World", ask: Ask) -> Reply:
    require_service(ask)
    entity = next(world.entities.newest(ask.params["identity"]), None)
    if entity is None:
        raise Refusal(60390)
    return Reply(200, entity.as_json(), sid=entity.sid)


def _create(world: "World", ask: Ask) -> Reply:
    service = require_service(ask)
    only(ask, NEW, 60200)
    identity = _identity(ask.params["identity"])
    name = ask.one("FriendlyName") or ""
    if ask.one("FactorType") != "totp":
        raise Refusal(60200, "FactorType")
    if not 1 <= len(name) <= 64:
        raise Refusal(60200, "FriendlyName")
    entity = next(world.entities.newest(identity), None)
    if entity is None:
        entity = world.entities.add(Entity(new_sid("YE"), ask.account_sid, service, identity))
    if sum(1 for _ in world.factors.newest(identity)) >= MOST_FACTORS:
        raise Refusal(60315)
    factor = world.factors.add(_factor(ask, entity, name))
    tell(world, factor, "factor.created")
    return Reply(201, factor.new_as_json(), sid=factor.sid)


def _factor(ask: Ask, entity: Entity, name: str) -> Factor:
    secret = ask.one("Binding.Secret") or base64.b32encode(secrets.token_bytes(20)).decode()
    try:
        base64.b32decode(secret + "=" * (-len(secret) % 8))
    except binascii.Error:
        raise Refusal(60200, "Binding.Secret") from None
    algorithm = ask.one("Config.Alg") or "sha1"
    if algorithm not in DIGESTS:
        raise Refusal(60200, "Config.Alg")
    length = _setting(ask, "Config.CodeLength", 3, 8, 6)
    step = _setting(ask, "Config.TimeStep", 20, 60, 30)
    label = f"Sandbox:{quote(name)}"
    settings = f"issuer=Sandbox&algorithm={algorithm.upper()}&digits={length}&period={step}"
    return Factor(
        sid=new_sid("YF"),
        entity=entity,
        friendly_name=name,
        secret=secret,
        algorithm=algorithm,
        code_length=length,
        time_step=step,
        skew=_setting(ask, "Config.Skew", 0, 2, 1),
        uri=f"otpauth://totp/{label}?secret={secret}&{settings}",
    )


def _setting(ask: Ask, name: str, lowest: int, highest: int, usual: int) -> int:
    text = ask.one(name)
    if text is None:
        return usual
    number = whole_number(text, lowest, highest)
    if number is None:
        raise Refusal(60200, name)
    return number


def _fetch(world: "World", ask: Ask) -> Reply:
    require_service(ask)
    factor = require_factor(world, ask, ask.params["sid"])
    return Reply(200, factor.as_json(), sid=factor.sid)


def _list(world: "World", ask: Ask) -> Reply:
    require_service(ask)
    return meta_page(ask, "factors", world.factors.newest(ask.params["identity"]), Factor.as_json)


def _update(world: "World", ask: Ask) -> Reply:
    require_service(ask)
    only(ask, CHANGES, 60200)
    factor = require_factor(world, ask, ask.params["sid"])
    factor.friendly_name = ask.one("FriendlyName") or factor.friendly_name
    code = ask.one("AuthPayload")
    if code is not None and factor.status != "verified":
        _activate(world, factor, code)
    factor.updated = now()
    return Reply(200, factor.as_json(), sid=factor.sid)


def _activate(world: "World", factor: Factor, code: str) -> None:
    if factor.wrong_codes >= MOST_WRONG_CODES:
        raise Refusal(60310)
    if accepts(factor, code):
        factor.status = "verified"
        tell(world, factor, "factor.verified")
        return
    factor.wrong_codes += 1
    if world.options.totp_refuses_wrong_codes:
        raise Refusal(60311)


def _delete(world: "World", ask: Ask) -> Reply:
    require_service(ask)
    factor = require_factor(world, ask, ask.params["sid"])
    world.factors.remove(factor.sid)
    tell(world, factor, "factor.deleted")
    return Reply(204, sid=factor.sid)


OPERATIONS = (
    Operation("verify", "create_entity", "POST", ENTITIES, _create_entity),
    Operation("verify", "fetch_entity", "GET", ENTITIES + "/{identity}", _fetch_entity),
    Operation("verify", "create_factor", "POST", FACTORS, _create),
    Operation("verify", "list_factors", "GET", FACTORS, _list),
    Operation("verify", "fetch_factor", "GET", FACTORS + "/{sid}", _fetch),
    Operation("verify", "update_factor", "POST", FACTORS + "/{sid}", _update),
    Operation("verify", "delete_factor", "DELETE", FACTORS + "/{sid}", _delete),
)
