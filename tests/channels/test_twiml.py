"""The spoken document against hostile text, and its limits."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.channels import twiml
from gateway.channels.twiml import call_twiml, spoken, too_long
from gateway.model import Content, VoiceRules

SILENT = VoiceRules(opt_out_key=False)
URL = "https://gw.example.com/webhooks/voice/gather?intent=intent-1&attempt=1"


def document(content: Content, rules: VoiceRules = SILENT) -> str:
    return call_twiml(content, rules, gather_url=URL, caller_id="+14155550199")


def tags(text: str) -> list[str]:
    return [element.tag for element in ElementTree.fromstring(text).iter()]


HOSTILE = [
    "</Say><Dial>+14155550111</Dial><Say>",
    "<Redirect>https://evil.example.com</Redirect>",
    "]]><Hangup/>",
    "&lt;Dial&gt;",
    "&#60;Dial&#62;",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
    "<?xml version='1.0'?><Response/>",
    'a" voice="man',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_verb(text: str) -> None:
    made = document(Content(text))
    assert tags(made) == ["Response", "Say"]
    assert ElementTree.fromstring(made).findtext("Say") == text


@pytest.mark.parametrize("text", HOSTILE)
def test_no_voice_language_or_target_becomes_a_verb(text: str) -> None:
    made = document(Content("Hello", voice=text, language=text, dial=text))
    assert tags(made) == ["Response", "Say", "Dial", "Number"]


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x0b", "\x1b", "\x1f", "\ud800", "\udfff", "\ufffe", "\uffff"])
def test_characters_outside_xml_are_left_out(character: str) -> None:
    content = Content(f"one{character}two", voice=f"m{character}an", language=f"en{character}", dial=f"+1{character}4")
    root = ElementTree.fromstring(document(content))
    assert root.findtext("Say") == "onetwo"


@pytest.mark.parametrize("text", ["tab\tline\nend", "café 😀", "\U0010ffff", "\ue000"])
def test_characters_of_xml_stay(text: str) -> None:
    assert spoken(Content(text)) == text


@given(st.text(alphabet=st.characters(), max_size=300), st.booleans(), st.booleans())
def test_every_text_makes_a_document_that_can_be_read(text: str, confirm: bool, opt_out: bool) -> None:
    made = document(Content(text, dial="+14155550111"), VoiceRules(confirm=confirm, opt_out_key=opt_out))
    assert set(tags(made)) <= {"Response", "Gather", "Say", "Dial", "Number"}


@given(
    st.text(alphabet=st.sampled_from("a &<>\"'\u00e9\u0416\U0001f600\x07"), max_size=3000),
    st.sampled_from([None, "Polly.Amy", '"' * 120]),
    st.booleans(),
)
def test_a_text_that_is_not_too_long_always_fits(text: str, voice: str | None, confirm: bool) -> None:
    """The quick answer must agree with the document, also with the longest address we may have."""
    content, rules = Content(text, voice=voice, dial="+14155550111"), VoiceRules(confirm=confirm)
    if not too_long(content, rules):
        made = call_twiml(content, rules, gather_url="https://" + "x" * 280, caller_id="+14155550199")
        assert len(made) <= 4000


def test_the_boundary_is_where_the_document_says() -> None:
    frame = len(call_twiml(Content("&"), SILENT, gather_url="", caller_id="")) - len("&amp;")
    escaped, plain = divmod(twiml.MAX_TWIML_CHARACTERS - frame, len("&amp;"))
    most = "&" * escaped + "x" * plain
    assert not too_long(Content(most), SILENT)
    assert too_long(Content(most + "x"), SILENT)


def test_one_say_holds_three_thousand_characters() -> None:
    assert not too_long(Content(say="x" * 3000), SILENT)
    assert too_long(Content(say="x" * 3001), SILENT)


def test_it_fits_without_the_declaration() -> None:
    assert document(Content("Hello")).startswith("<Response>")


@pytest.mark.parametrize(
    ("rules", "prompt"),
    [
        (VoiceRules(), "Press 9 to opt out."),
        (VoiceRules(confirm=True, opt_out_key=False), "Press 1 to confirm."),
        (VoiceRules(confirm=True), "Press 1 to confirm. Press 9 to opt out."),
        (SILENT, None),
    ],
    ids=["opt_out", "confirm", "both", "neither"],
)
def test_a_key_is_offered_where_the_purpose_says_so(rules: VoiceRules, prompt: str | None) -> None:
    root = ElementTree.fromstring(document(Content("Hello"), rules))
    gather = root.find("Gather")
    if prompt is None:
        assert gather is None
        return
    assert gather is not None
    assert gather.attrib["numDigits"] == "1"
    assert gather.attrib["action"] == URL
    assert [say.text for say in gather.findall("Say")] == ["Hello", prompt]


@pytest.mark.parametrize(
    ("content", "voice", "language"),
    [
        (Content("Hi"), "Polly.Joanna-Neural", "en-US"),
        (Content("Hi", voice="Polly.Amy", language="en-GB"), "Polly.Amy", "en-GB"),
        (Content("Hola", language="es-ES"), None, "es-ES"),
        (Content("Hi", voice="man"), "man", "en-US"),
    ],
    ids=["ours", "theirs", "a_voice_of_the_language", "voice_alone"],
)
def test_voice_and_language_go_together(content: Content, voice: str | None, language: str) -> None:
    say = ElementTree.fromstring(document(content)).find("Say")
    assert say is not None
    assert (say.get("voice"), say.get("language")) == (voice, language)


def test_what_is_to_be_said_goes_before_the_text() -> None:
    assert spoken(Content(body="Order #12", say="Order number twelve")) == "Order number twelve"
