"""What SendGrid's answers and events mean. Its refusals carry an HTTP status and no code of their own.

Source: SendGrid's Mail Send and Event Webhook reference.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.codes.rows import CodeRow, bug, config, content, opted_out, retry, unknown_outcome, wrong_channel

# 401 and 403 are of class config, not account: a wrong e-mail key must not hold back texts and calls.
ANSWERS: Mapping[int, CodeRow] = {
    400: bug(400, "the e-mail request was not accepted"),
    401: config(401, "the e-mail key was not accepted"),
    403: config(403, "the e-mail key may not send from this address"),
    413: content(413, "the e-mail is too large"),
    429: retry(429, "too many e-mail requests; this one was not processed", slows="sender"),
}
SILENT_ANSWER = unknown_outcome(500, "the e-mail service failed")

EVENTS: Mapping[str, CodeRow] = {
    "bounce": wrong_channel(0, "the mailbox does not exist", suppress="bounce"),
    # Not the address but this message was turned away: later e-mails still go out.
    "blocked": content(0, "the mailbox turned this e-mail away"),
    "dropped": content(0, "the e-mail was dropped before it was sent"),
    "spamreport": opted_out(0, "the recipient reported spam", suppress="spam_report"),
    "unsubscribe": opted_out(0, "the recipient unsubscribed", suppress="unsubscribe"),
    "group_unsubscribe": opted_out(0, "the recipient unsubscribed from this kind of e-mail", suppress="unsubscribe"),
}

DROPS: Mapping[str, CodeRow] = {
    "bounced address": EVENTS["bounce"],
    "unsubscribed address": EVENTS["unsubscribe"],
    "spam reporting address": EVENTS["spamreport"],
    "invalid": wrong_channel(0, "the address is not valid", suppress="bounce"),
    "spam content": content(0, "the e-mail was taken for spam"),
    "invalid smtpapi header": bug(0, "the e-mail's header was not accepted"),
    "recipient list over package quota": config(0, "the e-mail quota is used up"),
}
