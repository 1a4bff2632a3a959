"""Codes of the Messages API and its status callbacks (SMS, MMS, WhatsApp, RCS), and those every Twilio API shares.

Source: Twilio's error dictionary. Twilio may move a cause to another code, so whatever is missing here has a default.
"""

from __future__ import annotations

from datetime import timedelta

from gateway.codes.rows import (
    CodeRow,
    Moment,
    account,
    bug,
    config,
    content,
    defer,
    fraud,
    invalid,
    opted_out,
    retry,
    unknown_outcome,
    unlisted,
    unreachable,
    wrong_channel,
)
from gateway.model import LineType

_MINUTE = timedelta(minutes=1)
_SPACED = timedelta(minutes=5)
_HOUR = timedelta(hours=1)
_DAY = timedelta(hours=24)

SHARED: tuple[CodeRow, ...] = (
    account(10001, "the account is not active"),
    account(20003, "the credentials were not accepted"),
    account(20005, "the account is not active"),
    account(20403, "the account may not use this API"),
    config(20404, "a configured SID names nothing in this account"),
    retry(20429, "too many requests at once; this one was not processed", slows="account"),
    unknown_outcome(20500, "internal error at Twilio"),
    unknown_outcome(20503, "Twilio was not available"),
    unknown_outcome(20504, "Twilio timed out inside"),
)

CREATE: tuple[CodeRow, ...] = (
    config(14107, "the loop guard stopped more than 30 replies to one number"),
    invalid(21211, "the recipient's number is not valid"),
    config(21212, "the sender is not valid or not approved"),
    invalid(21217, "the number does not look like a phone number"),
    invalid(21265, "the recipient is a short code"),
    bug(21266, "sender and recipient are the same number"),
    # Ends here, though other channels would reach it: a call to a premium number is what costs.
    invalid(21268, "the recipient is a premium or information service", learns=LineType.PREMIUM),
    config(21408, "the account may not write to this region"),
    bug(21602, "the message has no body"),
    bug(21603, "the message has no sender"),
    bug(21604, "the message has no recipient, or the request was not form-encoded"),
    config(21606, "the sender cannot send text messages"),
    config(21608, "a trial account writes to verified numbers only"),
    bug(21609, "the status callback URL was not accepted"),
    # START is to bring the person back, so the source is the code itself and not a general word.
    opted_out(21610, "the recipient opted out of this sender", suppress="21610"),
    retry(21611, "the sender's queue is full", after=_MINUTE, slows="sender"),
    config(21612, "this sender cannot reach this recipient"),
    wrong_channel(21614, "the recipient is not a mobile number", learns=LineType.LANDLINE),
    bug(21617, "the body is too long"),
    bug(21619, "the message has neither body, media nor content"),
    bug(21620, "a media URL was not accepted"),
    bug(21623, "there are too many media URLs"),
    bug(21624, "the validity period is out of range"),
    wrong_channel(21635, "the recipient is a landline", learns=LineType.LANDLINE),
    bug(21654, "content variables without a content SID"),
    bug(21655, "the content SID was not accepted"),
    bug(21656, "the content variables were not accepted"),
    config(21659, "the sender is not a number of this account"),
    config(21660, "the sender belongs to another account"),
    config(21661, "the sender cannot send text messages to this country"),
    config(21701, "the Messaging Service is missing"),
    config(21702, "the Messaging Service is not available"),
    config(21703, "the Messaging Service has no sender that fits"),
    config(21704, "the Messaging Service has no senders"),
    config(21705, "the Messaging Service SID is not valid"),
    bug(21910, "sender and recipient are not on the same channel"),
)

DELIVERY: tuple[CodeRow, ...] = (
    retry(30001, "the sender's queue overflowed", after=_MINUTE, slows="sender"),
    account(30002, "the account was suspended while the message waited"),
    unreachable(30003, "the handset did not answer: off, out of reach, or not a mobile", retries=1, after=_SPACED),
    # Three causes under one code: the person's STOP at the toll-free network, India's do-not-call list, a handset that
    # blocks. All three say that this person does not want texts, and none says a word about calls or e-mail: so it is
    # an opt-out of the channel it came from and no wider. Text START and it is lifted, as with 21610.
    opted_out(30004, "the recipient, their list or their network blocks this sender", suppress="30004"),
    unreachable(30005, "the network does not know the handset", retries=1, after=_SPACED),
    wrong_channel(30006, "a landline, or a carrier that takes no texts", learns=LineType.LANDLINE),
    content(30007, "filtered by Twilio or the carrier"),
    retry(30008, "the carrier gave no reason", retries=1, after=_MINUTE),
    content(30011, "the recipient cannot receive media"),
    retry(30017, "the carrier is congested", after=_MINUTE),
    config(30018, "the sender ID should be registered in this country"),
    content(30019, "the message is larger than the carrier allows"),
    retry(30020, "Twilio could not schedule the message"),
    retry(30021, "Twilio could not orchestrate the message"),
    retry(30022, "the campaign's rate was exceeded", after=_MINUTE, slows="sender"),
    defer(30023, "the carrier's daily cap for this brand is used up", until=Moment.PACIFIC_MIDNIGHT),
    config(30024, "the carrier does not know the sender"),
    defer(30025, "the carrier's daily cap for this brand is nearly used up", until=Moment.PACIFIC_MIDNIGHT),
    defer(30026, "the carrier's daily cap for this brand is nearly used up", until=Moment.PACIFIC_MIDNIGHT),
    defer(30027, "the carrier's daily cap for this brand is used up", until=Moment.PACIFIC_MIDNIGHT),
    config(30032, "the toll-free sender is not verified"),
    config(30033, "the sender's campaign is suspended"),
    config(30034, "the sender is not registered with a campaign"),
    defer(30035, "the sender's registration is still being set up", until=_HOUR, alert=True),
    defer(30036, "the message was not delivered within its validity period", until=_MINUTE),
    config(30037, "outbound messages are disabled for this account"),
    config(30040, "the sender ID must be registered in this country"),
    retry(30410, "a provider timed out"),
    retry(30500, "internal error at Twilio"),
    fraud(30450, "blocked as suspected traffic pumping", hold=timedelta(minutes=30)),
    fraud(30453, "blocked as suspected fraud", hold=timedelta(hours=12)),
    defer(30454, "the trial account's daily message cap is used up", until=_DAY, alert=True),
    fraud(30485, "blocked as suspected fraud", hold=timedelta(hours=12)),
    defer(30610, "held back by the recipient's quiet hours", until=Moment.MORNING),
    defer(30615, "held back by the recipient's quiet hours", until=Moment.MORNING),
    config(30620, "the content does not match what the sender is registered for"),
    opted_out(30630, "the recipient unsubscribed", suppress="30630"),
    opted_out(30640, "the recipient is on the list of known litigators", suppress="30640"),
)

CHANNELS: tuple[CodeRow, ...] = (
    config(63001, "the channel did not accept the sender's credentials"),
    config(63002, "the channel does not know the sender"),
    wrong_channel(63003, "the recipient is not on this channel"),
    content(63005, "the channel did not accept the content"),
    config(63007, "no such sender on this channel"),
    config(63008, "the channel is not configured"),
    retry(63009, "the channel's provider answered with an error"),
    retry(63010, "internal error at Twilio"),
    retry(63012, "internal error at the channel's provider"),
    content(63013, "the content breaks the channel's policy"),
    opted_out(63014, "the recipient blocked the sender", suppress="63014", scope="whatsapp"),
    config(63015, "the recipient has not joined the channel's sandbox"),
    content(63016, "outside the 24 hour window only a template may go"),
    retry(63017, "the channel's rate was exceeded", after=_MINUTE, slows="sender"),
    defer(63018, "the sender's daily tier is used up", until=_DAY),
    content(63019, "the channel could not fetch the media"),
    config(63020, "the business account is not accepted"),
    content(63021, "the content is not valid for the channel"),
    retry(63023, "the channel gave no reason"),
    wrong_channel(63024, "not a valid recipient of this channel"),
    config(63026, "the sender was flagged as spam"),
    config(63027, "the template does not exist in this language"),
    config(63028, "the template takes another number of variables"),
    content(63032, "the channel chose not to deliver to this person"),
    opted_out(63033, "the recipient opted out of marketing on this channel", suppress="63033", scope="whatsapp"),
    content(63034, "the media are too large for the channel"),
    wrong_channel(63036, "the recipient cannot be reached on this channel"),
    defer(63038, "the account's daily message cap is used up", until=_DAY, alert=True),
    config(63040, "the template was rejected"),
    config(63041, "the template is paused"),
    config(63042, "the template is disabled"),
    content(63049, "the channel chose not to deliver this marketing message"),
    config(63051, "the business account is locked"),
    config(63112, "the business account is disabled"),
)

# About inbound texts, or no longer in use. Should one come with an attempt, it says as little as an unknown code.
SILENT: tuple[CodeRow, ...] = (
    unlisted(30009, "a segment of an inbound message is missing"),
    unlisted(30010, "no longer in use"),
    unlisted(30038, "a one-time code in an inbound message was hidden"),
    unlisted(30039, "an inbound message was filtered as a loop"),
)

ROWS = SHARED + CREATE + DELIVERY + CHANNELS + SILENT
