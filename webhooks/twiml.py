"""The two TwiML documents we answer with; text from outside is escaped by the XML library, never pasted in.

Source: Twilio's TwiML pages; XML 1.0 for the characters that no escape makes legal.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, tostring

MIMETYPE = "text/xml"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def message(text: str | None) -> bytes:
    """Text the person back, or nothing."""
    response = Element("Response")
    if text:
        SubElement(response, "Message").text = _legal(text)
    return _document(response)


def speech(text: str | None, *, hang_up: bool) -> bytes:
    """Say something in the call, and maybe end it."""
    response = Element("Response")
    if text:
        SubElement(response, "Say").text = _legal(text)
    if hang_up:
        SubElement(response, "Hangup")
    return _document(response)


def _document(response: Element) -> bytes:
    document: bytes = tostring(response, "utf-8", xml_declaration=True)
    return document


def _legal(text: str) -> str:
    return _NOT_XML.sub("", text)
