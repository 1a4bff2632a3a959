"""What of a report may be kept beside an attempt: no address and no text of a person, and nothing without bound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

MAX_TEXT = 500
_MAX_FIELDS = 40
_MAX_NAME = 64

# Whole numbers and addresses inside free text. A SID's hex digits touch letters and are left alone.
_NUMBER = re.compile(r"(?<![0-9A-Za-z])(\+?[0-9(][0-9() .-]{5,}[0-9])(?![0-9A-Za-z])")
_ADDRESS = re.compile(r"[^\s<>@,;:\"'=]+@[^\s<>@,;:\"']+")

# Names (lower case, no underscores) that speak of the person, or say again what the event says in a field of its own.
_PERSONAL = (
    "from", "to", "caller", "called", "forwarded", "body", "channeltoaddress", "waid", "profilename", "address",
    "email", "phone", "digits", "speech", "mediaurl", "recordingurl", "latitude", "longitude", "label", "contact",
    "identity", "token", "code",
)  # fmt: skip
_SAID_AGAIN = frozenset({"smssid", "smsstatus", "apiversion", "errorcode", "errormessage"})
# Twilio's own words and numbers, kept as they are: a carrier's timestamp has the length of a phone number.
_KNOWN = frozenset({
    "accountsid", "messagingservicesid", "rawdlrdonedate", "channelinstallsid", "channelprefix", "eventtype",
    "direction", "callduration", "duration", "sipresponsecode", "sequencenumber", "timestamp", "callbacksource",
    "answeredby", "parentcallsid", "machinedetectionduration", "recordingsid", "recordingduration", "flowsid",
    "servicesid", "bounceclassification", "asmgroupid", "numberofsegments", "numsegments", "country",
})  # fmt: skip


def scrubbed(text: str) -> str:
    """Free text with phone numbers and e-mail addresses masked, cut to a bound."""
    cut = _NUMBER.sub(_masked, text[: MAX_TEXT * 2])
    return (_ADDRESS.sub("****", cut) if "@" in cut else cut)[:MAX_TEXT]


def kept(pairs: Iterable[tuple[str, str]], taken: frozenset[str]) -> dict[str, str]:
    """The fields worth keeping, under the names they came with. `taken`: names that the event already holds."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        treatment = _treatment(name)
        if treatment is None or name in taken:
            continue
        fields[name[:_MAX_NAME]] = treatment(value)
        if len(fields) >= _MAX_FIELDS:
            break
    return fields


@lru_cache(maxsize=1024)
def _treatment(name: str) -> Callable[[str], str] | None:
    """What is done to the value of a field of this name; None: it is not kept."""
    plain = name.replace("_", "").lower()
    if plain in _KNOWN:
        return _cut
    return None if plain in _SAID_AGAIN or plain.startswith(_PERSONAL) else scrubbed


def _cut(text: str) -> str:
    return text[:MAX_TEXT]


def _masked(match: re.Match[str]) -> str:
    """The usual mask: all but the last four digits. Fewer than seven digits are no phone number."""
    number = match[1]
    digits = sum(character.isdigit() for character in number)
    return number if digits < 7 else number[:-4] + "****"
