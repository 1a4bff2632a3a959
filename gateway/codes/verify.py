"""Codes of Verify (one-time codes, TOTP) and of Studio's executions, and the ends a verification may come to.

Source: Twilio's error dictionary. 60200 names its parameter in the message only, so it counts as our mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from gateway.codes.rows import CodeRow, bug, config, content, defer, fraud, retry, unreachable, wrong_channel
from gateway.model import LineType

# How long Verify counts sends and checks of one number together: the life of a code.
_CODE_LIFE = timedelta(minutes=10)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)

ONE_TIME_CODES: tuple[CodeRow, ...] = (
    bug(60200, "a parameter was not accepted"),
    defer(60202, "too many checks of this verification", until=_CODE_LIFE),
    defer(60203, "too many codes sent to this number", until=_CODE_LIFE),
    config(60204, "the feature is not enabled for this service"),
    wrong_channel(60205, "a landline cannot receive the code by text", learns=LineType.LANDLINE),
    config(60207, "too many rate limits in one request"),
    defer(60212, "too many requests for this number at once", until=_MINUTE),
    config(60217, "the service's e-mail is not set up"),
    config(60218, "the e-mail template was not accepted"),
    config(60219, "the e-mail sender was not accepted"),
    config(60220, "sending to this country needs vetting"),
    config(60222, "the e-mail account does not accept the message"),
    config(60223, "the channel is disabled for this service"),
    config(60226, "sending to this country needs vetting"),
    config(60227, "the template does not fit the channel"),
    config(60228, "the template was not found"),
    config(60229, "the template was not accepted"),
    wrong_channel(60236, "the domain of the e-mail address was not accepted"),
    wrong_channel(60237, "the domain of the e-mail address was not accepted"),
    config(60238, "the service is blocked until Twilio has reviewed it"),
    config(60240, "the template is not approved"),
    config(60242, "the template is not approved"),
    config(60245, "the e-mail limit is used up"),
    bug(60331, "the locale cannot be spoken"),
    config(60408, "the template cannot be used on this channel"),
    fraud(60410, "numbers with this prefix are blocked as suspected fraud", hold=timedelta(hours=12)),
    config(60550, "no channel is left that the service may use"),
    config(60603, "the e-mail account has no credits left"),
    config(60604, "the e-mail account's limit is reached"),
    config(60605, "the service may not send to this country"),
    defer(60728, "the account's hourly cap is used up", until=_HOUR, alert=True),
)

# A wrong, spent or late code is never sent a second time: the same content would fail again.
TOTP: tuple[CodeRow, ...] = (
    bug(60301, "the identity exists already"),
    defer(60308, "too many answers to this challenge", until=timedelta(minutes=5)),
    defer(60310, "too many wrong codes for this factor", until=timedelta(minutes=5)),
    content(60311, "the code did not activate the factor"),
    defer(60312, "too many challenges for this factor", until=_HOUR),
    config(60315, "the identity has as many factors as it may"),
    bug(60317, "the factor exists already"),
    wrong_channel(60318, "the factor is not verified"),
    content(60322, "the challenge has been answered already"),
    content(60323, "the challenge has expired"),
    content(60324, "the code is wrong"),
    retry(60328, "too many identities per second"),
    wrong_channel(60390, "the identity was not found"),
    wrong_channel(60391, "the factor was not found"),
    wrong_channel(60392, "the challenge was not found"),
)

# Studio runs one execution per contact. The person in a flow may take hours; ten minutes costs one refused call each.
STUDIO: tuple[CodeRow, ...] = (
    defer(20409, "a flow is still running for this person", until=timedelta(minutes=10)),
    bug(81023, "sender and recipient are too long together"),
)

ROWS = ONE_TIME_CODES + TOTP + STUDIO

VERIFICATION_STATUSES: Mapping[str, CodeRow] = {
    "canceled": content(0, "the verification was canceled"),
    "deleted": content(0, "the verification was deleted"),
    "denied": content(0, "the person denied the challenge"),
    "expired": content(0, "no right code came in time"),
    "max_attempts_reached": content(0, "too many wrong codes"),
    "max-attempts-reached": content(0, "too many wrong codes"),
    "failed": unreachable(0, "the code could not be delivered"),
    "undelivered": unreachable(0, "the code could not be delivered"),
    "message_failed": unreachable(0, "the code could not be delivered"),
    "message_undelivered": unreachable(0, "the code could not be delivered"),
}

FLOW_STATUSES: Mapping[str, CodeRow] = {"failed": content(0, "the flow reported that it failed")}
