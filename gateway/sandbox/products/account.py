"""What the account owns: itself, its balance, its numbers and its Messaging Services.

Source: twilio_api_v2010 and twilio_messaging_v1; a Standard API key may not read the account.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.paging import legacy_page, meta_page
from gateway.sandbox.products.call import formatted
from gateway.sandbox.refusals import Refusal

if TYPE_CHECKING:
    from gateway.sandbox.world import World

ACCOUNTS = "/2010-04-01/Accounts"
NUMBERS = ACCOUNTS + "/{account}/IncomingPhoneNumbers"
BEGAN = "Thu, 01 Jan 2026 00:00:00 +0000"
RESOURCES = (
    ("available_phone_numbers", "AvailablePhoneNumbers"),
    ("calls", "Calls"),
    ("incoming_phone_numbers", "IncomingPhoneNumbers"),
    ("messages", "Messages"),
    ("balance", "Balance"),
    ("keys", "Keys"),
)


@dataclass(slots=True)
class OwnedNumber:
    phone_number: str
    inbound_url: str | None
    account_sid: str
    seq: int
    sid: str

    def as_json(self) -> dict[str, Any]:
        empty: dict[str, Any] = dict.fromkeys(
            ("address_sid", "bundle_sid", "identity_sid", "trunk_sid", "emergency_address_sid", "voice_url"), None
        )
        return empty | {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "phone_number": self.phone_number,
            "friendly_name": formatted(self.phone_number),
            "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
            "address_requirements": "none",
            "api_version": "2010-04-01",
            "beta": False,
            "date_created": BEGAN,
            "date_updated": BEGAN,
            "emergency_status": "Inactive",
            "emergency_address_status": "unregistered",
            "origin": "twilio",
            "sms_application_sid": "",
            "sms_fallback_method": "POST",
            "sms_fallback_url": "",
            "sms_method": "POST",
            "sms_url": self.inbound_url or "",
            "status": "in-use",
            "status_callback": "",
            "status_callback_method": "POST",
            "type": "local",
            "uri": f"{ACCOUNTS}/{self.account_sid}/IncomingPhoneNumbers/{self.sid}.json",
            "voice_application_sid": "",
            "voice_caller_id_lookup": False,
            "voice_fallback_method": "POST",
            "voice_fallback_url": "",
            "voice_method": "POST",
            "voice_receive_mode": "voice",
        }


def _owned(world: "World", ask: Ask) -> list[OwnedNumber]:
    numbers = [(sender, url) for sender, url in world.senders.items() if sender.startswith("+")]
    return [
        OwnedNumber(sender, url or world.inbound_url, ask.account_sid, len(numbers) - place, _sid_of(sender))
        for place, (sender, url) in enumerate(numbers)
    ]


def _sid_of(phone_number: str) -> str:
    """Always the same for a number, so that it survives a restart."""
    return "PN" + phone_number.removeprefix("+").rjust(32, "0")


def _list_numbers(world: "World", ask: Ask) -> Reply:
    wanted = ask.asked("PhoneNumber")
    rows = [row for row in _owned(world, ask) if wanted is None or wanted in row.phone_number]
    return legacy_page(ask, "incoming_phone_numbers", rows, OwnedNumber.as_json)


def _fetch_number(world: "World", ask: Ask) -> Reply:
    for row in _owned(world, ask):
        if row.sid == ask.params["sid"]:
            return Reply(200, row.as_json(), sid=row.sid)
    raise Refusal(20404, ask.path)


def _fetch_account(world: "World", ask: Ask) -> Reply:
    uri = f"{ACCOUNTS}/{ask.account_sid}"
    body = {
        "sid": ask.account_sid,
        "auth_token": world.options.auth_token,
        "friendly_name": "Sandbox",
        "owner_account_sid": ask.account_sid,
        "status": "active",
        "type": "Full",
        "date_created": BEGAN,
        "date_updated": BEGAN,
        "subresource_uris": {name: f"{uri}/{path}.json" for name, path in RESOURCES},
        "uri": f"{uri}.json",
    }
    return Reply(200, body, sid=ask.account_sid)


def _balance(world: "World", ask: Ask) -> Reply:
    return Reply(200, {"account_sid": ask.account_sid, "balance": "100.00", "currency": "USD"})


def _fetch_service(world: "World", ask: Ask) -> Reply:
    sid = _service_of(world, ask)
    url = f"https://messaging.twilio.com/v1/Services/{sid}"
    body: dict[str, Any] = {
        "sid": sid,
        "account_sid": ask.account_sid,
        "friendly_name": "Sandbox",
        "inbound_request_url": world.senders[sid] or world.inbound_url,
        "inbound_method": "POST",
        "fallback_url": None,
        "fallback_method": "POST",
        "status_callback": None,
        "sticky_sender": True,
        "mms_converter": True,
        "smart_encoding": False,
        "scan_message_content": "inherit",
        "fallback_to_long_code": False,
        "area_code_geomatch": True,
        "synchronous_validation": False,
        "validity_period": 36_000,
        "usecase": "notifications",
        "us_app_to_person_registered": True,
        "use_inbound_webhook_on_number": False,
        "date_created": "2026-01-01T00:00:00Z",
        "date_updated": "2026-01-01T00:00:00Z",
        "url": url,
        "links": {
            "phone_numbers": f"{url}/PhoneNumbers",
            "short_codes": f"{url}/ShortCodes",
            "messages": f"{url}/Messages",
        },
    }
    return Reply(200, body, sid=sid)


def _service_numbers(world: "World", ask: Ask) -> Reply:
    """Every number of the account is in the pool of each of its services."""
    service = _service_of(world, ask)

    def shown(row: OwnedNumber) -> dict[str, Any]:
        return {
            "sid": row.sid,
            "account_sid": row.account_sid,
            "service_sid": service,
            "phone_number": row.phone_number,
            "country_code": "US",
            "capabilities": ["SMS", "MMS", "Voice"],
            "date_created": "2026-01-01T00:00:00Z",
            "date_updated": "2026-01-01T00:00:00Z",
            "url": f"https://messaging.twilio.com/v1/Services/{service}/PhoneNumbers/{row.sid}",
        }

    return meta_page(ask, "phone_numbers", _owned(world, ask), shown)


def _service_codes(world: "World", ask: Ask) -> Reply:
    """The account has no short codes."""
    _service_of(world, ask)
    none: list[OwnedNumber] = []
    return meta_page(ask, "short_codes", none, OwnedNumber.as_json)


def _service_of(world: "World", ask: Ask) -> str:
    sid = ask.params["sid"]
    if not sid.startswith("MG") or not world.owns(sid):
        raise Refusal(20404, ask.path)
    return sid


OPERATIONS = (
    Operation("account", "fetch", "GET", ACCOUNTS + "/{account}.json", _fetch_account),
    Operation("account", "balance", "GET", ACCOUNTS + "/{account}/Balance.json", _balance),
    Operation("account", "list_numbers", "GET", NUMBERS + ".json", _list_numbers),
    Operation("account", "fetch_number", "GET", NUMBERS + "/{sid}.json", _fetch_number),
    Operation("account", "fetch_service", "GET", "/v1/Services/{sid}", _fetch_service),
    Operation("account", "list_service_numbers", "GET", "/v1/Services/{sid}/PhoneNumbers", _service_numbers),
    Operation("account", "list_service_codes", "GET", "/v1/Services/{sid}/ShortCodes", _service_codes),
)
