from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.adapters.store import names
from gateway.adapters.store.learned import ALL_CHANNELS, LEARNED_TTL, Learned, read_origins, read_windows
from gateway.errors import StoreUnavailable
from gateway.model import LINE_TYPE, LineType, Origin

NUMBER, SENDER, OTHER_SENDER = "+14155550100", "+14155550199", "+14155550198"
DAY = timedelta(days=1)


@pytest.fixture
def learned(client: Any, hasher: Any, clock: Any) -> Learned:
    return Learned(client, hasher, clock, repeats=3, within=timedelta(days=7), hold=DAY)


@pytest.fixture
def windows(client: Any, hasher: Any, clock: Any) -> Callable[[], dict[str, datetime]]:
    """The open ones, by sender."""
    senders = {hasher(sender): sender for sender in (SENDER, OTHER_SENDER)}

    def read() -> dict[str, datetime]:
        found = read_windows(client.hgetall(names.window(hasher(NUMBER))), clock.now())
        return {senders[sender]: until for sender, until in found.items()}

    return read


def test_the_newest_line_type_is_known_for_a_while(learned: Learned, clock: Any) -> None:
    assert learned.line_type(NUMBER) is None
    assert learned.learn(NUMBER, LineType.LANDLINE, "30006", clock.now())
    assert not learned.learn(NUMBER, LineType.PREMIUM, "21268", clock.now() - timedelta(hours=1))
    assert learned.line_type(NUMBER) == ("landline", clock.now())
    clock.move(LEARNED_TTL)
    assert learned.line_type(NUMBER) is None


def test_a_number_is_held_back_from_the_third_failure_on(learned: Learned, clock: Any) -> None:
    assert [learned.unreachable(NUMBER, "sms", f"a/{n}") for n in range(2)] == [None, None]
    assert learned.held_channels(NUMBER) == {}
    assert learned.unreachable(NUMBER, "sms", "b/1") == clock.now() + DAY
    assert learned.held_channels(NUMBER) == {"sms": clock.now() + DAY}
    assert learned.unreachable(NUMBER, "voice", "b/2") is None


def test_who_taught_and_when_is_kept_beside_what_was_learned(
    learned: Learned, client: Any, hasher: Any, clock: Any
) -> None:
    began = clock.now()
    learned.learn(NUMBER, LineType.LANDLINE, "30006", began)
    learned.hold(NUMBER, ALL_CHANNELS, began + 3 * DAY, "30450")
    for n, code in enumerate(("30003", "30003", "30005")):
        clock.move(timedelta(hours=1))
        learned.unreachable(NUMBER, "sms", f"a/{n}", code)
    learned.unreachable(NUMBER, "voice", "b/1", "30003")

    def origins() -> Mapping[str, Origin]:
        return read_origins(client.hgetall(names.learned(hasher(NUMBER))), clock.now())

    taught = {LINE_TYPE: Origin("30006", began), ALL_CHANNELS: Origin("30450", began)}
    assert origins() == taught | {"sms": Origin("30005", began + timedelta(hours=3))}
    learned.reached(NUMBER, "sms")
    assert origins() == taught
    clock.move(LEARNED_TTL)
    assert origins() == {}


def test_after_a_hold_the_next_failure_holds_again(learned: Learned, clock: Any) -> None:
    for n in range(3):
        learned.unreachable(NUMBER, "sms", f"a/{n}")
    clock.move(DAY)
    assert learned.held_channels(NUMBER) == {}
    assert learned.unreachable(NUMBER, "sms", "b/1") == clock.now() + DAY


def test_a_failure_told_twice_counts_once(learned: Learned, clock: Any) -> None:
    assert [learned.unreachable(NUMBER, "sms", "a/1") for _ in range(5)] == [None] * 5
    learned.unreachable(NUMBER, "sms", "a/2")
    held = learned.unreachable(NUMBER, "sms", "a/3")
    assert held == clock.now() + DAY
    clock.move(timedelta(hours=1))
    assert learned.unreachable(NUMBER, "sms", "a/3") == held


def test_old_failures_do_not_count(learned: Learned, clock: Any) -> None:
    for n in range(2):
        learned.unreachable(NUMBER, "sms", f"a/{n}")
    clock.move(timedelta(days=8))
    assert learned.unreachable(NUMBER, "sms", "b/1") is None


def test_a_delivery_ends_count_and_hold_of_its_channel_only(learned: Learned, clock: Any) -> None:
    for channel in ("sms", "voice"):
        for n in range(3):
            learned.unreachable(NUMBER, channel, f"a/{n}")
    learned.hold(NUMBER, ALL_CHANNELS, clock.now() + DAY)
    learned.reached(NUMBER, "sms")
    assert set(learned.held_channels(NUMBER)) == {"voice", "all"}
    assert learned.unreachable(NUMBER, "sms", "b/1") is None


def test_a_hold_is_not_shortened(learned: Learned, clock: Any) -> None:
    assert learned.hold(NUMBER, ALL_CHANNELS, clock.now() + timedelta(hours=12))
    assert not learned.hold(NUMBER, ALL_CHANNELS, clock.now() + timedelta(minutes=30))
    assert learned.held_channels(NUMBER) == {"all": clock.now() + timedelta(hours=12)}
    learned.hold(NUMBER, "sms", clock.now() + 3 * DAY)
    for n in range(3):
        learned.unreachable(NUMBER, "sms", f"a/{n}")
    assert learned.held_channels(NUMBER)["sms"] == clock.now() + 3 * DAY


def test_fifty_failures_at_once_are_counted_exactly(client: Any, hasher: Any, clock: Any, at_once: Any) -> None:
    learned = Learned(client, hasher, clock, repeats=30)
    held = at_once(50, lambda n: learned.unreachable(NUMBER, "sms", f"a/{n}"))
    assert held.count(None) == 29


def test_a_window_is_open_for_a_day_and_belongs_to_its_sender(learned: Learned, clock: Any, windows: Any) -> None:
    learned.open_window(NUMBER, SENDER, clock.now())
    assert windows() == {SENDER: clock.now() + DAY}
    clock.move(timedelta(hours=1))
    learned.open_window(NUMBER, OTHER_SENDER, clock.now())
    assert windows() == {SENDER: clock.now() + timedelta(hours=23), OTHER_SENDER: clock.now() + DAY}
    clock.move(timedelta(hours=23))
    assert windows() == {OTHER_SENDER: clock.now() + timedelta(hours=1)}


def test_a_message_told_late_does_not_shorten_a_window(learned: Learned, clock: Any, windows: Any) -> None:
    learned.open_window(NUMBER, SENDER, clock.now())
    learned.open_window(NUMBER, SENDER, clock.now() - timedelta(hours=5))
    assert windows() == {SENDER: clock.now() + DAY}


def test_the_last_application_to_write_from_a_sender_is_known(learned: Learned) -> None:
    learned.wrote("billing", NUMBER, SENDER)
    learned.wrote("alerts", NUMBER, SENDER)
    learned.wrote("billing", NUMBER, OTHER_SENDER)
    assert learned.last_writer(NUMBER, SENDER) == "alerts"
    assert learned.last_writer(NUMBER, OTHER_SENDER) == "billing"
    assert learned.last_writer("+14155550101", SENDER) is None


def test_everything_learned_is_forgotten_in_time(learned: Learned, clock: Any, client: Any) -> None:
    learned.learn(NUMBER, LineType.LANDLINE, "30006", clock.now())
    learned.unreachable("+14155550101", "sms")
    learned.hold("+14155550102", ALL_CHANNELS, clock.now() + DAY)
    learned.open_window(NUMBER, SENDER, clock.now())
    learned.wrote("billing", NUMBER, SENDER)
    keys = client.keys("*")
    assert len(keys) == 5
    assert all(client.ttl(key) > 0 for key in keys)


def test_a_number_can_be_forgotten_at_once(learned: Learned, clock: Any, windows: Any) -> None:
    learned.hold(NUMBER, "sms", clock.now() + DAY)
    learned.open_window(NUMBER, SENDER, clock.now())
    learned.forget(NUMBER)
    assert learned.held_channels(NUMBER) == {}
    assert windows() == {}


def test_no_number_is_readable_in_the_store(learned: Learned, clock: Any, everything: Callable[[], bytes]) -> None:
    learned.learn(NUMBER, LineType.LANDLINE, "30006", clock.now())
    learned.unreachable(NUMBER, "sms", "a/1")
    learned.open_window(NUMBER, SENDER, clock.now())
    learned.wrote("billing", NUMBER, SENDER)
    assert b"415555" not in everything()


def test_without_the_store_nothing_is_known(away: Any, hasher: Any, clock: Any) -> None:
    learned = Learned(away, hasher, clock)
    for call in (learned.line_type, learned.held_channels):
        with pytest.raises(StoreUnavailable):
            call(NUMBER)
    with pytest.raises(StoreUnavailable):
        learned.unreachable(NUMBER, "sms")
