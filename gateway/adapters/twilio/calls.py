"""The providers as the stages see them: Twilio through its SDK, e-mail through the mail object given in.

Decides nothing: neither what to send nor what an error means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from twilio.rest import Client

from gateway import tracing
from gateway.adapters.twilio.access import TwilioAccess, twilio_client
from gateway.adapters.twilio.clients import NOT_CONFIGURED
from gateway.adapters.twilio.errors import translated
from gateway.adapters.twilio.fetching import Homes, fetched
from gateway.adapters.twilio.listing import properties
from gateway.adapters.twilio.reading import AccountReads
from gateway.adapters.twilio.searching import SEARCH
from gateway.adapters.twilio.sending import CREATE
from gateway.adapters.twilio.verifying import VerifyCalls
from gateway.channels.shape import Operation, ProviderRequest
from gateway.errors import ProviderRefused, ProviderSilent
from gateway.model import Attempt
from gateway.ports import Found


class Mail(Protocol):
    def send(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Raises ProviderRefused or ProviderSilent."""


class TwilioCalls(VerifyCalls, AccountReads):
    """ports.Calls. Every method raises ProviderRefused or ProviderSilent, and nothing else, for what Twilio does."""

    def __init__(
        self,
        live: Client,
        sandbox: Client | None = None,
        *,
        mail: Mail | None = None,
        sandbox_mail: Mail | None = None,
        homes: Homes | None = None,
        sandbox_homes: Homes | None = None,
    ) -> None:
        super().__init__(live, sandbox)
        self._mail = mail
        self._sandbox_mail = sandbox_mail
        self._homes = homes or Homes()
        self._sandbox_homes = sandbox_homes or Homes()

    def send(self, request: ProviderRequest, *, test: bool = False) -> Mapping[str, Any]:
        if request.operation is Operation.MAIL:
            with tracing.span("sendgrid mail"):
                return self._mail_for(test).send(request.params)
        client = self.client(test)
        with tracing.span(f"twilio {request.operation.value}"), translated():
            return properties(CREATE[request.operation](client, request))

    def search(self, attempt: Attempt, request: ProviderRequest, *, test: bool = False) -> Sequence[Found]:
        search = SEARCH.get(request.operation)
        if search is None:
            raise ProviderSilent(f"{request.operation} cannot be searched for", sent=True)
        client = self.client(test)
        with translated():
            return search(client, attempt, request)

    def fetch(self, attempt: Attempt, *, test: bool = False) -> Mapping[str, Any] | None:
        client = self.client(test)
        with translated():
            return fetched(client, attempt, self._sandbox_homes if test else self._homes)

    def _mail_for(self, test: bool) -> Mail:
        mail = self._sandbox_mail if test else self._mail
        if mail is None:
            raise ProviderRefused(NOT_CONFIGURED, NOT_CONFIGURED, "no e-mail provider is configured")
        return mail


def twilio_calls(
    access: TwilioAccess,
    *,
    mail: Mail | None,
    sandbox: TwilioAccess | None,
    sandbox_mail: Mail | None = None,
    homes: Homes | None = None,
    sandbox_homes: Homes | None = None,
) -> TwilioCalls:
    """One client per account, each with a pool of its own."""
    return TwilioCalls(
        twilio_client(access),
        twilio_client(sandbox) if sandbox else None,
        mail=mail,
        sandbox_mail=sandbox_mail,
        homes=homes,
        sandbox_homes=sandbox_homes,
    )
