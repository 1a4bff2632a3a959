"""What a person's text asks for: stop, start, help, or none of them. Pure.

Wider than Twilio's own list, because a person may say no in any reasonable words. Source: Twilio's default opt-out
keywords; FCC's rule that any reasonable wording revokes consent.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Asked(StrEnum):
    STOP = "STOP"
    START = "START"
    HELP = "HELP"


TWILIO_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
"""Words that Twilio answers itself: a second answer of ours would break the rules."""

_STOP = TWILIO_STOP | frozenset(
    {"stop all", "opt out", "arret", "remove", "remove me", "stop it", "no more", "parar", "alto", "baja",
     "unsubscribe me", "stop texting", "stop texting me", "stop messaging", "stop messaging me", "stop calling",
     "stop calling me", "stop contacting me", "stop writing", "stop writing me", "stop sending",
     "stop sending me messages", "stop sending me texts", "do not text me", "do not call me", "do not contact me",
     "don't text me", "don't call me", "don't contact me", "leave me alone"}
)  # fmt: skip
_START = frozenset({"start", "unstop", "opt in", "optin"})
_YES = "yes"
_HELP = frozenset({"help", "info"})
_POLITE = frozenset({"please", "pls", "now", "thanks"})
_OF_OTHER_THINGS = frozenset({"cancel", "end"})
"""Alone they are a STOP, Twilio takes them so too; politely they may be meant for an order or an appointment."""
_PUNCTUATION = re.compile(r"[^\w\s']|_")


def asked(body: str, *, toll_free: bool = False) -> Asked | None:
    """`toll_free`: our number is toll-free, where YES does not subscribe again."""
    words = plain(body)
    if words in _STOP or _without_manners(words) in _STOP - _OF_OTHER_THINGS:
        return Asked.STOP
    if words in _START or (words == _YES and not toll_free):
        return Asked.START
    return Asked.HELP if words in _HELP else None


def is_yes(body: str) -> bool:
    """True for the word that says START to a sender, and as often answers a question of somebody's."""
    return plain(body) == _YES


def plain(body: str) -> str:
    """Lower case, without accents, punctuation and doubled spaces."""
    straight = body[:200].replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    bare = "".join(c for c in unicodedata.normalize("NFKD", straight) if not unicodedata.combining(c))
    return " ".join(_PUNCTUATION.sub(" ", bare).split()).strip("' ").casefold()


def _without_manners(words: str) -> str:
    return " ".join(word for word in words.split() if word not in _POLITE)


def answered_by_twilio(body: str) -> bool:
    """True where Twilio has replied already: its own words, alone in the text."""
    return body.strip().casefold() in TWILIO_STOP | {"start", "yes", "unstop", "help", "info"}
