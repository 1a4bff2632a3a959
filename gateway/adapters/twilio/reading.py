"""Reads that belong to no attempt: what Lookup knows, what came in, and what the account is set up for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from gateway import tracing
from gateway.adapters.twilio.clients import Clients
from gateway.adapters.twilio.errors import translated
from gateway.adapters.twilio.listing import older_than, properties, rows

BIG_PAGE = 1000
INBOUND_PAGES = 20
NUMBER_PAGES = 5

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}")
_FIELD = re.compile(r"[a-z_]{1,40}")


class AccountReads(Clients):
    def lookup_fetch(
        self, number: str, fields: Sequence[str], country: str | None = None, *, test: bool = False
    ) -> Mapping[str, Any]:
        """Lookup v2's answer. Raises ValueError for anything but E.164: the SDK puts it into the path as it is."""
        if not _E164.fullmatch(number):
            raise ValueError("only an E.164 number can be looked up")
        if country is not None and not _COUNTRY.fullmatch(country):
            raise ValueError("a country is two capital letters")
        if not all(_FIELD.fullmatch(name) for name in fields):
            raise ValueError("a field's name is lower-case letters and underscores")
        asked: dict[str, str] = {}
        if fields:
            asked["fields"] = ",".join(fields)
        if country is not None:
            asked["country_code"] = country
        with tracing.span("twilio lookup"), translated():
            return properties(self.client(test).lookups.v2.phone_numbers(number).fetch(**asked))

    def inbound_messages(
        self, to: str, since: datetime, *, until: datetime | None = None, test: bool = False
    ) -> Sequence[Mapping[str, Any]]:
        """What people wrote to one of our senders, newest first, from `since` on (and before `until`).

        Raises ProviderSilent when there is more than can be read at once: ask again for smaller windows.
        """
        since = since.astimezone(UTC).replace(microsecond=0)  # Twilio's own dates have no fractions
        asked: dict[str, Any] = {"to": to, "date_sent_after": since, "page_size": BIG_PAGE}
        if until is not None:
            asked["date_sent_before"] = until.astimezone(UTC)
        early = older_than(since)
        with translated():
            listed = rows(self.client(test).messages.page(**asked), INBOUND_PAGES, early)
            return [properties(row) for row in listed if row.direction == "inbound" and not early(row)]

    def clock(self, *, test: bool = False) -> datetime | None:
        """What time it is at Twilio, as an answer's `Date` says; None where it says nothing."""
        client = self.client(test)
        with translated():
            said = client.request("GET", f"https://api.twilio.com/2010-04-01/Accounts/{client.account_sid}.json")
        stated = said.headers.get("Date") if said.headers else None
        return None if stated is None else parsedate_to_datetime(stated).astimezone(UTC)

    def account(self, *, test: bool = False) -> Mapping[str, Any]:
        client = self.client(test)
        with translated():
            return properties(client.api.v2010.accounts(client.account_sid).fetch())

    def incoming_numbers(self, *, test: bool = False) -> Sequence[Mapping[str, Any]]:
        with translated():
            first = self.client(test).incoming_phone_numbers.page(page_size=BIG_PAGE)
            return [properties(row) for row in rows(first, NUMBER_PAGES)]

    def messaging_service(self, sid: str, *, test: bool = False) -> Mapping[str, Any]:
        with translated():
            return properties(self.client(test).messaging.v1.services(sid).fetch())

    def service_senders(self, sid: str, *, test: bool = False) -> Sequence[str]:
        """The numbers and short codes that a Messaging Service sends from, and people write to."""
        service = self.client(test).messaging.v1.services(sid)
        with translated():
            numbers = [row.phone_number for row in rows(service.phone_numbers.page(page_size=BIG_PAGE), NUMBER_PAGES)]
            codes = [row.short_code for row in rows(service.short_codes.page(page_size=BIG_PAGE), NUMBER_PAGES)]
        return [*numbers, *codes]

    def verify_service(self, sid: str, *, test: bool = False) -> Mapping[str, Any]:
        with translated():
            return properties(self.client(test).verify.v2.services(sid).fetch())

    def flow(self, sid: str, *, test: bool = False) -> Mapping[str, Any]:
        """A Studio flow with its `definition`."""
        with translated():
            return properties(self.client(test).studio.v2.flows(sid).fetch())
