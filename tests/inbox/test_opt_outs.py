"""Who writes what into the opt-out list, what START takes back, and which steps an entry stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.inbox import KeyPressed, MessageReceived, StatusReported, Subject
from gateway.model import SuppressionEntry
from gateway.sandbox import SANDBOX_FROM_NUMBER
from tests.inbox.house import PERSON, House

OURS = "+15005550006"
NUMBER = iter(range(10**6))


def text(body: str, *, sender: str = PERSON, opt_out_type: str | None = None, channel: str = "sms", **more: object):  # type: ignore[no-untyped-def]
    return MessageReceived(f"SM{next(NUMBER):032d}", channel, sender, OURS, body, opt_out_type, **more)  # type: ignore[arg-type]


def entries(house: House, address: str = PERSON) -> set[tuple[str, str]]:
    return {(e.scope, e.source) for e in house.gateway.suppressions.entries(address)}


@pytest.mark.parametrize("word", ["STOP", "stop.", " Unsubscribe ", "Please stop", "ARRÊT", "opt-out", "Revoke"])
def test_a_stop_word_is_for_all(house: House, word: str) -> None:
    house.tell(text(word))
    assert entries(house) == {("all", "keyword")}


def test_what_twilio_matched_wins_over_the_words(house: House) -> None:
    house.tell(text("no thanks", opt_out_type="STOP"))
    assert entries(house) == {("all", "opt_out_type")}


@pytest.mark.parametrize(
    ("route", "word", "code", "entry"),
    [
        ("sms", "failed", 21610, ("sms", "21610_callback")),
        ("whatsapp", "failed", 63033, ("whatsapp", "63033_callback")),
        ("sms", "undelivered", 30004, ("sms", "30004_callback")),
    ],
)
def test_a_provider_that_says_opted_out_is_believed_for_its_channel(
    house: House, route: str, word: str, code: int, entry: tuple[str, str]
) -> None:
    house.gateway.learned.open_window(PERSON, SANDBOX_FROM_NUMBER, house.clock.now())
    intent_id = house.accept(route)
    sid = house.run(intent_id, 1).attempts[0].provider_sid or ""
    house.tell(StatusReported(Subject.MESSAGE, sid, word, intent_id, 1, error_code=code))
    assert entries(house) == {entry}


@pytest.mark.parametrize(
    ("word", "source"), [("unsubscribe", "unsubscribe"), ("spamreport", "spam_report"), ("bounce", "hard_bounce")]
)
def test_mail_that_is_not_wanted_stops_mail_to_that_address(house: House, word: str, source: str) -> None:
    house.tell(StatusReported(Subject.EMAIL, "mail-1", word, address="ann@example.com", event_id=f"e-{word}"))
    assert (entries(house, "ann@example.com"), entries(house)) == ({("email", source)}, set())


@pytest.mark.parametrize("digits", ["9", "1"])
def test_a_key_pressed_in_another_call_is_an_orphan(house: House, digits: str) -> None:
    intent_id = house.accept("voice")
    before = house.run(intent_id, 1)
    reply = house.tell(KeyPressed("CA" + "7" * 32, intent_id, 1, digits))
    assert (reply.effect, reply.hang_up, entries(house)) == ("orphan", True, set())
    assert house.gateway.intents.load(intent_id) == before


def test_nine_on_the_keypad_is_for_all(house: House) -> None:
    intent_id = house.accept("voice")
    sid = house.run(intent_id, 1).attempts[0].provider_sid or ""
    effects = [house.tell(KeyPressed(sid, intent_id, 1, "9")).effect for _ in range(2)]
    assert (effects, entries(house)) == (["applied", "duplicate"], {("all", "keypad")})
    events = [entry.event for entry in house.gateway.intents.timeline(intent_id)]
    assert events.count("opted_out") == 1


LIFTED = ("keyword", "opt_out_type", "keypad", "21610_create", "21610_callback")
KEPT = ("api", "import", "cli", "unsubscribe")


def test_start_takes_back_what_stop_said_and_nothing_else(house: House) -> None:
    for source in LIFTED + KEPT:
        house.gateway.suppressions.add(PERSON, SuppressionEntry("all", source, house.clock.now(), "x", "y"))
    house.tell(text("START"))
    assert entries(house) == {("all", source) for source in KEPT}


def test_a_start_that_comes_late_leaves_a_later_stop(house: House) -> None:
    """It was missed, and fetched after a STOP that its webhook brought in time."""
    written = house.clock.now()
    house.gateway.suppressions.add(PERSON, SuppressionEntry("voice", "keypad", written, "recipient", "pressed 9"))
    house.clock.move(timedelta(minutes=1))
    house.tell(text("STOP"))
    house.tell(text("START", received_at=written))
    assert entries(house) == {("all", "keyword")}


def test_stop_is_told_once_even_when_the_first_try_broke_off(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    stop = text("STOP")
    house.gateway.apps.set("shop", senders=[OURS])

    def broken(app: str, kind: str, fields: object) -> None:
        raise RuntimeError("killed here")

    object.__setattr__(house.gateway.desk, "tell", broken)
    with pytest.raises(RuntimeError):
        house.tell(stop)
    assert entries(house) == {("all", "keyword")}, "the opt-out comes first"
    object.__setattr__(house.gateway.desk, "tell", lambda app, kind, fields: told.append(kind))
    effects = [house.tell(stop).effect for _ in range(2)]
    house.tell(text("STOP"))
    assert (effects, told) == (["applied", "duplicate"], ["recipient.opted_out"])


@pytest.mark.parametrize(
    ("scope", "step", "stopped"),
    [
        ("all", "sms", True), ("all", "voice", True), ("all", "verify", True), ("sms", "sms", True),
        ("sms", "verify", True), ("sms", "voice", False), ("voice", "voice", True), ("voice", "verify:call", True),
        ("voice", "sms", False), ("email", "sms", False), ("whatsapp", "sms", False), ("whatsapp", "voice", False),
    ],
)  # fmt: skip
def test_an_entry_stops_the_steps_of_its_scope(house: House, scope: str, step: str, stopped: bool) -> None:
    house.gateway.suppressions.add(PERSON, SuppressionEntry(scope, "api", house.clock.now(), "x", "y"))
    proof = (step,) if step.startswith("verify") else ()
    intent_id = house.accept(*(() if proof else (step,)), proof=proof)
    house.run(intent_id)
    assert len(house.provider.sent) == (0 if stopped else 1)


@pytest.mark.parametrize(("purpose", "calls"), [("mfa", 1), ("notification", 0)])
@pytest.mark.parametrize("source", LIFTED)
def test_a_keyword_does_not_stop_the_proof_of_an_exempt_purpose(
    house: House, source: str, purpose: str, calls: int
) -> None:
    house.gateway.suppressions.add(PERSON, SuppressionEntry("all", source, house.clock.now(), "x", "y"))
    house.run(house.accept(proof=("verify",), purpose=purpose))
    assert len(house.provider.sent) == calls


@pytest.mark.parametrize("source", KEPT)
def test_what_was_entered_on_purpose_stops_even_that(house: House, source: str) -> None:
    house.gateway.suppressions.add(PERSON, SuppressionEntry("all", source, house.clock.now(), "x", "y"))
    house.run(house.accept(proof=("verify",), purpose="mfa"))
    assert not house.provider.sent


def test_a_reply_goes_to_whoever_wrote_last_also_through_a_service(house: House) -> None:
    told: list[tuple[str, str]] = []
    object.__setattr__(house.gateway.desk, "tell", lambda app, kind, fields: told.append((app, fields["body"])))
    house.run(house.accept("sms"), 1)
    service = house.gateway.settings.sender().messaging_service_sid
    house.tell(text("Who is this?"))
    house.tell(text("And now?", messaging_service_sid=service))
    assert told == [("default", "Who is this?"), ("default", "And now?")], "the service and the number are one sender"
    house.tell(replace(text("Elsewhere"), to="+15005550011"))
    assert told[2:] == [], "nobody wrote from there"
    house.gateway.apps.set("owner", senders=[OURS])
    house.tell(text("Hello", messaging_service_sid=service))
    assert told[2:] == [("owner", "Hello")], "the owner of the sender goes before the last writer"
