"""`gateway rekey`: everything is there under the new keys, also when the change was cut off in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway import pipeline, wiring
from gateway.act import moves
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store import names, rekeying
from gateway.adapters.store.batches import LIFE, Batches
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client
from gateway.adapters.store.outbox import Event
from gateway.adapters.store.rekeying.intents import IntentMove
from gateway.cli.root import cli
from gateway.errors import Misconfigured
from gateway.model import Content, Intent, LineType, Recipient, SuppressionEntry
from gateway.settings import Settings
from gateway.wiring import Gateway
from gateway.wiring.rekey import rekey
from tests.stack import environment

NOWHERE = "http://127.0.0.1:9"
NEW_HASH, NEW_DATA = "a newer hash key for tests", "a newer data key for tests"
BOTH = {"GATEWAY_NEW_HASH_KEY": NEW_HASH, "GATEWAY_NEW_DATA_KEY": NEW_DATA}
AFTER_BOTH = {"GATEWAY_HASH_KEY": NEW_HASH, "GATEWAY_DATA_KEY": NEW_DATA}
NUMBERS = [f"+141555501{n:02d}" for n in range(40)]
OPTED_OUT = [f"+44790090{n:04d}" for n in range(300)]
CHUNKS = {0: [(0, NUMBERS[0]), (1, NUMBERS[1])], 2: [(2, NUMBERS[2])]}
ANSWERS = {0: {"lookup": {"number": NUMBERS[0], "source": "live"}}, 2: {"error": "budget"}}
"""Of a batch under way: by the first row of each chunk, and by row."""


def settings(redis_url: str, **more: str) -> Settings:
    changed = {"TWILIO_API_BASE_URL": NOWHERE, "GATEWAY_BOOTSTRAP_API_KEY": "gw_test_key"} | more
    return Settings.load(None, environment(redis_url, NOWHERE, NOWHERE) | changed)


def intent(gateway: Gateway, number: str, n: int) -> Intent:
    return Intent(
        id=f"01KEY{n:05d}", app="shop", purpose="notification", to=Recipient(number, "US", f"p{n}@example.com"),
        content=Content(body=f"Parcel {n} is here."), created_at=gateway.clock.now(), ttl=timedelta(hours=4),
    )  # fmt: skip


def batches_of(gateway: Gateway) -> Batches:
    return Batches(gateway.client, Sealer(gateway.secrets.data))


def closed(gateway: Gateway) -> None:
    gateway.ledger.flush()
    gateway.client.connection_pool.disconnect()


@pytest.fixture(autouse=True)
def alone(client: Client) -> None:
    """What other tests built in this process is not connected any more."""
    client.client_kill_filter(_type="normal", skipme=True)


@pytest.fixture
def filled(client: Client, redis_url: str) -> Iterator[str]:
    """A store in which something of every kind is kept; nobody is connected to it any more."""
    gateway = wiring.build(settings(redis_url, GATEWAY_BOOTSTRAP_API_KEY="gw_test_key"))
    now = gateway.clock.now()
    for n, number in enumerate(NUMBERS):
        wanted = intent(gateway, number, n)
        known = gateway.reads.known("shop", number, None, None)
        progress = pipeline.judge(gateway.house, wanted, known, free=True)
        gateway.intents.accept(progress, None, ring=False)
    for number in OPTED_OUT:
        gateway.suppressions.add(number, SuppressionEntry("sms", "STOP", now, "person", "wrote STOP"))
    gateway.suppressions.add("Somebody@Example.com", SuppressionEntry("email", "unsubscribe", now))
    gateway.apps.set("shop", "https://shop.example.com/events")
    gateway.outbox.put(Event("evt_1", "shop", "message.received", now, {"from": NUMBERS[0]}))
    gateway.proofs.prove("shop", NUMBERS[0], now)
    gateway.learned.learn(NUMBERS[0], LineType.LANDLINE, "30006", now)
    gateway.learned.wrote("shop", NUMBERS[0], gateway.settings.sender().messaging_service_sid)
    gateway.learned.open_window(NUMBERS[0], gateway.settings.sender().whatsapp_from, now)
    gateway.lookup_audit.note(NUMBERS[0], ["carrier"], app="shop", who="k", why="asked")
    gateway.idempotency.claim("k", "a-key", "print", "token")
    batches_of(gateway).open("b1", {"batch": "b1"})
    for asked in CHUNKS.values():
        batches_of(gateway).post("b1", asked)
    batches_of(gateway).answer("b1", ANSWERS)
    closed(gateway)
    yield redis_url


def assert_all_there(gateway: Gateway) -> None:
    for n, number in enumerate(NUMBERS):
        found = gateway.intents.load(f"01KEY{n:05d}")
        assert found is not None
        assert (found.intent.to.number, found.intent.content.body) == (number, f"Parcel {n} is here.")
        assert [i for i, _ in gateway.intents.newest_to(number, 5)] == [found.intent.id]
    assert all([e.scope for e in gateway.suppressions.entries(number)] == ["sms"] for number in OPTED_OUT)
    assert [e.source for e in gateway.suppressions.entries("somebody@example.com")] == ["unsubscribe"]
    assert sorted(address for address, _ in gateway.suppressions.export()) == sorted(
        [*OPTED_OUT, "Somebody@Example.com"]
    )
    assert gateway.suppressions.count() == len(OPTED_OUT) + 1
    app = gateway.apps.get("shop")
    assert app is not None and app.callback_url == "https://shop.example.com/events"
    claimed = gateway.outbox.claim("evt_1")
    assert claimed is not None and claimed.event.data == {"from": NUMBERS[0]}
    assert batches_of(gateway).left("b1") == (CHUNKS, ANSWERS)


def assert_found_by_number(gateway: Gateway) -> None:
    assert gateway.proofs.proved_at("shop", NUMBERS[0]) is not None
    learned = gateway.learned.line_type(NUMBERS[0])
    assert learned is not None and learned[0] == "landline"
    assert gateway.learned.last_writer(NUMBERS[0], gateway.settings.sender().messaging_service_sid) == "shop"
    windows = gateway.reads.known("shop", NUMBERS[0], None, None).whatsapp_windows
    assert list(windows) == [gateway.house.acting.hashed(gateway.settings.sender().whatsapp_from)]
    assert [asked.why for asked in gateway.lookup_audit.of(NUMBERS[0])] == ["asked"]
    assert [c.entry.why for c in gateway.suppressions.changes(OPTED_OUT[7])] == ["wrote STOP"]


@pytest.mark.parametrize("changed", [("hash",), ("data",), ("hash", "data")], ids="+".join)
def test_everything_is_there_under_the_new_keys(filled: str, changed: tuple[str, ...]) -> None:
    anew = {"hash": NEW_HASH, "data": NEW_DATA}
    given = {f"GATEWAY_NEW_{name.upper()}_KEY": anew[name] for name in changed}
    done = rekey(settings(filled, **given), force=False, forget_factors=False)
    assert (done.counts["intents"], done.counts["opt-outs"]) == (len(NUMBERS), len(OPTED_OUT) + 1)
    gateway = wiring.build(settings(filled, **{f"GATEWAY_{name.upper()}_KEY": anew[name] for name in changed}))
    assert_all_there(gateway)
    assert_found_by_number(gateway)
    with pytest.raises(Misconfigured, match="gateway rekey"):
        wiring.build(settings(filled))


def test_a_wrong_old_key_changes_nothing(filled: str, client: Client) -> None:
    before = {key: client.dump(key) for key in client.keys("gw:*")}
    for variable in ("GATEWAY_HASH_KEY", "GATEWAY_DATA_KEY"):
        with pytest.raises(Misconfigured, match=variable):
            rekey(settings(filled, **BOTH, **{variable: "not the key of this store"}), force=False, forget_factors=True)
    assert {key: client.dump(key) for key in client.keys("gw:*")} == before


def test_without_a_new_key_there_is_nothing_to_do(filled: str) -> None:
    with pytest.raises(Misconfigured, match="GATEWAY_NEW_HASH_KEY"):
        rekey(settings(filled), force=False, forget_factors=False)


class Killed(BaseException):
    """As a kill: nothing in the code catches it."""


def dying(original: Callable[..., Any], at: int) -> Callable[..., Any]:
    calls = iter(range(at + 1))

    def call(*given: Any, **named: Any) -> Any:
        if next(calls, None) == at:
            raise Killed
        return original(*given, **named)

    return call


CUTS = {
    "opt-outs": (rekeying.opt_outs, "_moved", 150),
    "intents": (IntentMove, "_staged", 0),
    "applications": (wiring.rekey.rekeying, "move_apps", 0),
    "batches, between numbers and answers": (rekeying.sealed, "_rewrite", 2),
    "the end": (wiring.rekey.identity, "finish_rekey", 0),
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_change_that_was_cut_off_is_run_again(filled: str, cut: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, at = CUTS[cut]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, dying(getattr(owner, name), at))
        with pytest.raises(Killed):
            rekey(settings(filled, **BOTH), force=False, forget_factors=False)
    for keys in ({}, AFTER_BOTH):
        with pytest.raises(Misconfigured, match="run `gateway rekey` to its end"):
            wiring.build(settings(filled, **keys))
    rekey(settings(filled, **BOTH), force=False, forget_factors=False)
    gateway = wiring.build(settings(filled, **AFTER_BOTH))
    assert_all_there(gateway)
    assert_found_by_number(gateway)


def test_a_change_that_was_cut_off_goes_back_too(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rekeying.opt_outs, "_moved", dying(rekeying.opt_outs._moved, 150))
        with pytest.raises(Killed):
            rekey(settings(filled, **BOTH), force=False, forget_factors=False)
    with pytest.raises(Misconfigured, match="not one of the change"):
        third = {"GATEWAY_NEW_HASH_KEY": "a third key altogether"}
        rekey(settings(filled, **third), force=False, forget_factors=False)
    old = environment(filled, NOWHERE, NOWHERE)
    back = {f"GATEWAY_NEW_{name}_KEY": old[f"GATEWAY_{name}_KEY"] for name in ("HASH", "DATA")}
    rekey(settings(filled, **AFTER_BOTH, **back), force=False, forget_factors=False)
    gateway = wiring.build(settings(filled))
    assert_all_there(gateway)
    assert_found_by_number(gateway)


def test_run_again_when_it_is_done_it_does_nothing(filled: str, client: Client) -> None:
    rekey(settings(filled, **BOTH), force=False, forget_factors=False)
    before = {key: client.dump(key) for key in client.keys("gw:*")}
    assert rekey(settings(filled, **BOTH), force=False, forget_factors=False).done_before
    assert {key: client.dump(key) for key in client.keys("gw:*")} == before


def test_it_is_refused_while_a_process_is_connected(filled: str) -> None:
    running = wiring.build(settings(filled))
    with pytest.raises(Misconfigured, match="stop every web and worker process"):
        rekey(settings(filled, **BOTH), force=False, forget_factors=False)
    running.admission.check()


def test_with_force_a_connected_process_is_cut_off_and_stays_out(filled: str) -> None:
    running = wiring.build(settings(filled))
    rekey(settings(filled, **BOTH), force=True, forget_factors=False)
    with pytest.raises(Exception, match="GATEWAY_HASH_KEY"):
        running.suppressions.entries(OPTED_OUT[0])


def test_what_can_only_be_forgotten_is_counted(filled: str, client: Client) -> None:
    client.set(names.cached_lookup("0" * 32, "carrier", "US"), "{}")
    done = rekey(settings(filled, **BOTH), force=False, forget_factors=False)
    assert done.counts["idempotency keys, forgotten"] == 1
    assert done.counts["cached lookups, forgotten"] == 1


def test_a_batch_that_is_under_way_goes_on_and_ends_when_it_would_have(filled: str, client: Client) -> None:
    sealed = [names.batch("b1", part) for part in ("chunks", "answers")]
    for key in sealed:
        client.expire(key, LIFE / 2)
    done = rekey(settings(filled, **BOTH), force=False, forget_factors=False)
    assert (done.counts["chunks of batches"], done.counts["answers to batches"]) == (len(CHUNKS), len(ANSWERS))
    half = LIFE.total_seconds() / 2
    assert all(half - 60 < client.ttl(key) <= half for key in sealed)


def test_a_batch_that_ends_while_it_is_moved_does_not_come_back_to_stay(client: Client) -> None:
    class Slow(Sealer):
        def seal(self, text: str, about: str) -> bytes:
            client.delete(key)
            return super().seal(text, about)

    key, hasher = names.batch("b1", "chunks"), names.Hasher(b"h" * 32)
    Batches(client, Sealer(b"1" * 32)).post("b1", CHUNKS[0])
    client.hset(key, "7", b"sealed by nobody we know")
    client.pexpire(key, 60_000)
    old, new = rekeying.KeySet(hasher, Sealer(b"1" * 32)), rekeying.KeySet(hasher, Slow(b"2" * 32))
    change = rekeying.KeyChange(old, new, rehashes=False)
    rekeying.move_batches(client, change)
    assert 0 < client.pttl(key) <= 60_000
    assert change.counts == {"chunks of batches": 1, "unreadable chunks of batches, left as they are": 1}


def test_totp_factors_are_forgotten_on_demand_alone(client: Client, redis_url: str) -> None:
    gateway = wiring.build(settings(redis_url))
    gateway.proofs.enrol("shop", "person-0001", "YF" + "1" * 32, "verified")
    closed(gateway)
    with pytest.raises(Misconfigured, match="--forget-factors"):
        rekey(settings(redis_url, **BOTH), force=False, forget_factors=False)
    rekey(settings(redis_url, GATEWAY_NEW_DATA_KEY=NEW_DATA), force=False, forget_factors=False)
    old = {"GATEWAY_DATA_KEY": NEW_DATA}
    done = rekey(settings(redis_url, **old, GATEWAY_NEW_HASH_KEY=NEW_HASH), force=False, forget_factors=True)
    assert done.counts["persons with a TOTP factor, forgotten"] == 1
    assert client.keys("gw:factor*") == []


def test_an_attempt_without_outcome_still_keeps_the_same_content_back(filled: str) -> None:
    """Its guard has another name under another hash key."""
    gateway = wiring.build(settings(filled))
    acting, first = gateway.house.acting, gateway.intents.load("01KEY00000")
    assert first is not None and first.step is not None
    step, sender = first.step, acting.sender_for(first)
    print_ = acting.fingerprint(first.intent, step)
    begun = moves.begun(first, gateway.clock.now(), sender.name, print_, acting.pace)
    assert gateway.intents.begin(begun, frozenset(), frozenset()).verdict == "begun"
    closed(gateway)
    rekey(settings(filled, **BOTH), force=False, forget_factors=False)
    gateway = wiring.build(settings(filled, **AFTER_BOTH))
    acting = gateway.house.acting
    stored = gateway.intents.load("01KEY00000")
    assert stored is not None and stored.attempt is not None
    print_ = acting.fingerprint(stored.intent, step)
    assert stored.attempt.fingerprint == print_
    known = gateway.reads.known("shop", NUMBERS[0], None, None)
    twin = pipeline.judge(gateway.house, replace(stored.intent, id="01TWIN"), known, free=True)
    gateway.intents.accept(twin, None, ring=False)
    again = moves.begun(twin, gateway.clock.now(), sender.name, print_, acting.pace)
    assert gateway.intents.begin(again, frozenset(), frozenset()).verdict == "busy"
    closed(gateway)


def test_beside_the_embedded_store_the_new_keys_are_kept(tmp_path: Path) -> None:
    home = {"GATEWAY_DATA_DIR": str(tmp_path)}
    with EmbeddedRedis.start(tmp_path):
        gateway = wiring.build(Settings.load(None, home))
        gateway.suppressions.add(OPTED_OUT[0], SuppressionEntry("all", "api", gateway.clock.now()))
        closed(gateway)
        done = rekey(Settings.load(None, home | BOTH), force=False, forget_factors=False)
        assert done.kept
        after = wiring.build(Settings.load(None, home))
        assert after.secrets != gateway.secrets
        assert [e.scope for e in after.suppressions.entries(OPTED_OUT[0])] == ["all"]


def test_the_command_says_what_was_moved_and_what_to_do(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (environment(filled, NOWHERE, NOWHERE) | BOTH).items():
        monkeypatch.setenv(name, value)
    shown = CliRunner().invoke(cli, ["rekey"], catch_exceptions=False)
    assert shown.exit_code == 0
    assert f"{len(NUMBERS):>10} intents" in shown.stdout.splitlines()
    assert "Give GATEWAY_NEW_HASH_KEY to every process as GATEWAY_HASH_KEY" in shown.stderr
    assert NEW_HASH not in shown.output and NEW_DATA not in shown.output
