"""What SendGrid's published OpenAPI document accepts as the body of POST /v3/mail/send.

Facts from spec/json/tsg_mail_v3.json of sendgrid-oai, document version 1.0.0 as of 2026-01-22. Stricter in one thing:
a name that the document does not know is refused, because it would be a mistake of ours. `custom_args` inside a
personalization holds texts only, as the description there says.
"""

from __future__ import annotations

from typing import Any


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name.rstrip("_"): schema for name, schema in properties.items()},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Any, **bounds: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **bounds}


TEXT = {"type": "string"}
FILLED = {"type": "string", "minLength": 1}
WHOLE = {"type": "integer"}
SWITCH = _object(enable={"type": "boolean"})
TEXTS = {"type": "object", "additionalProperties": TEXT}
ADDRESS = _object(("email",), email={"type": "string", "format": "email"}, name=TEXT)
ADDRESSES = _list(ADDRESS, maxItems=1000)

PERSONALIZATION = _object(
    ("to",),
    from_=ADDRESS,
    to=_list(ADDRESS, minItems=1, maxItems=1000),
    cc=ADDRESSES,
    bcc=ADDRESSES,
    subject=FILLED,
    headers=TEXTS,
    substitutions={**TEXTS, "maxProperties": 10000},
    dynamic_template_data={"type": "object"},
    custom_args={**TEXTS, "maxProperties": 10000},
    send_at=WHOLE,
)

ATTACHMENT = _object(
    ("content", "filename"),
    content=FILLED,
    type=FILLED,
    filename=TEXT,
    disposition={"enum": ["inline", "attachment"]},
    content_id=TEXT,
)

MAIL_SETTINGS = _object(
    bypass_list_management=SWITCH,
    bypass_spam_management=SWITCH,
    bypass_bounce_management=SWITCH,
    bypass_unsubscribe_management=SWITCH,
    footer=_object(enable={"type": "boolean"}, text=TEXT, html=TEXT),
    sandbox_mode=SWITCH,
)

MAIL_SEND: dict[str, Any] = _object(
    ("personalizations", "from"),
    personalizations=_list(PERSONALIZATION, minItems=1, maxItems=1000),
    from_=ADDRESS,
    reply_to=ADDRESS,
    reply_to_list={**ADDRESSES, "uniqueItems": True},
    subject=FILLED,
    content=_list(_object(("type", "value"), type=FILLED, value=FILLED)),
    attachments=_list(ATTACHMENT),
    template_id=TEXT,
    headers=TEXTS,
    categories=_list({"type": "string", "maxLength": 255}, maxItems=10, uniqueItems=True),
    custom_args=TEXT,
    send_at=WHOLE,
    batch_id=TEXT,
    asm=_object(("group_id",), group_id=WHOLE, groups_to_display=_list(WHOLE, maxItems=25)),
    ip_pool_name={"type": "string", "minLength": 2, "maxLength": 64},
    mail_settings=MAIL_SETTINGS,
    tracking_settings={"type": "object"},
)
