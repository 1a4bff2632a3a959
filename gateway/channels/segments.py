"""Counts the segments of an SMS, which is what carriers bill; it does not change the text.

Source: Twilio's GSM-7 glossary page for the alphabet; 153 and 67 per part are the GSM standard's, less its header.
"""

from __future__ import annotations

from collections.abc import Iterable

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BASIC = frozenset(_LETTERS + "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà")
_EXTENDED = frozenset("^{}\\[]~|€\f")  # an escape and a character: two septets that stay together

_GSM_SINGLE, _GSM_PART = 160, 153
_UCS_SINGLE, _UCS_PART = 70, 67


def segments(text: str) -> int:
    """How many segments Twilio would send for `text`; one character outside GSM-7 makes all of it UCS-2."""
    if not text:
        return 0
    if all(character in _BASIC or character in _EXTENDED for character in text):
        return _packed((2 if c in _EXTENDED else 1 for c in text), _GSM_SINGLE, _GSM_PART)
    return _packed((2 if ord(c) > 0xFFFF else 1 for c in text), _UCS_SINGLE, _UCS_PART)


def _packed(widths: Iterable[int], single: int, part: int) -> int:
    """Fill parts one by one, since a character of two units is never split between them."""
    total, parts, filled = 0, 1, 0
    for width in widths:
        total += width
        if filled + width > part:
            parts, filled = parts + 1, 0
        filled += width
    return 1 if total <= single else parts
