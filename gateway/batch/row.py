"""One row: what can be told of it free of charge, and how an answer becomes its columns. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway import decide
from gateway.errors import InvalidRequest
from gateway.model import Content, Facts, Intent, Lookup, LookupSource, Policy, Recipient
from gateway.normalize.phone import PhoneNumber, parse_phone

STEP_MARK = ">"


@dataclass(frozen=True, slots=True)
class Checked:
    """A row after the free checks: a number worth asking about, or the reason why not."""

    number: PhoneNumber | None
    error: str = ""

    @property
    def worth_asking(self) -> bool:
        return self.number is not None and not self.error


@dataclass(frozen=True, slots=True)
class Answered:
    """What is known of a row's number in the end. `cost` in US dollars."""

    lookup: Lookup | None = None
    cost: Decimal = Decimal(0)
    error: str = ""


class Judge:
    """The policy's word on a number: whether to ask at all, and which route it would take."""

    def __init__(self, policy: Policy, purpose: str, app: str, now: datetime) -> None:
        self._policy = policy
        self._purpose = purpose
        self._app = app
        self._now = now

    def checked(self, typed: str, country: str | None, default_country: str | None) -> Checked:
        """What the policy refuses whatever Lookup says is not asked about."""
        if not typed.strip():
            return Checked(None, "invalid_number: empty")
        try:
            number = parse_phone(typed.strip(), country, default_country=default_country)
        except InvalidRequest as err:
            return Checked(None, f"{err.code}: {err.errors[0].message if err.errors else err.detail}")
        refusal = decide.precheck(self._intent(number), self._policy, suppressions=(), email_suppressions=())
        return Checked(number, f"{refusal.code}: {refusal.detail}" if refusal else "")

    def columns(self, checked: Checked, answered: Answered) -> dict[str, str]:
        number, lookup = checked.number, answered.lookup
        route, error = "", checked.error or answered.error
        if number is not None and lookup is not None:
            decision = decide.decide(self._intent(number), Facts(as_of=self._now, lookup=lookup), self._policy)
            route = STEP_MARK.join(map(str, decision.steps))
            if decision.refusal is not None and not error:
                error = f"{decision.refusal.code}: {decision.refusal.detail}"
        return {
            "phone_number": number.e164 if number else "",
            "valid": _said(lookup.valid if lookup else False if checked.error.startswith("invalid_number") else None),
            "country": (lookup.country if lookup else None) or (number.country if number else None) or "",
            "line_type": lookup.line_type.value if lookup else "",
            "carrier": (lookup.carrier if lookup else None) or "",
            "route": route,
            "source": lookup.source.value if lookup else "",
            "cost": f"{answered.cost:f}" if lookup and lookup.source is LookupSource.LIVE else "",
            "error": error,
        }

    def _intent(self, number: PhoneNumber) -> Intent:
        return Intent(
            id="",
            app=self._app,
            purpose=self._purpose,
            to=Recipient(number.e164, number.country),
            content=Content(body="-"),
            created_at=self._now,
        )


def _said(valid: bool | None) -> str:
    return "" if valid is None else str(valid).lower()
