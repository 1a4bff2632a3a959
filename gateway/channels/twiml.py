"""The TwiML of a call, built by Twilio's own classes so that no text can become a verb; it never asks for more.

Source: Twilio's TwiML pages. The inline limit of 4,000 characters is error 32018, the ill-formed text of control
characters 12100, the 3,000 characters of one Polly <Say> 13521; an inline document needs absolute action URLs (15004).
"""

from __future__ import annotations

import re

from twilio.twiml.voice_response import VoiceResponse

from gateway.model import Content, VoiceRules

MAX_TWIML_CHARACTERS = 3_900  # of 4,000: whether Twilio counts before or after some other encoding is not documented
MAX_SAY_CHARACTERS = 3_000
DEFAULT_VOICE = "Polly.Joanna-Neural"
DEFAULT_LANGUAGE = "en-US"
CONFIRM_KEY = "1"
OPT_OUT_KEY = "9"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # outside XML 1.0's Char
_PROMPT_SECONDS = 5
_CONFIRM_SECONDS = 10  # a person who is asked for a key needs longer than one who is offered one

# While a step is judged its URL and sender are not known. A real callback URL is about 180 characters long.
_STAND_IN_URL = "https://" + "x" * 192
_STAND_IN_NUMBER = "+" + "0" * 15
_WIDEST_ESCAPE = len("&quot;")
_FRAME_CHARACTERS = 900


def spoken(content: Content) -> str:
    """What the call says, without characters that no XML document may hold."""
    return _NOT_XML.sub("", content.say or content.body or "").strip()


def call_twiml(content: Content, rules: VoiceRules, *, gather_url: str, caller_id: str) -> str:
    """The whole document, without XML declaration."""
    response = VoiceResponse()
    prompts = _prompts(rules)
    listener = response
    if prompts:
        seconds = _CONFIRM_SECONDS if rules.confirm else _PROMPT_SECONDS
        listener = response.gather(input="dtmf", num_digits=1, timeout=seconds, action=gather_url, method="POST")
    if text := spoken(content):
        voice, language = _voice(content)
        listener.say(text, voice=voice, language=language)
    if prompts:
        listener.say(prompts, voice=DEFAULT_VOICE, language=DEFAULT_LANGUAGE)
    if content.dial:
        response.dial(caller_id=caller_id).number(_NOT_XML.sub("", content.dial))
    return str(response.to_xml(xml_declaration=False))


def too_long(content: Content, rules: VoiceRules) -> bool:
    """Whether the text cannot be sent as inline TwiML."""
    text = spoken(content)
    if len(text) > MAX_SAY_CHARACTERS:
        return True
    free = len(text) + len(content.voice or "") + len(content.language or "")
    if free * _WIDEST_ESCAPE + _FRAME_CHARACTERS <= MAX_TWIML_CHARACTERS:
        return False  # fits however much of it is escaped: nearly every text, and no document need be built
    document = call_twiml(content, rules, gather_url=_STAND_IN_URL, caller_id=_STAND_IN_NUMBER)
    return len(document) > MAX_TWIML_CHARACTERS


def _prompts(rules: VoiceRules) -> str:
    asked = {f"Press {CONFIRM_KEY} to confirm.": rules.confirm, f"Press {OPT_OUT_KEY} to opt out.": rules.opt_out_key}
    return " ".join(sentence for sentence, wanted in asked.items() if wanted)


def _voice(content: Content) -> tuple[str | None, str]:
    """A voice that does not speak the language makes the verb fail, so ours goes with its own language alone."""
    language = _NOT_XML.sub("", content.language or DEFAULT_LANGUAGE)
    if content.voice:
        return _NOT_XML.sub("", content.voice), language
    return (DEFAULT_VOICE if language == DEFAULT_LANGUAGE else None), language
