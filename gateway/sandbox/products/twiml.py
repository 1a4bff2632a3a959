"""Reading TwiML: XML to a tuple of verbs, or the code of what is wrong with it. It does not carry anything out.

Source: Twilio's TwiML pages and error dictionary (12100, 12102, 12200, 32018, 11750).
"""

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.sandbox.forms import named

LONGEST_INLINE = 4000
LONGEST_FETCHED = 65_536
VERBS = named("Say Play Pause Gather Dial Hangup Redirect Reject Record Enqueue Leave Pay Refer Connect Start Stop")
NOUNS = named("Number Sip Client Conference Queue")


class TwimlFault(Exception):
    """What Twilio's debugger would show; `code` is its number."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    text: str
    attributes: Mapping[str, str]
    children: tuple["Verb", ...] = ()


def parse(text: str, longest: int = LONGEST_INLINE) -> tuple[Verb, ...]:
    """Raises TwimlFault. Names are case sensitive."""
    if len(text) > longest:
        raise TwimlFault(32018 if longest == LONGEST_INLINE else 11750)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise TwimlFault(12100)
    try:
        root = ElementTree.fromstring(text.encode("utf-8"))  # noqa: S314
    except (ElementTree.ParseError, UnicodeEncodeError):
        raise TwimlFault(12100) from None
    if root.tag != "Response":
        raise TwimlFault(12102)
    return tuple(_verb(element, VERBS) for element in root)


def _verb(element: "ElementTree.Element", known: frozenset[str]) -> Verb:
    if element.tag not in known:
        raise TwimlFault(12200)
    inner = NOUNS if element.tag == "Dial" else VERBS if element.tag == "Gather" else frozenset[str]()
    children = tuple(_verb(child, inner) for child in element) if inner else ()
    text = "".join(element.itertext()) if not inner else (element.text or "")
    return Verb(element.tag, text.strip(), dict(element.attrib), children)
