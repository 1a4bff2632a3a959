from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.store import names
from gateway.adapters.store.apikeys import SCOPES, ApiKeys
from gateway.errors import InvalidRequest, StoreUnavailable


@pytest.fixture
def keys(client: Any, clock: Any) -> ApiKeys:
    return ApiKeys(client, clock)


def test_a_secret_leads_to_its_key(keys: ApiKeys, clock: Any) -> None:
    expires_at = clock.now() + timedelta(days=1)
    created, secret = keys.create(
        "billing", ["send", "lookup"], purposes=["mfa"], requests_per_second=2.5, expires_at=expires_at
    )
    found = keys.authenticate(secret)
    assert found is not None
    assert (found.id, found.app, found.scopes) == (created.id, "billing", frozenset({"send", "lookup"}))
    assert (found.purposes, found.requests_per_second, found.expires_at) == (("mfa",), 2.5, expires_at)
    assert (found.test, found.created_at) == (False, clock.now())


@pytest.mark.parametrize(("test", "prefix"), [(False, "gw_live_"), (True, "gw_test_")])
def test_a_secret_tells_its_kind_and_holds_256_random_bits(keys: ApiKeys, test: bool, prefix: str) -> None:
    secrets = [keys.create("a", ["send"], test=test)[1] for _ in range(3)]
    assert len(set(secrets)) == 3
    for secret in secrets:
        assert secret.startswith(prefix)
        assert len(base64.urlsafe_b64decode(secret.removeprefix(prefix) + "=")) == 32
        found = keys.authenticate(secret)
        assert found is not None
        assert found.test is test


def test_a_secret_is_not_in_the_store(keys: ApiKeys, everything: Callable[[], bytes]) -> None:
    _, secret = keys.create("a", ["send"])
    keys.authenticate(secret)
    assert secret.removeprefix("gw_live_").encode() not in everything()


@pytest.mark.parametrize(
    "secret", ["", "nonsense", "gw_live_", "gw_live_" + "x" * 43, "gw_live_" + "x" * 5000, "gw_live_é"]
)
def test_an_unknown_secret_leads_nowhere_and_writes_nothing(keys: ApiKeys, client: Any, secret: str) -> None:
    assert keys.authenticate(secret) is None
    assert client.dbsize() == 0


def test_a_new_key_is_good_at_once_even_where_it_was_asked_for_before(keys: ApiKeys, monkeypatch: Any) -> None:
    monkeypatch.setattr("gateway.adapters.store.apikeys.secrets.token_urlsafe", lambda size: "S" * 43)
    assert keys.authenticate("gw_live_" + "S" * 43) is None
    keys.create("a", ["send"])
    assert keys.authenticate("gw_live_" + "S" * 43) is not None


def test_a_revoked_key_is_refused_at_once_here_and_in_five_seconds_elsewhere(client: Any, clock: Any) -> None:
    here, elsewhere = ApiKeys(client, clock), ApiKeys(client, clock)
    key, secret = here.create("a", ["send"])
    assert here.authenticate(secret)
    assert elsewhere.authenticate(secret)
    assert here.revoke(key.id)
    assert here.authenticate(secret) is None
    assert elsewhere.authenticate(secret)
    clock.move(timedelta(seconds=5))
    assert elsewhere.authenticate(secret) is None
    assert here.list() == ()
    assert not here.revoke(key.id)
    assert client.dbsize() == 0


def test_expiry_is_judged_each_time(keys: ApiKeys, clock: Any, client: Any) -> None:
    _, secret = keys.create("a", ["send"], expires_at=clock.now() + timedelta(seconds=3))
    assert keys.authenticate(secret)
    clock.move(timedelta(seconds=3))
    assert keys.authenticate(secret) is None
    clock.move(timedelta(minutes=5))
    assert keys.authenticate(secret) is None
    assert keys.list()[0].last_used_at == clock.now() - timedelta(minutes=5, seconds=3)


def test_a_remembered_key_costs_the_store_nothing(keys: ApiKeys, client: Any) -> None:
    _, secret = keys.create("a", ["send"])
    keys.authenticate(secret)
    before = client.info("commandstats")
    for _ in range(20):
        assert keys.authenticate(secret)
    after = client.info("commandstats")
    for command in ("cmdstat_evalsha", "cmdstat_eval", "cmdstat_hget"):
        assert before.get(command) == after.get(command)


def test_use_is_noted_once_a_minute(client: Any, clock: Any) -> None:
    keys = ApiKeys(client, clock)
    _, secret = keys.create("a", ["send"])
    assert keys.list()[0].last_used_at is None
    first = clock.now()
    for _ in range(10):
        keys.authenticate(secret)
        clock.move(timedelta(seconds=5.9))
        assert keys.list()[0].last_used_at == first
    clock.move(timedelta(seconds=1))
    keys.authenticate(secret)
    assert keys.list()[0].last_used_at == clock.now()


def test_a_rotated_key_ends_after_a_while_and_its_successor_may_do_the_same(keys: ApiKeys, clock: Any) -> None:
    old, old_secret = keys.create("a", ["send", "verify"], test=True, purposes=["mfa"], requests_per_second=7)
    rotated = keys.rotate(old.id, timedelta(hours=2))
    assert rotated is not None
    new, new_secret = rotated
    assert (new.app, new.scopes, new.test, new.purposes, new.requests_per_second) == (
        old.app,
        old.scopes,
        True,
        ("mfa",),
        7,
    )
    assert keys.authenticate(old_secret)
    clock.move(timedelta(hours=2))
    assert keys.authenticate(old_secret) is None
    found = keys.authenticate(new_secret)
    assert found is not None
    assert found.id == new.id
    assert {key.id for key in keys.list()} == {old.id, new.id}


def test_rotation_does_not_lengthen_a_life_and_brings_no_revoked_key_back(
    keys: ApiKeys, clock: Any, monkeypatch: Any, client: Any
) -> None:
    soon = clock.now() + timedelta(minutes=1)
    key, _ = keys.create("a", ["send"], expires_at=soon)
    keys.rotate(key.id)
    assert next(k for k in keys.list() if k.id == key.id).expires_at == soon
    rows = keys._rows()
    keys.revoke(key.id)
    monkeypatch.setattr(keys, "_rows", lambda: rows)
    assert keys.rotate(key.id) is None
    assert client.hlen(names.API_KEYS) == 1
    assert keys.rotate("key_none") is None


def test_the_bootstrap_key_may_do_everything_and_needs_no_store(away: Any, clock: Any) -> None:
    keys = ApiKeys(away, clock, bootstrap="first-start-only")
    key = keys.authenticate("first-start-only")
    assert key is not None
    assert (key.app, key.scopes, key.test) == ("default", frozenset(SCOPES), False)
    assert keys.authenticate("first-start-onlx") is None
    assert ApiKeys(away, clock).authenticate("first-start-only") is None
    assert ApiKeys(away, clock, bootstrap="").authenticate("") is None


def test_the_bootstrap_key_is_not_stored(client: Any, clock: Any) -> None:
    keys = ApiKeys(client, clock, bootstrap="first-start-only")
    assert keys.authenticate("first-start-only")
    assert keys.list() == ()
    assert client.dbsize() == 0


def test_without_the_store_nobody_is_let_in(away: Any, clock: Any) -> None:
    with pytest.raises(StoreUnavailable):
        ApiKeys(away, clock).authenticate("gw_live_" + "x" * 43)


@pytest.mark.parametrize("scopes", [[], ["send", "everything"]])
def test_a_key_needs_scopes_that_exist(keys: ApiKeys, scopes: list[str]) -> None:
    with pytest.raises(InvalidRequest, match="scope"):
        keys.create("a", scopes)


@pytest.mark.parametrize("app", ["", "a|b", "a:b", "#", "a b", "x" * 65, ".a", "a\n"])
def test_a_name_that_would_break_key_names_is_refused(keys: ApiKeys, app: str) -> None:
    with pytest.raises(InvalidRequest, match="app"):
        keys.create(app, ["send"])
