"""Every variable fills its setting; secrets may be files and never show; misspelt names of our own are refused."""

from __future__ import annotations

import base64
import re
import traceback
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.errors import Misconfigured
from gateway.settings import Settings, files
from gateway.settings.environment import KNOWN, SECRETS, SETTING_OF

SID = "0123456789abcdef0123456789abcdef"
KEY = base64.b64encode(b"a public key").decode()
EXAMPLE = Path(__file__).parent.parent / "config" / "env.example"


def opened(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


# variable: (value, where it is read, what is read there)
FILLS: dict[str, tuple[str, Callable[[Settings], Any], Any]] = {
    "TWILIO_ACCOUNT_SID": ("AC" + SID, lambda s: s.twilio.account_sid, "AC" + SID),
    "TWILIO_API_KEY_SID": ("SK" + SID, lambda s: s.twilio.api_key_sid, "SK" + SID),
    "TWILIO_API_BASE_URL": ("http://127.0.0.1:9/", lambda s: s.twilio.api_base_url, "http://127.0.0.1:9"),
    "TWILIO_MESSAGING_SERVICE_SID": ("MG" + SID, lambda s: s.sender().messaging_service_sid, "MG" + SID),
    "TWILIO_FROM_NUMBER": ("+14155550100", lambda s: s.sender().from_number, "+14155550100"),
    "TWILIO_WHATSAPP_FROM": ("whatsapp:+14155550100", lambda s: s.sender().whatsapp_from, "+14155550100"),
    "TWILIO_VERIFY_SERVICE_SID": ("VA" + SID, lambda s: s.sender().verify_service_sid, "VA" + SID),
    "SENDGRID_FROM_EMAIL": ("a@example.com", lambda s: s.sender().email_from, "a@example.com"),
    "SENDGRID_WEBHOOK_PUBLIC_KEY": (KEY, lambda s: s.email.webhook_public_key, KEY),
    "REDIS_URL": ("redis://h/1", lambda s: s.redis_url, "redis://h/1"),
    "LOOKUP_CACHE_URL": ("redis://h/2", lambda s: s.cache.url, "redis://h/2"),
    "PUBLIC_BASE_URL": ("https://a.example/p/", lambda s: s.public_base_url, "https://a.example/p"),
    "PORT": ("9000", lambda s: (s.port, s.public_base_url), (9000, "http://127.0.0.1:9000")),
    "WEB_WORKERS": ("3", lambda s: s.server.workers, 3),
    "WEB_THREADS": ("9", lambda s: (s.server.threads, s.server.patient_threads), (9, 4)),
    "GATEWAY_DATA_DIR": ("/srv/d", lambda s: s.data_dir, Path("/srv/d")),
    "TWILIO_AUTH_TOKEN": ("t" * 32, lambda s: s.tokens, ("t" * 32,)),
    "TWILIO_AUTH_TOKEN_SECONDARY": ("t" * 32, lambda s: s.tokens, ("t" * 32,)),
    "TWILIO_API_KEY_SECRET": ("t" * 32, lambda s: opened(s.twilio.api_key_secret), "t" * 32),
    "SENDGRID_API_KEY": ("t" * 32, lambda s: opened(s.email.api_key), "t" * 32),
    "GATEWAY_SECRET_KEY": ("t" * 32, lambda s: opened(s.secrets.secret_key), "t" * 32),
    "GATEWAY_HASH_KEY": ("t" * 32, lambda s: opened(s.secrets.hash_key), "t" * 32),
    "GATEWAY_DATA_KEY": ("t" * 32, lambda s: opened(s.secrets.data_key), "t" * 32),
    "GATEWAY_NEW_HASH_KEY": ("t" * 32, lambda s: opened(s.secrets.new_hash_key), "t" * 32),
    "GATEWAY_NEW_DATA_KEY": ("t" * 32, lambda s: opened(s.secrets.new_data_key), "t" * 32),
    "GATEWAY_BOOTSTRAP_API_KEY": ("t" * 32, lambda s: opened(s.secrets.bootstrap_api_key), "t" * 32),
}


@pytest.fixture(autouse=True)
def no_system_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "SYSTEM_FILE", tmp_path / "absent.toml")


def test_the_table_below_is_complete() -> None:
    assert set(FILLS) == set(SETTING_OF) | SECRETS


@pytest.mark.parametrize("variable", FILLS)
def test_a_variable_fills_its_setting(variable: str) -> None:
    value, read, expected = FILLS[variable]
    assert read(Settings.load(environ={variable: f" {value}\n"})) == expected


@pytest.mark.parametrize("variable", FILLS)
def test_an_empty_variable_counts_as_not_set(variable: str) -> None:
    assert Settings.load(environ={variable: ""}) == Settings.load(environ={})


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[server]\nport = 1\n[store]\nredis_url = 'redis://file'\n", encoding="utf-8")
    settings = Settings.load(path, {"PORT": "2"})
    assert (settings.port, settings.redis_url) == (2, "redis://file")


@pytest.mark.parametrize("variable", sorted(SECRETS | {"REDIS_URL", "LOOKUP_CACHE_URL", "SENDGRID_WEBHOOK_PUBLIC_KEY"}))
def test_a_secret_may_be_the_path_of_a_file(variable: str, tmp_path: Path) -> None:
    value, read, expected = FILLS[variable]
    path = tmp_path / "secret"
    path.write_text(value + "\n", encoding="utf-8")
    assert read(Settings.load(environ={variable: str(path)})) == expected


def test_a_secret_that_only_looks_like_a_path_is_taken_as_it_is() -> None:
    assert Settings.load(environ={"TWILIO_AUTH_TOKEN": "/abc" * 8}).tokens == ("/abc" * 8,)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "does not exist"), (b" \n", "is empty"), (b"\xff", "UTF-8")],
    ids=["gone", "empty", "bytes"],
)
def test_a_secret_file_that_gives_nothing_is_an_error(content: bytes | None, words: str, tmp_path: Path) -> None:
    path = Path("/run/secrets/there_is_no_such_secret")
    if content is not None:
        path = tmp_path / "secret"
        path.write_bytes(content)
    with pytest.raises(Misconfigured, match=words) as caught:
        Settings.load(environ={"TWILIO_AUTH_TOKEN": str(path)})
    assert caught.value.setting == "TWILIO_AUTH_TOKEN"


def test_no_repr_shows_a_secret() -> None:
    secret = {name: f"hush-{name.lower()}-hush" for name in SECRETS}
    environ = {**secret, "REDIS_URL": "redis://u:hush@h", "LOOKUP_CACHE_URL": "redis://u:hush@h"}
    environ["SUB_TOKEN"] = "hush-hush-hush-hush"
    settings = Settings.load(environ=environ)
    assert settings.tokens == (secret["TWILIO_AUTH_TOKEN"], secret["TWILIO_AUTH_TOKEN_SECONDARY"])
    assert "hush" not in repr(settings)
    assert "hush" not in str(settings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GATEWAY_DATA_KEY", "hush-short"),
        ("GATEWAY_BOOTSTRAP_API_KEY", "hush hush"),
        ("REDIS_URL", "hush"),
        ("PORT", "0"),
    ],
)
def test_a_wrong_value_of_a_variable_is_named_and_no_secret_shown(variable: str, value: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        Settings.load(environ={variable: value})
    assert variable in str(caught.value)
    assert "hush" not in "".join(traceback.format_exception(caught.value))


def test_a_misspelt_variable_of_our_own_is_refused_by_name() -> None:
    with pytest.raises(Misconfigured, match=r"GATEWAY_DATADIR.*did you mean GATEWAY_DATA_DIR\?"):
        Settings.load(environ={"GATEWAY_DATADIR": "/x"})


def test_variables_of_others_are_left_alone() -> None:
    others = {
        "TWILIO_SOMETHING_ELSE": "x",
        "SENDGRID_POOL": "x",
        "GATEWAY_SERVICE_HOST": "10.0.0.1",
        "GATEWAY_PORT": "tcp://10.0.0.1:80",
        "GATEWAY_PORT_80_TCP_ADDR": "10.0.0.1",
    }
    assert Settings.load(environ=others) == Settings.load(environ={})


def test_a_file_may_name_its_own_variables(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        f'[twilio.api_key]\nsecret_env = "GATEWAY_TWILIO_SECRET"\n'
        f'[twilio.subaccounts.AC{SID}]\nauth_token_env = "SUB_TOKEN"\n',
        encoding="utf-8",
    )
    environ = {"GATEWAY_TWILIO_SECRET": "one", "SUB_TOKEN": "two", "TWILIO_API_KEY_SECRET": "unused"}
    twilio = Settings.load(path, environ).twilio
    assert twilio.api_key_secret is not None
    assert twilio.api_key_secret.get_secret_value() == "one"
    assert twilio.subaccount_tokens == {f"AC{SID}": "two"}


ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC" + SID}
API_KEY = {"TWILIO_API_KEY_SID": "SK" + SID, "TWILIO_API_KEY_SECRET": "secret"}
TOKEN = {"TWILIO_AUTH_TOKEN": "token"}


@pytest.mark.parametrize(
    ("mode", "given", "expected"),
    [
        ("auto", ACCOUNT | API_KEY | TOKEN, ("SK" + SID, "secret")),
        ("auto", ACCOUNT | TOKEN, ("AC" + SID, "token")),
        ("auth_token", ACCOUNT | API_KEY | TOKEN, ("AC" + SID, "token")),
        ("api_key", ACCOUNT | API_KEY, ("SK" + SID, "secret")),
        ("auto", TOKEN, "TWILIO_ACCOUNT_SID"),
        ("auto", ACCOUNT, "TWILIO_AUTH_TOKEN"),
        ("auto", ACCOUNT | TOKEN | {"TWILIO_API_KEY_SID": "SK" + SID}, "TWILIO_API_KEY_SECRET"),
        ("api_key", ACCOUNT | TOKEN, "TWILIO_API_KEY_SID"),
        ("auth_token", ACCOUNT | API_KEY, "TWILIO_AUTH_TOKEN"),
    ],
)
def test_credentials_are_the_ones_asked_for_or_their_lack_is_named_on_use(
    mode: str, given: dict[str, str], expected: tuple[str, str] | str, tmp_path: Path
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'[twilio]\nauth_mode = "{mode}"', encoding="utf-8")
    twilio = Settings.load(path, given).twilio
    if isinstance(expected, tuple):
        assert twilio.credentials() == expected
        return
    with pytest.raises(Misconfigured, match=expected):
        twilio.credentials()


def test_the_example_lists_every_variable_with_a_comment_and_no_value() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    settings = [line for line in lines if re.match(r"[A-Z_]+=", line)]
    assert [line.partition("=")[0] for line in settings if not line.endswith("=")] == []
    assert {line.partition("=")[0] for line in settings} == KNOWN
    assert [line for before, line in pairwise(lines) if line in settings and not before.startswith("#")] == []
