"""Hands one e-mail to SendGrid. There is no idempotency key and no search: an unanswered send stays unknown.

Source: SendGrid v3 Mail Send: 202 with an empty body, the id in `X-Message-Id`; errors as {"errors": [{"message"}]}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.adapters.twilio.errors import impersonal, wait_seconds
from gateway.adapters.twilio.wire import Answer, Wire
from gateway.errors import ProviderRefused

HOST = "api.sendgrid.com"


class SendGridMail:
    """Thread-safe; keeps its connections. `base_url` receives the calls instead of SendGrid."""

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str | None = None,
        host: str = HOST,
        timeout_seconds: float = 10.0,
        pool_size: int = 64,
    ) -> None:
        self._url = f"https://{host}/v3/mail/send"
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self._wire = Wire(base_url=base_url, timeout_seconds=timeout_seconds, pool_size=pool_size)

    def send(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """`sid` is the message id, None where SendGrid gave none. Raises ProviderRefused or ProviderSilent."""
        body = json.dumps(document, ensure_ascii=False).encode()
        answer = self._wire.exchange("POST", self._url, self._headers, body)
        if not 200 <= answer.status < 300:
            raise _refused(answer)
        return {"sid": answer.headers.get("X-Message-Id"), "status": "accepted"}


def _refused(answer: Answer) -> ProviderRefused:
    return ProviderRefused(
        answer.status,
        answer.status,
        impersonal(_first_message(answer.text)),
        retry_after_seconds=wait_seconds(answer.headers),
    )


def _first_message(text: str) -> str:
    """The first error's field and message; nothing for a body that is not SendGrid's (a proxy's page)."""
    try:
        first = json.loads(text)["errors"][0]
        field, message = first.get("field"), first["message"]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return ""
    return f"{field}: {message}" if field else str(message)
