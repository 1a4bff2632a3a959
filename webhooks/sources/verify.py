"""A Verify factor or challenge event, form or JSON.

Source: Twilio's Verify Webhooks page; its two versions name the person's identity and the event's id differently.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.inbox import FactorReported
from webhooks.delivery import Delivery, Malformed
from webhooks.sources.shape import Parsed, Source, no_content

# ours → Twilio's names, without underscores and in lower case: forms and JSON differ in both.
_NAMES = {
    "kind": ("type", "eventtype"),
    "identity": ("identity", "entityidentity"),
    "factor_sid": ("factorsid",),
    "challenge_sid": ("challengesid",),
    "event_id": ("uuid", "uid", "eventid", "id"),
}


def parse(delivery: Delivery) -> Parsed:
    plain = {name.replace("_", "").lower(): value for name, value in delivery.fields().items()}
    event = FactorReported(
        kind=_required(plain, "kind").lower(),
        identity=_required(plain, "identity"),
        factor_sid=_required(plain, "factor_sid"),
        challenge_sid=_told(plain, "challenge_sid"),
        event_id=_told(plain, "event_id"),
    )
    return Parsed((event,))


def _told(plain: Mapping[str, str], field: str) -> str | None:
    return next((plain[name] for name in _NAMES[field] if plain.get(name)), None)


def _required(plain: Mapping[str, str], field: str) -> str:
    value = _told(plain, field)
    if value is None:
        raise Malformed(f"{_NAMES[field][0]}: missing")
    return value


SOURCE = Source("verify", "/verify", parse, no_content)
