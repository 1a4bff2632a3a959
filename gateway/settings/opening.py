"""Reads every secret that the document and the environment name, and puts it where it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

from gateway.errors import Misconfigured
from gateway.settings.account import Email, Secrets, Twilio
from gateway.settings.document import Document
from gateway.settings.environment import secret
from gateway.settings.faults import Faults

NAMING_KEYS = ("secret_env", "auth_token_env")
SHORTEST_KEY = 16
OWN_KEYS = ("GATEWAY_SECRET_KEY", "GATEWAY_HASH_KEY", "GATEWAY_DATA_KEY")
NEW_KEYS = ("GATEWAY_NEW_HASH_KEY", "GATEWAY_NEW_DATA_KEY")


class Vault:
    """Opens secrets one by one; a fault is collected, not raised, so that all are named at once."""

    def __init__(self, environ: Mapping[str, str], faults: Faults) -> None:
        self._environ = environ
        self._faults = faults

    def open(self, variable: str) -> SecretStr | None:
        try:
            return secret(variable, self._environ)
        except Misconfigured as error:
            self._faults.add(error.setting, error.detail)
            return None

    def twilio(self, document: Document) -> Twilio:
        section = document.twilio
        return Twilio(
            account_sid=section.account_sid,
            auth_mode=section.auth_mode,
            api_key_sid=section.api_key.sid,
            api_base_url=section.api_base_url,
            timeout=timedelta(milliseconds=section.timeout_ms),
            secret_env=section.api_key.secret_env,
            api_key_secret=self.open(section.api_key.secret_env),
            auth_token=self.open("TWILIO_AUTH_TOKEN"),
            auth_token_secondary=self.open("TWILIO_AUTH_TOKEN_SECONDARY"),
            subaccounts=MappingProxyType(self._subaccounts(document)),
        )

    def email(self, document: Document) -> Email:
        section = document.sendgrid
        return Email(section.from_email, section.webhook_public_key, self.open("SENDGRID_API_KEY"))

    def own(self) -> Secrets:
        secret_key, hash_key, data_key = (self._key(variable) for variable in OWN_KEYS)
        bootstrap = self.open("GATEWAY_BOOTSTRAP_API_KEY")
        if bootstrap and not _fits_a_header(bootstrap.get_secret_value()):
            self._faults.add("GATEWAY_BOOTSTRAP_API_KEY", "must be printable ASCII without spaces")
        return Secrets(secret_key, hash_key, data_key, bootstrap, *(self._key(variable) for variable in NEW_KEYS))

    def _key(self, variable: str) -> SecretStr | None:
        key = self.open(variable)
        if key and len(key.get_secret_value()) < SHORTEST_KEY:
            self._faults.add(variable, f"must be at least {SHORTEST_KEY} characters of random text")
        return key

    def _subaccounts(self, document: Document) -> dict[str, SecretStr]:
        tokens: dict[str, SecretStr] = {}
        for sid, named in document.twilio.subaccounts.items():
            if token := self.open(named.auth_token_env):
                tokens[sid] = token
            else:
                detail = f"names the variable {named.auth_token_env}, which is not set"
                self._faults.add(f"twilio.subaccounts.{sid}.auth_token_env", detail)
        return tokens


def named_variables(table: Any) -> frozenset[str]:
    """The variables that a file names by itself, wherever they stand in it."""
    if not isinstance(table, Mapping):
        return frozenset()
    own = {table[key] for key in NAMING_KEYS if isinstance(table.get(key), str)}
    return frozenset(own).union(*(named_variables(below) for below in table.values()))


def _fits_a_header(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
