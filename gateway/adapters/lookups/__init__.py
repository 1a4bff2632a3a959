"""Lookups as the gateway buys them: cached, shared while they run, within budgets, behind a breaker, and booked."""

from gateway.adapters.lookups.asking import Lookups
from gateway.adapters.lookups.breaker import Breaker, BreakerRules
from gateway.adapters.lookups.flight import Flights
from gateway.adapters.lookups.ledger import Ledger, LedgerRow
from gateway.adapters.lookups.providers import Offline, Provider
from gateway.adapters.lookups.room import Room
from gateway.adapters.lookups.spending import DailyBudget, Spending

__all__ = [
    "Breaker",
    "BreakerRules",
    "DailyBudget",
    "Flights",
    "Ledger",
    "LedgerRow",
    "Lookups",
    "Offline",
    "Provider",
    "Room",
    "Spending",
]
