"""What opens doors: Twilio's and SendGrid's credentials and the gateway's own keys. None of it shows in a repr."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from pydantic import SecretStr

from gateway.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Twilio:
    """The account. `api_base_url` is empty unless every call goes elsewhere (a local simulator, tests)."""

    account_sid: str = ""
    auth_mode: str = "auto"
    api_key_sid: str = ""
    api_base_url: str = ""
    timeout: timedelta = timedelta(seconds=10)
    secret_env: str = "TWILIO_API_KEY_SECRET"
    api_key_secret: SecretStr | None = None
    auth_token: SecretStr | None = None
    auth_token_secondary: SecretStr | None = None
    subaccounts: Mapping[str, SecretStr] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def uses_api_key(self) -> bool:
        return self.auth_mode == "api_key" or (self.auth_mode == "auto" and bool(self.api_key_sid))

    def credentials(self) -> tuple[str, str]:
        """User and password for REST. Raises Misconfigured for what is missing: only here, so that demos need none."""
        if not self.account_sid:
            raise Misconfigured("twilio.account_sid", "is not set; give it in the file or in TWILIO_ACCOUNT_SID")
        return self._api_key() if self.uses_api_key else self._token()

    @property
    def tokens(self) -> tuple[str, ...]:
        """What a signature may have been made with: the primary token first."""
        given = (self.auth_token, self.auth_token_secondary)
        return tuple(token.get_secret_value() for token in given if token)

    @property
    def subaccount_tokens(self) -> dict[str, str]:
        return {sid: token.get_secret_value() for sid, token in self.subaccounts.items()}

    def _api_key(self) -> tuple[str, str]:
        if not self.api_key_sid:
            raise Misconfigured("twilio.api_key.sid", "is not set; give it in the file or in TWILIO_API_KEY_SID")
        if not self.api_key_secret:
            detail = f"names the variable {self.secret_env}, which is not set; it holds the API key's secret"
            raise Misconfigured("twilio.api_key.secret_env", detail)
        return self.api_key_sid, self.api_key_secret.get_secret_value()

    def _token(self) -> tuple[str, str]:
        if not self.auth_token:
            detail = "is not set; give it, or an API key in TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET"
            raise Misconfigured("TWILIO_AUTH_TOKEN", detail)
        return self.account_sid, self.auth_token.get_secret_value()


@dataclass(frozen=True, slots=True)
class Email:
    """SendGrid. Mail can be sent when both `api_key` and `from_email` are there."""

    from_email: str = ""
    webhook_public_key: str = ""
    api_key: SecretStr | None = None

    @property
    def sends(self) -> bool:
        return bool(self.api_key and self.from_email)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The gateway's own, as the environment gives them; keys.py says what becomes of them.

    New ones are for `gateway rekey` alone.
    """

    secret_key: SecretStr | None = None
    hash_key: SecretStr | None = None
    data_key: SecretStr | None = None
    bootstrap_api_key: SecretStr | None = None
    new_hash_key: SecretStr | None = None
    new_data_key: SecretStr | None = None
