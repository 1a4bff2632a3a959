"""Verify services: the one that every sandbox account has, and where its factor events go."""

from typing import TYPE_CHECKING, Any

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.forms import is_callback_url, only
from gateway.sandbox.options import SANDBOX_VERIFY_SERVICE_SID
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.sids import new_sid
from gateway.sandbox.times import iso, now

if TYPE_CHECKING:
    from gateway.sandbox.world import World

SERVICE = "/v2/Services/{service}"
BEGAN = "2026-01-01T00:00:00Z"
WEBHOOK_EVENTS = frozenset(
    {"*", "factor.created", "factor.verified", "factor.deleted", "challenge.approved", "challenge.denied"}
)


def require_service(ask: Ask) -> str:
    """The service in the path. Raises Refusal when the account has no such service."""
    service = ask.params["service"]
    if service != SANDBOX_VERIFY_SERVICE_SID:
        raise Refusal(20404, ask.path)
    return service


def _fetch(world: "World", ask: Ask) -> Reply:
    service = require_service(ask)
    url = f"https://verify.twilio.com/v2/Services/{service}"
    body: dict[str, Any] = {
        "sid": service,
        "account_sid": ask.account_sid,
        "friendly_name": "Sandbox",
        "code_length": 6,
        "lookup_enabled": True,
        "psd2_enabled": False,
        "skip_sms_to_landlines": True,
        "dtmf_input_required": True,
        "tts_name": None,
        "do_not_share_warning_enabled": False,
        "custom_code_enabled": False,
        "push": {"include_date": False, "apn_credential_sid": None, "fcm_credential_sid": None},
        "totp": {"issuer": "Sandbox", "time_step": 30, "code_length": 6, "skew": 1},
        "whatsapp": {"msg_service_sid": None, "from": None},
        "passkeys": None,
        "default_template_sid": None,
        "verify_event_subscription_enabled": True,
        "date_created": BEGAN,
        "date_updated": BEGAN,
        "url": url,
        "links": {name: f"{url}/{path}" for name, path in LINKS},
    }
    return Reply(200, body, sid=service)


LINKS = (
    ("verification_checks", "VerificationCheck"),
    ("verifications", "Verifications"),
    ("rate_limits", "RateLimits"),
    ("messaging_configurations", "MessagingConfigurations"),
    ("entities", "Entities"),
    ("webhooks", "Webhooks"),
    ("access_tokens", "AccessTokens"),
)


def _create_webhook(world: "World", ask: Ask) -> Reply:
    service = require_service(ask)
    only(ask, frozenset({"FriendlyName", "EventTypes", "WebhookUrl", "Status", "Version"}), 60200)
    url, kinds = ask.one("WebhookUrl"), ask.many("EventTypes")
    if url is None or not is_callback_url(url):
        raise Refusal(60200, "WebhookUrl")
    if not kinds or not set(kinds) <= WEBHOOK_EVENTS:
        raise Refusal(60200, "EventTypes")
    world.verify_webhook_url = url
    sid = new_sid("YW")
    body = {
        "sid": sid,
        "service_sid": service,
        "account_sid": ask.account_sid,
        "friendly_name": ask.one("FriendlyName"),
        "event_types": kinds,
        "status": ask.one("Status") or "enabled",
        "version": ask.one("Version") or "v2",
        "webhook_url": url,
        "webhook_method": "POST",
        "date_created": iso(now()),
        "date_updated": iso(now()),
        "url": f"https://verify.twilio.com/v2/Services/{service}/Webhooks/{sid}",
    }
    return Reply(201, body, sid=sid)


OPERATIONS = (
    Operation("verify", "fetch_service", "GET", SERVICE, _fetch),
    Operation("verify", "create_webhook", "POST", SERVICE + "/Webhooks", _create_webhook),
)
