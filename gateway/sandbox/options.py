"""The sandbox's settings, and the credentials and resources that every sandbox account owns.

The values are built from repeated digits in code, so that nobody mistakes one for a leaked secret.
"""

from dataclasses import dataclass

SANDBOX_ACCOUNT_SID = "AC" + "0" * 31 + "1"
SANDBOX_AUTH_TOKEN = "0" * 31 + "2"
SANDBOX_API_KEY_SID = "SK" + "0" * 31 + "3"
SANDBOX_API_KEY_SECRET = "sandbox" + "0" * 24 + "4"
SANDBOX_MESSAGING_SERVICE_SID = "MG" + "0" * 31 + "5"
SANDBOX_FROM_NUMBER = "+15005550006"
SANDBOX_WHATSAPP_FROM = "whatsapp:" + SANDBOX_FROM_NUMBER
SANDBOX_VERIFY_SERVICE_SID = "VA" + "0" * 31 + "6"
SANDBOX_FLOW_SID = "FW" + "0" * 31 + "7"
SANDBOX_SENDGRID_API_KEY = "SG." + "sandbox." + "0" * 31 + "8"


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """What one sandbox is started with; every default is good for a test on this machine."""

    host: str = "127.0.0.1"
    port: int = 8900
    account_sid: str = SANDBOX_ACCOUNT_SID
    auth_token: str = SANDBOX_AUTH_TOKEN
    api_key_sid: str = SANDBOX_API_KEY_SID
    api_key_secret: str = SANDBOX_API_KEY_SECRET
    api_key_is_standard: bool = False
    """A Standard key may not read `/Accounts`; a Main key, the default, may."""
    sendgrid_api_key: str = SANDBOX_SENDGRID_API_KEY
    senders: tuple[str, ...] = ()
    """More numbers (E.164, `whatsapp:+…`) and Messaging Services (`MG…`) that the account owns."""
    flows: tuple[str, ...] = ()
    """More Studio flow SIDs that the account owns."""
    inbound_url: str | None = None
    events_url: str | None = None
    sendgrid_webhook_url: str | None = None
    verify_webhook_url: str | None = None
    allow_any_callback_host: bool = False
    """False: only loopback is ever called."""
    step_ms: int = 50
    """Pause between two statuses of a message, call, execution or e-mail."""
    code_life_seconds: float = 600.0
    totp_refuses_wrong_codes: bool = False
    """Twilio's answer to a wrong TOTP code is not documented: False is 200 and no change, True is 403."""
    latency_ms: int = 0
    latency_jitter_ms: int = 0
    concurrency_limit: int = 0
    """More API calls in flight than this are refused with 429 20429; 0: no limit."""
    hold_ms: int = 30_000
    """How long a request whose answer never comes is held open."""
    seed: int | None = None
    bound: int = 200_000
    """Most resources of a kind, and most request log entries, that are remembered."""
    log_level: str = "WARNING"
