"""`gateway keys` and `gateway apps`: a secret is shown once; what is listed can be read by scripts."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from gateway.errors import InvalidRequest
from tests.cli.conftest import Shell

SERVICE = "MG" + "0" * 31 + "5"


def test_a_key_is_shown_once_and_works(shell: Shell) -> None:
    made = shell.run("keys", "create", "--app", "shop", "--scope", "send", "--scope", "lookup")
    assert made.exit_code == 0
    key = shell.gateway.keys.authenticate(made.stdout.strip())
    assert key is not None
    assert (key.app, key.scopes, key.test) == ("shop", frozenset({"send", "lookup"}), False)
    assert made.stdout.strip() not in made.stderr
    assert made.stdout.strip() not in shell.run("keys", "list", "--json").stdout


def test_a_test_key_with_purposes_and_an_end(shell: Shell) -> None:
    made = shell.run(
        "keys",
        "create",
        "--app",
        "shop",
        "--scope",
        "send",
        "--test",
        "--purpose",
        "mfa",
        "--expires-in-days",
        "2",
        "--json",
    )
    document = json.loads(made.stdout)
    key = shell.gateway.keys.authenticate(document["secret"])
    assert key is not None
    assert (key.id, key.test, key.purposes) == (document["id"], True, ("mfa",))
    assert key.expires_at is not None
    assert key.expires_at - key.created_at > timedelta(days=1)


def test_a_purpose_that_is_not_in_the_policy_is_refused(shell: Shell) -> None:
    made = shell.run("keys", "create", "--app", "shop", "--scope", "send", "--purpose", "nonsense")
    assert (made.exit_code, made.stdout) == (2, "")
    assert shell.gateway.keys.list() == ()


def test_a_revoked_key_is_refused_and_an_unknown_one_is_named(shell: Shell) -> None:
    made = json.loads(shell.run("keys", "create", "--app", "shop", "--scope", "send", "--json").stdout)
    assert shell.run("keys", "revoke", made["id"]).exit_code == 0
    assert shell.gateway.keys.authenticate(made["secret"]) is None
    again = shell.run("keys", "revoke", made["id"])
    assert (again.exit_code, made["id"] in again.stderr) == (1, True)


def test_a_rotated_key_may_do_the_same(shell: Shell) -> None:
    old = json.loads(shell.run("keys", "create", "--app", "shop", "--scope", "verify", "--json").stdout)
    new = json.loads(shell.run("keys", "rotate", old["id"], "--json").stdout)
    assert new["scopes"] == ["verify"]
    assert shell.gateway.keys.authenticate(new["secret"]) is not None
    assert shell.gateway.keys.authenticate(old["secret"]) is not None, "for a day more"


def test_the_list_has_a_line_per_key(shell: Shell) -> None:
    for app in ("one", "two"):
        shell.run("keys", "create", "--app", app, "--scope", "send")
    lines = shell.run("keys", "list").stdout.splitlines()
    assert [line.split("\t")[1:4] for line in lines] == [["one", "send", "no"], ["two", "send", "no"]]


def test_an_application_is_set_changed_and_listed(shell: Shell) -> None:
    shell.run(
        "apps",
        "set",
        "shop",
        "--callback-url",
        "https://shop.example.com/events",
        "--senders",
        f"+14155550190, {SERVICE}",
    )
    shell.run("apps", "set", "shop", "--senders", "+14155550191")
    (row,) = json.loads(shell.run("apps", "list", "--json").stdout)
    assert row == {
        "name": "shop",
        "callback_url": "https://shop.example.com/events",
        "senders": ["+14155550191"],
        "secret": "none",
    }


def test_a_callback_without_tls_is_refused(shell: Shell) -> None:
    assert shell.run("apps", "set", "shop", "--callback-url", "http://shop.example.com/").exit_code == 2
    assert shell.gateway.apps.list() == ()


@pytest.mark.parametrize("sender", ["(415) 555-0190", "4155550190x", "MG1", "shop"])
def test_a_sender_that_no_message_would_ever_name_is_refused(shell: Shell, sender: str) -> None:
    done = shell.run("apps", "set", "shop", "--senders", f"{SERVICE},{sender}")
    assert done.exit_code == 2 and sender in done.stderr
    assert shell.gateway.apps.list() == ()


def test_a_sender_belongs_to_one_application(shell: Shell) -> None:
    shell.run("apps", "set", "one", "--senders", "+14155550190")
    with pytest.raises(InvalidRequest, match="belongs to the application one"):
        shell.run("apps", "set", "two", "--senders", "+14155550190")


def test_a_secret_is_shown_once_and_rotated_on_demand(shell: Shell) -> None:
    first = shell.run("apps", "secret", "shop").stdout.strip()
    with pytest.raises(InvalidRequest, match="rotate"):
        shell.run("apps", "secret", "shop")
    second = shell.run("apps", "secret", "shop", "--rotate").stdout.strip()
    assert shell.gateway.apps.signing_secrets("shop") == (second, first)
    assert first not in shell.run("apps", "list", "--json").stdout
