"""The two accounts a call may go to: the live one, and the sandbox for test intents."""

from __future__ import annotations

from twilio.rest import Client

from gateway.errors import ProviderRefused

NOT_CONFIGURED = 403


class Clients:
    """What the parts of TwilioCalls share."""

    def __init__(self, live: Client, sandbox: Client | None) -> None:
        self._live = live
        self._sandbox = sandbox

    def client(self, test: bool) -> Client:
        """Raises ProviderRefused for a test where there is no sandbox: it must never reach a person."""
        if not test:
            return self._live
        if self._sandbox is None:
            raise ProviderRefused(NOT_CONFIGURED, NOT_CONFIGURED, "no sandbox is configured for test intents")
        return self._sandbox
