"""From what a person typed to `+` and ASCII digits, refusing each character a phone number cannot have by its name.

It knows nothing of countries or numbering plans.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from gateway.errors import FieldError, InvalidRequest

_PLAIN = re.compile(r"\+?[0-9]+")
_LETTERS = "letters are not accepted; write the digits they stand for"

# What begins as another kind of address is told so, rather than that it holds letters.
_KINDS: Mapping[str, str] = {
    "whatsapp:": "give the number without whatsapp: and choose the channel by `channels` or the purpose",
    "messenger:": "only phone numbers are accepted, not Messenger ids",
    "client:": "only phone numbers are accepted, not client names",
    "rcs:": "give the number without rcs:",
    "sms:": "give the number without sms:",
    "sips:": "use sip: instead of sips:",
    "mailto:": "an e-mail address belongs in the field `email`",
}

_EXTENSION = re.compile(r"\d\W*(?:;?\s*e?xt(?:ension|n)?\W*|x|#|,+|;)\s*\d+#?$", re.IGNORECASE)

# Unicode category → what to say. Marks that steer the writing direction are Cf: invisible, and pasted by accident.
_INVISIBLE: Mapping[str, str] = {
    "Cc": "a control character",
    "Cf": "an invisible character",
    "Cs": "half of a surrogate pair",
    "Co": "a private-use character",
    "Cn": "an unassigned character",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}

_LOOKS: Mapping[int, str] = {
    ord("\uff0b"): "+",
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFF0D), "-"),
    0xFF08: "(",
    0xFF09: ")",
    0xFF0E: ".",
    0xFF0F: "/",
}
_PUNCTUATION = frozenset(" ()-./")

# Where the marks may stand: nothing but an opening bracket before the number, nothing doubled, at most one at the end.
_SHAPE = re.compile(r"[ (]*\+?[ (]*[0-9](?:[ ()]*[-./]?[ ()]*[0-9])*[ )]*[.]?")


def wrong(field: str, message: str, code: str = "invalid_number") -> InvalidRequest:
    """The refusal of one field under one of the number codes."""
    return InvalidRequest(FieldError(field, message), code=code)


def dialled(typed: str, field: str) -> str:
    """`+` and digits, or digits alone. Digits of any script become ASCII; `tel:` is dropped."""
    if _PLAIN.fullmatch(typed):
        return typed
    _refuse_invisible(typed, field)
    text = "".join(_ascii(char) for char in typed).strip()
    _refuse_kind(text, field)
    text = text[4:] if text[:4].lower() == "tel:" else text
    if _EXTENSION.search(text):
        raise wrong(field, "extensions are not supported; give the number alone")
    _refuse_foreign(text, field)
    return _joined(text, field)


def _refuse_invisible(typed: str, field: str) -> None:
    for char in typed:
        kind = _INVISIBLE.get(unicodedata.category(char))
        if kind:
            raise wrong(field, f"contains {kind} ({_named(char)})")


def _ascii(char: str) -> str:
    """Digits of all scripts, and the spaces, dashes and brackets that keyboards outside ASCII type instead of ours."""
    if char.isascii():
        return char
    category = unicodedata.category(char)
    # Mathematical and segmented digits are ornaments, typed by nobody: they stay and are refused by name.
    if category == "Nd" and ord(char) not in range(0x1D7CE, 0x1D800) and ord(char) not in range(0x1FBF0, 0x1FBFA):
        return str(unicodedata.decimal(char))
    return " " if category == "Zs" else _LOOKS.get(ord(char), char)


def _refuse_kind(text: str, field: str) -> None:
    lowered = text.lower()
    for kind, message in _KINDS.items():
        if lowered.startswith(kind):
            raise wrong(field, message)


def _refuse_foreign(text: str, field: str) -> None:
    for char in text:
        if char in _PUNCTUATION or char == "+" or (char.isascii() and char.isdigit()):
            continue
        if char.isalpha():
            raise wrong(field, _LETTERS)
        if char in "*#":
            raise wrong(field, f"{char} begins a service code, which is not a number")
        raise wrong(field, f"contains a character that no phone number has ({_named(char)})")


def _joined(text: str, field: str) -> str:
    digits = "".join(char for char in text if char.isdigit())
    if not digits:
        raise wrong(field, "contains no digits")
    if text.count("+") > 1 or "+" in text[text.index(digits[0]) :]:
        raise wrong(field, "+ may stand once, before the country calling code")
    if not _SHAPE.fullmatch(text):
        raise wrong(field, "has punctuation where a phone number has none")
    return ("+" if "+" in text else "") + digits


def _named(char: str) -> str:
    name = unicodedata.name(char, "")
    return f"U+{ord(char):04X} {name}".strip()
