"""The shipped file, the layers over it, and what is built of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest

from gateway.errors import Misconfigured
from gateway.model import LineType, QuietHours, Step, VoiceRules
from gateway.settings import Settings, files
from gateway.settings.document import ANY_NAME, names
from gateway.settings.purposes import PurposeSection
from gateway.settings.sections import SenderSection

SHIPPED = Path(__file__).parent.parent / "config" / "gateway.toml"
SID = "0123456789abcdef0123456789abcdef"
Written = Callable[[str], Path]

SEED_FILE = """
[twilio]
account_sid = "YOUR_ACCOUNT_SID"
auth_mode = "api_key" # "api_key" or "auth_token"

[twilio.api_key]
sid = "YOUR_API_KEY_SID"
secret_env = "TWILIO_API_KEY_SECRET"

[lookup]
base_url = "https://lookups.twilio.com"
default_country_code = "US"
default_fields = ["line_type_intelligence"]
timeout_ms = 2500
max_retries = 2
retry_backoff_ms = 200
retry_jitter_ms = 100

[cache]
enabled = true
backend = "redis"
ttl_seconds = 604800
negative_ttl_seconds = 3600

[policy]
allow_countries = ["US", "CA"]
deny_line_types = ["landline"]
flag_line_types = ["voip", "nonFixedVoip"]
"""


@pytest.fixture(autouse=True)
def no_system_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "SYSTEM_FILE", tmp_path / "absent.toml")


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(text: str, name: str = "own.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def load(path: Path | None = None, **environ: str) -> Settings:
    return Settings.load(path, environ)


def steps(*texts: str) -> tuple[Step, ...]:
    return tuple(Step.parse(text) for text in texts)


def keys_in(table: dict[str, object], prefix: str = "") -> Iterator[str]:
    for key, value in table.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from keys_in(value, f"{prefix}{key}.")


def test_the_shipped_file_alone_with_an_empty_environment_is_a_whole_configuration() -> None:
    settings = load()
    assert settings.embedded
    assert settings.redis_url is None
    assert settings.cache.url == ""
    assert settings.public_base_url == "http://127.0.0.1:8000"
    assert settings.data_dir == Path.cwd() / "data"
    assert settings.warnings == ()
    assert settings.prices.of(("line_type_intelligence", "caller_name")) == Decimal("0.018")


def test_the_shipped_policy_routes_as_published() -> None:
    policy = load().policy
    notification, mfa = policy.purposes["notification"], policy.purposes["mfa"]
    assert policy.allow_countries == {"US", "CA"}
    assert policy.flag_line_types == {LineType.FIXED_VOIP, LineType.NON_FIXED_VOIP}
    assert notification.steps_for(LineType.FIXED_VOIP) == steps("totp", "verify")
    assert notification.steps_for(LineType.PREMIUM) == ()
    assert notification.then == steps("sms", "voice")
    assert notification.undeliverable == steps("email")
    assert notification.on_lookup_failure == "defer"
    assert policy.purposes["low_risk"].steps_for(LineType.NON_FIXED_VOIP) == steps("sms")
    assert mfa.steps_for(LineType.LANDLINE) == steps("verify:call")
    assert mfa.steps_for(LineType.TOLL_FREE) == steps("totp", "verify:email")
    assert (mfa.max_lookup_age, mfa.on_lookup_failure) == (timedelta(days=1), "reject")
    assert (mfa.exempt_from_keyword, mfa.priority) == (True, "urgent")


def test_every_accepted_key_stands_in_the_shipped_file() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    present = set(keys_in(tomllib.loads(text)))
    commented = set(re.findall(r"^# (\w+) = ", text, re.MULTILINE))
    owners = {"purposes": "notification", "senders": "default"}
    missing = []
    for name in names():
        section, *_ = name.split(".")
        key = name.rpartition(".")[2]
        placed = name.replace(ANY_NAME, owners.get(section, ANY_NAME))
        if placed not in present and key not in commented:
            missing.append(placed)
    assert missing == []


def test_every_key_of_the_shipped_file_has_a_comment() -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    keys = [line for line in lines if re.match(r"(# )?\w+ = ", line)]
    assert len(keys) > 100
    assert [line for line in keys if not re.search(r"\S\s+# \S", line.removeprefix("# "))] == []


def test_the_shipped_tables_spell_out_what_a_new_purpose_or_sender_gets() -> None:
    """So that a table of one's own behaves as the shipped one reads."""
    shipped = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    lists = {*(line_type.value for line_type in LineType), "then", "undeliverable", "default"}
    rules = {key: value for key, value in shipped["purposes"]["notification"].items() if key not in lists}
    assert PurposeSection.model_validate(rules, strict=False) == PurposeSection.model_validate({})
    assert SenderSection.model_validate(shipped["senders"]["default"], strict=False) == SenderSection.model_validate({})


def test_the_older_example_file_loads_as_it_is(written: Written) -> None:
    settings = load(written(SEED_FILE), TWILIO_API_KEY_SECRET="s3cret")
    assert settings.twilio.credentials() == ("YOUR_API_KEY_SID", "s3cret")
    assert settings.lookup.default_country_code == "US"
    assert settings.policy.deny_line_types == {LineType.LANDLINE}
    assert settings.policy.flag_line_types == {LineType.FIXED_VOIP, LineType.NON_FIXED_VOIP}
    assert any("twilio.account_sid" in warning for warning in settings.warnings)


def test_tables_are_merged_key_by_key_and_lists_replaced(written: Written) -> None:
    settings = load(
        written("""
        [policy]
        allow_countries = ["gb"]
        [purposes.notification]
        mobile = ["whatsapp"]
        [purposes.notification.voice]
        confirm = true
        """)
    )
    notification = settings.policy.purposes["notification"]
    assert settings.policy.allow_countries == {"GB"}
    assert notification.steps_for(LineType.MOBILE) == steps("whatsapp")
    assert notification.steps_for(LineType.LANDLINE) == steps("voice", "email")
    assert notification.voice == VoiceRules(confirm=True)


def test_voip_replaces_the_shipped_list_of_fixed_voip(written: Written) -> None:
    path = written('[purposes.notification]\nvoip = ["email"]')
    assert load(path).policy.purposes["notification"].steps_for(LineType.FIXED_VOIP) == steps("email")


def test_voip_beside_fixed_voip_is_refused(written: Written) -> None:
    path = written('[purposes.x]\nvoip = ["sms"]\nfixedVoip = ["sms"]')
    with pytest.raises(Misconfigured, match=r"purposes\.x\.voip: is read as fixedVoip"):
        load(path)


def test_a_new_purpose_has_the_rules_of_a_purpose_and_no_lists(written: Written) -> None:
    path = written("""
        [purposes.alerts]
        mobile = ["sms", "studio:onboarding"]
        sender = ["eu", "default"]
        priority = "bulk"
        quiet_hours = "21:00-08:00"
        fallback_after_seconds = 60
        deny_sim_swapped_within_hours = 48
        max_lookup_age_seconds = 0
        [senders.eu]
        from_number = "+447700900123"
        countries = ["GB"]
        messages_per_second = 2.5
        [studio.flows]
        onboarding = "FW0123456789abcdef0123456789abcdef"
        [studio.flows.survey]
        sid = "FW0123456789abcdef0123456789abcdef"
        from = "+14155550100"
        """)
    settings = load(path, TWILIO_VERIFY_SERVICE_SID="VA" + SID)
    alerts = settings.policy.purposes["alerts"]
    assert alerts.steps_for(LineType.MOBILE) == steps("sms", "studio:onboarding")
    assert alerts.steps_for(LineType.LANDLINE) == ()
    assert alerts.senders == ("eu", "default")
    assert alerts.fallback_after == timedelta(minutes=1)
    assert alerts.deny_sim_swapped_within == timedelta(hours=48)
    assert alerts.lookup_fields == ("sim_swap",)
    assert alerts.max_lookup_age == timedelta(0)
    assert (alerts.priority, alerts.on_lookup_failure) == ("bulk", "defer")
    assert settings.policy.purposes["alerts"].quiet_hours == QuietHours(time(21), time(8))
    assert [sender.name for sender in settings.senders] == ["default", "eu"]
    assert settings.sender("eu").verify_service_sid == "VA" + SID
    assert (settings.paces["eu"].messages_per_second, settings.paces["eu"].calls_per_second) == (2.5, 1)
    assert settings.flows["survey"].from_number == "+14155550100"
    assert settings.policy.flows == {"onboarding", "survey"}


def test_whatsapp_and_email_are_possible_only_with_a_sender() -> None:
    bare = load().policy
    full = load(TWILIO_WHATSAPP_FROM="+14155550100", SENDGRID_API_KEY="SG.x", SENDGRID_FROM_EMAIL="a@example.com")
    assert (bare.whatsapp_senders, bare.email_sender) == (False, False)
    assert (full.policy.whatsapp_senders, full.policy.email_sender) == (True, True)


@pytest.mark.parametrize(
    ("argument", "variables", "expected"),
    [
        ("a", {"GATEWAY_CONFIG": "b", "OPENCLAW_TWILIO_LOOKUP_CONFIG": "c"}, 1),
        (None, {"GATEWAY_CONFIG": "b", "OPENCLAW_TWILIO_LOOKUP_CONFIG": "c"}, 2),
        (None, {"GATEWAY_CONFIG": "", "OPENCLAW_TWILIO_LOOKUP_CONFIG": "c"}, 3),
        (None, {}, 4),
    ],
    ids=["argument", "own variable", "older variable", "system file"],
)
def test_the_file_is_looked_for_in_order(
    argument: str | None,
    variables: dict[str, str],
    expected: int,
    written: Written,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number, name in enumerate("abcd", start=1):
        written(f"[lookup]\nmax_retries = {number}", name)  # type: ignore[call-arg]
    monkeypatch.setattr(files, "SYSTEM_FILE", tmp_path / "d")
    environ = {variable: name and str(tmp_path / name) for variable, name in variables.items()}
    settings = Settings.load(tmp_path / argument if argument else None, environ)
    assert settings.lookup.max_retries == expected


def test_an_installed_package_finds_the_file_that_was_put_into_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packaged = tmp_path / "gateway.toml"
    packaged.write_bytes(SHIPPED.read_bytes())
    monkeypatch.setattr(files, "DEFAULTS", (packaged, tmp_path / "absent"))
    assert load().port == 8000
    monkeypatch.setattr(files, "DEFAULTS", (tmp_path / "absent",))
    with pytest.raises(Misconfigured, match=r"gateway\.toml is missing"):
        load()


def test_settings_cannot_be_changed() -> None:
    settings = load()
    with pytest.raises(AttributeError):
        settings.file = Path("x")  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        settings.lookup.max_retries = 9
    assert isinstance(settings.policy.purposes, MappingProxyType)
