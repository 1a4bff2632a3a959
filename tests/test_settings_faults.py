"""What stops the start: each fault is named with its setting and the accepted values, and no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.settings import Settings, files

FLOW = "FW0123456789abcdef0123456789abcdef"

# id: (file, the setting named, what the sentence says)
WRONG: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "unknown key": ("[lookup]\ntimeout = 3", "lookup.timeout", ("did you mean timeout_ms?", "max_in_flight")),
    "unknown section": ("[lokup]\na = 1", "lokup", ("did you mean lookup?", "retention")),
    "key of another section": ("[store]\nttl_seconds = 3", "store.ttl_seconds", ("did you mean cache.ttl_seconds?",)),
    "unknown key of a purpose": ("[purposes.x]\nmobil = []", "purposes.x.mobil", ("mean mobile?", "nonFixedVoip")),
    "unknown key of a voice table": ("[purposes.x.voice]\nkey = 1", "purposes.x.voice.key", ("opt_out_key",)),
    "secret in the file": ('[twilio]\nauth_token = "hush"', "twilio.auth_token", ("variable TWILIO_AUTH_TOKEN",)),
    "secret for its variable": ('[twilio.api_key]\nsecret_env = "hush9"', "twilio.api_key.secret_env", ("capitals",)),
    "word not in the list": ('[cache]\nbackend = "file"', "cache.backend", ("'redis' or 'memory'", "'file'")),
    "auth mode": ('[twilio]\nauth_mode = "x"', "twilio.auth_mode", ("api_key", "auth_token")),
    "text for a number": ('[lookup]\ntimeout_ms = "3"', "lookup.timeout_ms", ("must be a whole number, not '3'",)),
    "number for a switch": ("[cache]\nenabled = 1", "cache.enabled", ("must be true or false, not 1",)),
    "more in flight than a worker takes": (
        "[dispatch]\nconcurrency = 513",
        "dispatch.concurrency",
        ("less than or equal to 512",),
    ),
    "below the least": ("[dispatch]\nconcurrency = 0", "dispatch.concurrency", ("greater than or equal to 1",)),
    "above the most": ("[store]\nclose_admission_at = 1.5", "store.close_admission_at", ("less than or equal to 1",)),
    "not a number at all": ("[prices]\nsim_swap = nan", "prices.sim_swap", ("number",)),
    "far too large": ("[cache]\nttl_seconds = 99999999999999999999", "cache.ttl_seconds", ("less than or equal",)),
    "date for a number": ("[cache]\nttl_seconds = 2026-01-01", "cache.ttl_seconds", ("whole number",)),
    "value for a table": ("lookup = 3", "lookup", ("must be a table",)),
    "value for a list": ('[policy]\nallow_countries = "US"', "policy.allow_countries", ("must be a list",)),
    "alpha-3 country": ('[policy]\nallow_countries = ["USA"]', "policy.allow_countries", ("alpha-2", "'USA'")),
    "country that is not": ('[policy]\ndeny_countries = ["UK"]', "policy.deny_countries", ("GB",)),
    "default country": ('[lookup]\ndefault_country_code = "USA"', "lookup.default_country_code", ("alpha-2",)),
    "line type": ('[policy]\ndeny_line_types = ["cell"]', "policy.deny_line_types", ("nonFixedVoip", "'cell'")),
    "lookup field": ('[lookup]\ndefault_fields = ["cnam"]', "lookup.default_fields", ("caller_name", "'cnam'")),
    "step": ('[purposes.x]\nmobile = ["sms", "smss"]', "purposes.x.mobile", ("verify:call", "studio:<flow>", "'smss'")),
    "step that is no text": ("[purposes.x]\nmobile = [3]", "purposes.x.mobile", ("verify:call",)),
    "flow that is not there": ('[purposes.x]\nuan = ["studio:a"]', "purposes.x.uan", ("none is configured",)),
    "flow by another name": (
        f'[purposes.x]\ndefault = ["studio:a"]\n[studio.flows]\nb = "{FLOW}"',
        "purposes.x.default",
        ("accepted: b",),
    ),
    "flow without SID": ('[studio.flows.a]\nfrom = "+14155550100"', "studio.flows.a.sid", ("is required",)),
    "mixed list": ('[purposes.x]\nmobile = ["totp", "sms"]', "purposes.x.mobile", ("proof (totp)", "delivery (sms)")),
    "mixed default": ('[purposes.x]\ndefault = ["sms", "verify"]', "purposes.x.default", ("mixes proof",)),
    "proof in then": ('[purposes.x]\nthen = ["sms", "verify:call"]', "purposes.x.then", ("verify:call",)),
    "undeliverable by number": ('[purposes.x]\nundeliverable = ["sms"]', "purposes.x.undeliverable", ("email",)),
    "sender that is not there": ('[purposes.x]\nsender = "eu"', "purposes.x.sender", ("[senders.eu]", "default")),
    "no sender": ("[purposes.x]\nsender = []", "purposes.x.sender", ("must not be empty",)),
    "lookup failure": ('[purposes.x]\non_lookup_failure = "no"', "purposes.x.on_lookup_failure", ("'reject'",)),
    "priority": ('[purposes.x]\npriority = "high"', "purposes.x.priority", ("'urgent', 'normal' or 'bulk'",)),
    "quiet hours": ('[purposes.x]\nquiet_hours = "9pm-8am"', "purposes.x.quiet_hours", ("21:00-08:00",)),
    "quiet hours of no length": ('[purposes.x]\nquiet_hours = "08:00-08:00"', "purposes.x.quiet_hours", ("different",)),
    "name": ('[purposes."a b"]\nmobile = []', "purposes.a b", ("64 letters",)),
    "SID of another kind": (f'[twilio]\naccount_sid = "{FLOW}"', "twilio.account_sid", ("begins with AC",)),
    "number of a sender": ('[senders.eu]\nfrom_number = "020 7946 0000"', "senders.eu.from_number", ("E.164",)),
    "WhatsApp sender": ('[senders.eu]\nwhatsapp_from = "Acme"', "senders.eu.whatsapp_from", ("E.164",)),
    "base with a query": ('[server]\npublic_base_url = "https://a.example/?x"', "server.public_base_url", ("query",)),
    "base without scheme": ('[server]\npublic_base_url = "a.example"', "server.public_base_url", ("http(s)://",)),
    "host with underscore": ('[server]\npublic_base_url = "http://a_b"', "server.public_base_url", ("underscore",)),
    "port of the base": ('[server]\npublic_base_url = "http://a:99999"', "server.public_base_url", ("port",)),
    "no lookup base": ('[lookup]\nbase_url = ""', "lookup.base_url", ("must not be empty",)),
    "SIP host": ('[voice]\nsip_hosts = ["sip:a@b"]', "voice.sip_hosts", ("host name",)),
    "stop scope": ('[suppression]\nstop_scope = "email"', "suppression.stop_scope", ("'all', 'sms'",)),
    "memory": ('[store]\nmaxmemory = "plenty"', "store.maxmemory", ("512mb",)),
    "store": ('[store]\nredis_url = "http://u:hush@a"', "store.redis_url", ("redis://", "unix://")),
    "public key": ('[sendgrid]\nwebhook_public_key = "%%"', "sendgrid.webhook_public_key", ("Base64",)),
    "mail address": ('[sendgrid]\nfrom_email = "Me <a@b>"', "sendgrid.from_email", ("e-mail address",)),
    "subaccount without token": (
        '[twilio.subaccounts.AC0123456789abcdef0123456789abcdef]\nauth_token_env = "SUB_TOKEN"',
        "twilio.subaccounts.AC0123456789abcdef0123456789abcdef.auth_token_env",
        ("SUB_TOKEN, which is not set",),
    ),
    "one search": ("[dispatch]\nunknown_search_after_seconds = [30]", "dispatch.unknown_search_after_seconds", ("2",)),
    "searches in no order": (
        "[dispatch]\nunknown_search_after_seconds = [60, 30]",
        "dispatch.unknown_search_after_seconds",
        ("[30, 120]",),
    ),
    "deleted too early": ("[retention]\ndelete_after_seconds = 9", "retention.delete_after_seconds", ("below",)),
    "lease": ("[dispatch]\nlease_seconds = 20", "dispatch.lease_seconds", ("three times twilio.timeout_ms",)),
    "pauses": ("[dispatch]\nretry_longest_seconds = 1", "dispatch.retry_longest_seconds", ("retry_first_seconds",)),
}


@pytest.fixture(autouse=True)
def no_system_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "SYSTEM_FILE", tmp_path / "absent.toml")


@pytest.mark.parametrize(("text", "setting", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_setting_is_named(text: str, setting: str, words: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        Settings.load(path, {})
    assert caught.value.setting == setting
    assert [word for word in words if word not in caught.value.detail] == []
    assert "hush" not in str(caught.value)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[lookup]\ntimeout = 3\n[cache]\nbackend = "file"\n', encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        Settings.load(path, {"GATEWAY_CONFG": "x", "PORT": "none"})
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "GATEWAY_CONFG", "server.port", "lookup.timeout", "cache.backend",
    ]  # fmt: skip
    assert "from the variable PORT" in lines[1]
    assert f"in {path}" in lines[3]


def test_a_variable_does_not_hide_a_broken_table(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('twilio = "x"', encoding="utf-8")
    with pytest.raises(Misconfigured, match="twilio: must be a table"):
        Settings.load(path, {"TWILIO_ACCOUNT_SID": "AC1"})


@pytest.mark.parametrize("named_by", ["--config", "GATEWAY_CONFIG", "OPENCLAW_TWILIO_LOOKUP_CONFIG"])
def test_a_named_file_that_is_not_there_is_an_error(named_by: str, tmp_path: Path) -> None:
    path = tmp_path / "gone.toml"
    argument, environ = (path, {}) if named_by == "--config" else (None, {named_by: str(path)})
    with pytest.raises(Misconfigured) as caught:
        Settings.load(argument, environ)
    assert caught.value.setting == named_by
    assert str(path) in caught.value.detail


@pytest.mark.parametrize(
    ("content", "words"), [(b"[lookup", "is not TOML"), (b"\xff\xfe", "is not UTF-8")], ids=["not TOML", "not UTF-8"]
)
def test_a_file_that_cannot_be_read_is_an_error(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match=words):
        Settings.load(path, {})


# What is allowed, and said: id → (file, variables, words of the warning)
DOUBTFUL = {
    "placeholder": ('[twilio]\naccount_sid = "YOUR_SID"', {}, "twilio.account_sid is no SID"),
    "flow": ('[studio.flows]\na = "FWx"', {}, "studio.flows.a is no SID"),
    "dead end": ('[purposes.x]\nmobile = ["sms"]\nuan = ["totp"]', {}, "purposes.x.then is empty"),
    "no line type": ("[lookup]\ndefault_fields = []", {}, "lacks line_type_intelligence"),
    "short budget": ("[lookup]\nrequest_budget_ms = 100", {}, "request_budget_ms is below"),
    "region": ("", {"TWILIO_REGION": "ie1"}, "TWILIO_REGION is set and has no effect"),
    "one slip": ("", {"TWILIO_AUTH_TOKN": "x"}, "TWILIO_AUTH_TOKN is not read; TWILIO_AUTH_TOKEN is"),
    "no token": ("", {"TWILIO_API_KEY_SID": "SK" + "0" * 32}, "cannot check signatures"),
}


@pytest.mark.parametrize(("text", "environ", "words"), DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_what_is_probably_not_meant_is_a_warning(
    text: str, environ: dict[str, str], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    assert [warning for warning in Settings.load(path, environ).warnings if words in warning]
