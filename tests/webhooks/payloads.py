"""One realistic request per source, as the vendors' pages show them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.webhooks.signing import ACCOUNT_SID, SUB_SID, Post, form_post, json_post, sendgrid_post

MESSAGE_SID = "SM" + "a" * 31 + "1"
CALL_SID = "CA" + "a" * 31 + "1"
EXECUTION_SID = "FN" + "a" * 31 + "1"
VERIFICATION_SID = "VE" + "a" * 31 + "1"
FACTOR_SID = "YF" + "a" * 31 + "1"
CHALLENGE_SID = "YC" + "a" * 31 + "1"
IDENTITY = "6f1c2f0e-3b6a-4e6e-9a51-2b7f"
OURS, THEIRS = "+14155550100", "+14155550123"
QUERY = "?intent=01JABC&attempt=1"

MESSAGE_STATUS = {
    "AccountSid": ACCOUNT_SID,
    "ApiVersion": "2010-04-01",
    "From": OURS,
    "To": THEIRS,
    "MessageSid": MESSAGE_SID,
    "SmsSid": MESSAGE_SID,
    "MessageStatus": "undelivered",
    "SmsStatus": "undelivered",
    "ErrorCode": "30003",
    "MessagingServiceSid": "MG" + "a" * 32,
    "RawDlrDoneDate": "2608131702",
}
INBOUND = {
    "MessageSid": MESSAGE_SID,
    "SmsSid": MESSAGE_SID,
    "SmsMessageSid": MESSAGE_SID,
    "AccountSid": ACCOUNT_SID,
    "MessagingServiceSid": "MG" + "a" * 32,
    "From": THEIRS,
    "To": OURS,
    "Body": "STOP",
    "NumMedia": "0",
    "NumSegments": "1",
    "FromCountry": "US",
    "FromState": "CA",
    "FromCity": "",
    "OptOutType": "STOP",
}
CALL_STATUS = {
    "CallSid": CALL_SID,
    "AccountSid": ACCOUNT_SID,
    "From": OURS,
    "To": THEIRS,
    "Direction": "outbound-api",
    "ApiVersion": "2010-04-01",
    "CallStatus": "completed",
    "CallDuration": "17",
    "Duration": "1",
    "SipResponseCode": "200",
    "SequenceNumber": "3",
    "CallbackSource": "call-progress-events",
    "Timestamp": "Thu, 13 Aug 2026 17:02:08 +0000",
    "AnsweredBy": "human",
}
GATHER = {
    "CallSid": CALL_SID,
    "AccountSid": ACCOUNT_SID,
    "From": OURS,
    "To": THEIRS,
    "Digits": "9",
    "msg": "Gather End",
}
FACTOR = {
    "uuid": "e-1",
    "type": "factor.verified",
    "account_sid": ACCOUNT_SID,
    "service_sid": "VA" + "a" * 32,
    "entity_identity": IDENTITY,
    "factor_sid": FACTOR_SID,
    "factor_type": "totp",
}
FLOW = {"outcome": "delivered", "detail": "confirmed by key", "execution_sid": EXECUTION_SID}
BOUNCE = {
    "email": "ann@example.com",
    "event": "bounce",
    "type": "bounce",
    "reason": "550 5.1.1 no such user ann@example.com",
    "status": "5.1.1",
    "sg_event_id": "Ym91bmNl",
    "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
    "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
    "timestamp": 1_789_999_990,
    "intent": "01JABC",
    "attempt": "1",
}


def cloud_event(kind: str, data: object, event_id: str = "EZ" + "a" * 32) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "type": kind,
        "source": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{MESSAGE_SID}.json",
        "id": event_id,
        "time": "2026-03-29T04:00:58.753Z",
        "datacontenttype": "application/json",
        "data": data,
    }


DELIVERED = {
    "accountSid": ACCOUNT_SID,
    "messageSid": MESSAGE_SID,
    "messageStatus": "DELIVERED",
    "from": OURS,
    "to": THEIRS,
    "timestamp": "2026-03-29T04:00:58.000Z",
    "numberOfSegments": 1,
}
DELIVERED_EVENT = cloud_event("com.twilio.messaging.message.delivered", DELIVERED)


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


def array(*elements: object) -> bytes:
    """As SendGrid writes it, with the line end that counts."""
    return encoded(list(elements)) + b"\r\n"


def _form(path: str, fields: Mapping[str, str]) -> Callable[..., Post]:
    def post(*, sub: bool = False, **how: Any) -> Post:
        sent = {**fields, "AccountSid": SUB_SID} if sub else fields
        return form_post(path, list(sent.items()), **how)

    return post


def _events(*, sub: bool = False, **how: Any) -> Post:
    data = {**DELIVERED, "accountSid": SUB_SID} if sub else DELIVERED
    return json_post("/webhooks/events", encoded([{**DELIVERED_EVENT, "source": "/", "data": data}]), **how)


# Source name → how its vendor posts a good request. `token=`, `base=` and `sub=` (a subaccount's) change the signing.
TWILIO_POSTS: Mapping[str, Callable[..., Post]] = {
    "messages_status": _form("/webhooks/messages/status" + QUERY, MESSAGE_STATUS),
    "messages_inbound": _form("/webhooks/messages/inbound", INBOUND),
    "voice_status": _form("/webhooks/voice/status" + QUERY, CALL_STATUS),
    "voice_gather": _form("/webhooks/voice/gather" + QUERY, GATHER),
    "verify": _form("/webhooks/verify", FACTOR),
    "studio": _form("/webhooks/studio" + QUERY, FLOW),
    "events": _events,
}


def sendgrid(**how: Any) -> Post:
    return sendgrid_post("/webhooks/sendgrid", array(BOUNCE), **how)


POSTS: Mapping[str, Callable[..., Post]] = {**TWILIO_POSTS, "sendgrid": sendgrid}
