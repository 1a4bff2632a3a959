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
    {"stop all", "opt out", "opt-out", "arret", "remove", "remove me", "stop it", "stop please", "please stop",
     "stop texting me", "unsubscribe me", "no more", "parar", "alto", "baja"}
)  # fmt: skip
_START = frozenset({"start", "unstop", "opt in", "opt-in", "optin"})
_YES = "yes"
_HELP = frozenset({"help", "info"})
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_SPACES = re.compile(r"\s+")


def asked(body: str, *, toll_free: bool = False) -> Asked | None:
    """`toll_free`: our number is toll-free, where YES does not subscribe again."""
    word = plain(body)
    if word in _STOP:
        return Asked.STOP
    if word in _START or (word == _YES and not toll_free):
        return Asked.START
    return Asked.HELP if word in _HELP else None


def plain(body: str) -> str:
    """Lower case, without accents, outer punctuation and doubled spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", body[:200]) if not unicodedata.combining(c))
    return _SPACES.sub(" ", _EDGES.sub("", bare)).casefold()


def answered_by_twilio(body: str) -> bool:
    """True where Twilio has replied already: its own words, alone in the text."""
    return body.strip().casefold() in TWILIO_STOP | {"start", "yes", "unstop", "help", "info"}
