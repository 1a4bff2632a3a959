"""The variables that are read, which setting each one fills, and secrets, given as they are or as a path to a file.

A variable that is empty counts as not set. Source for Kubernetes' own variables: its documentation of services.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from gateway.errors import Misconfigured
from gateway.settings.faults import nearest, unknown
from gateway.settings.files import CONFIG_VARIABLES

SETTING_OF = {
    "TWILIO_ACCOUNT_SID": "twilio.account_sid",
    "TWILIO_API_KEY_SID": "twilio.api_key.sid",
    "TWILIO_API_BASE_URL": "twilio.api_base_url",
    "TWILIO_MESSAGING_SERVICE_SID": "senders.default.messaging_service_sid",
    "TWILIO_FROM_NUMBER": "senders.default.from_number",
    "TWILIO_WHATSAPP_FROM": "senders.default.whatsapp_from",
    "TWILIO_VERIFY_SERVICE_SID": "senders.default.verify_service_sid",
    "SENDGRID_FROM_EMAIL": "sendgrid.from_email",
    "SENDGRID_WEBHOOK_PUBLIC_KEY": "sendgrid.webhook_public_key",
    "REDIS_URL": "store.redis_url",
    "LOOKUP_CACHE_URL": "cache.url",
    "PUBLIC_BASE_URL": "server.public_base_url",
    "PORT": "server.port",
    "WEB_WORKERS": "server.workers",
    "WEB_THREADS": "server.threads",
    "GATEWAY_DATA_DIR": "server.data_dir",
}
WHOLE_NUMBERS = frozenset({"PORT", "WEB_WORKERS", "WEB_THREADS"})
# Connection URLs hold passwords: they may come from a file like any secret.
MAY_BE_FILES = frozenset({"REDIS_URL", "LOOKUP_CACHE_URL", "SENDGRID_WEBHOOK_PUBLIC_KEY"})
SECRETS = frozenset(
    {
        "TWILIO_AUTH_TOKEN",
        "TWILIO_AUTH_TOKEN_SECONDARY",
        "TWILIO_API_KEY_SECRET",
        "SENDGRID_API_KEY",
        "GATEWAY_SECRET_KEY",
        "GATEWAY_HASH_KEY",
        "GATEWAY_DATA_KEY",
        "GATEWAY_NEW_HASH_KEY",
        "GATEWAY_NEW_DATA_KEY",
        "GATEWAY_BOOTSTRAP_API_KEY",
    }
)
# What the commands that speak to a gateway over HTTP read; no setting of the gateway itself.
CLIENT_VARIABLES = frozenset({"GATEWAY_URL", "GATEWAY_API_KEY"})
# OpenTelemetry has many more, which its own code reads.
TRACE_VARIABLES = frozenset({"OTEL_EXPORTER_OTLP_ENDPOINT"})
KNOWN = frozenset(SETTING_OF) | SECRETS | frozenset(CONFIG_VARIABLES) | CLIENT_VARIABLES | TRACE_VARIABLES
OWN_PREFIX = "GATEWAY_"
SHARED_PREFIXES = ("TWILIO_", "SENDGRID_")
REROUTING = ("TWILIO_REGION", "TWILIO_EDGE")
MOUNTS = ("/run/", "/var/run/", "/etc/", "/mnt/")
# What Kubernetes sets in every pod when a service is called "gateway".
KUBERNETES = re.compile(r"GATEWAY_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)")


def overlay(environ: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """Dotted setting → (variable, value), for the variables that are set."""
    found: dict[str, tuple[str, Any]] = {}
    for variable, setting in SETTING_OF.items():
        text = from_file(variable, environ) if variable in MAY_BE_FILES else environ.get(variable, "").strip()
        if text:
            found[setting] = (variable, _number(text) if variable in WHOLE_NUMBERS else text)
    return found


def secret(variable: str, environ: Mapping[str, str]) -> SecretStr | None:
    text = from_file(variable, environ)
    return SecretStr(text) if text else None


def from_file(variable: str, environ: Mapping[str, str]) -> str:
    """The value, or what the file holds whose path it is. Raises Misconfigured, which never shows a value."""
    text = environ.get(variable, "").strip()
    if not text.startswith("/"):
        return text
    if not os.path.isfile(text):
        if text.startswith(MOUNTS):
            raise Misconfigured(variable, f"names the file {text}, which does not exist")
        return text
    try:
        content = Path(text).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Misconfigured(variable, f"names the file {text}, which cannot be read: {cause}") from None
    if not content:
        raise Misconfigured(variable, f"names the file {text}, which is empty")
    return content


def misspelt(environ: Mapping[str, str], named: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Our own prefix on a name that nobody reads. `named`: variables that the file names itself."""
    for variable in sorted(environ):
        ours = variable.startswith(OWN_PREFIX) and variable not in KNOWN | named
        if ours and not KUBERNETES.fullmatch(variable):
            accepted = sorted(known for known in KNOWN if known.startswith(OWN_PREFIX))
            yield variable, unknown("variable of the gateway", variable, accepted)


def doubts(environ: Mapping[str, str], named: frozenset[str]) -> Iterator[str]:
    """Variables that other tools may own, and that look as if they were meant for us."""
    for variable in sorted(environ):
        if variable in REROUTING:
            yield f"{variable} is set and has no effect: the gateway calls api.twilio.com, or TWILIO_API_BASE_URL"
        unread = variable.startswith(SHARED_PREFIXES) and variable not in KNOWN | named
        if unread and (close := nearest(variable, KNOWN, cutoff=0.9)):
            yield f"{variable} is not read; {close} is"


def _number(text: str) -> int | str:
    """Text that is no number is left to the validation, which knows the accepted values."""
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else text
