"""Faults on demand: what may befall requests and callbacks, how likely, and to which of them."""

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from gateway.sandbox.plans import Mishap

REQUEST_KINDS = (
    "latency",
    "429",
    "5xx_before",
    "5xx_after",
    "reset_before",
    "reset_after",
    "timeout_before",
    "timeout_after",
    "early",
)
CALLBACK_KINDS = ("duplicate", "reorder", "drop", "delay")
ALIASES = {"5xx": "5xx_before", "reset": "reset_before", "timeout": "timeout_after"}
PRODUCTS = ("lookup", "messages", "calls", "verify", "studio", "events", "sendgrid", "account")
_TYPES: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "probability": (int, float),
    "product": (str,),
    "operation": (str,),
    "number": (str,),
    "count": (int,),
    "latency_ms": (int, float),
    "jitter_ms": (int, float),
    "delay_ms": (int, float),
    "status": (int,),
}


class BadFault(ValueError):
    """A fault that cannot be set; `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(slots=True)
class Fault:
    """One rule. `count` is how often it may still strike; None: as often as it is drawn."""

    kind: str
    probability: float = 1.0
    product: str | None = None
    operation: str | None = None
    number: str | None = None
    count: int | None = None
    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    delay_ms: float = 0.0
    status: int = 500

    def concerns(self, product: str, operation: str, number: str) -> bool:
        return (
            self.count != 0
            and self.product in (None, product)
            and self.operation in (None, operation)
            and (self.number is None or number.endswith(self.number))
        )


class Faults:
    """The rules in force, and the seeded dice."""

    def __init__(self, seed: int | None) -> None:
        self.rules: list[Fault] = []
        self.random = random.Random(seed)

    def on_request(self, product: str, operation: str, number: str) -> list[Mishap]:
        """What befalls this request, in the order in which the rules were set."""
        return [
            Mishap(rule.kind, rule.status, self._spread(rule.latency_ms, rule.jitter_ms))
            for rule in self._struck(REQUEST_KINDS, product, operation, number)
        ]

    def on_callback(self, product: str, number: str) -> list[Mishap]:
        return [
            Mishap(rule.kind, milliseconds=self._spread(rule.delay_ms, rule.jitter_ms))
            for rule in self._struck(CALLBACK_KINDS, product, "callback", number)
        ]

    def _struck(self, kinds: tuple[str, ...], product: str, operation: str, number: str) -> Iterator[Fault]:
        for rule in self.rules:
            if rule.kind not in kinds or not rule.concerns(product, operation, number):
                continue
            if rule.probability < 1.0 and self.random.random() >= rule.probability:
                continue
            if rule.count is not None:
                rule.count -= 1
            yield rule

    def _spread(self, base: float, jitter: float) -> float:
        return max(0.0, base + self.random.uniform(-jitter, jitter)) if jitter else base

    def shown(self) -> list[dict[str, Any]]:
        return [asdict(rule) for rule in self.rules]


def read_fault(body: Any, place: str = "") -> Fault:
    """A fault from JSON. Raises BadFault with the field's name."""
    if not isinstance(body, dict):
        raise BadFault(place or "body", "must be a JSON object")
    known = {one.name for one in fields(Fault)}
    for name, value in body.items():
        if name not in known:
            raise BadFault(f"{place}{name}", f"unknown field; known are {', '.join(sorted(known))}")
        if value is not None and (isinstance(value, bool) or not isinstance(value, _TYPES[name])):
            raise BadFault(f"{place}{name}", f"must be {' or '.join(kind.__name__ for kind in _TYPES[name])}")
    given = {name: value for name, value in body.items() if value is not None}
    kind = ALIASES.get(given.get("kind", ""), given.get("kind", ""))
    if kind not in REQUEST_KINDS + CALLBACK_KINDS:
        raise BadFault(f"{place}kind", f"must be one of {', '.join(REQUEST_KINDS + CALLBACK_KINDS)}")
    return _in_range(Fault(**{**given, "kind": kind}), place)


def _in_range(fault: Fault, place: str) -> Fault:
    checks = (
        ("probability", 0.0 <= fault.probability <= 1.0, "must lie between 0 and 1"),
        ("product", fault.product is None or fault.product in PRODUCTS, f"must be one of {', '.join(PRODUCTS)}"),
        ("count", fault.count is None or fault.count >= 1, "must be at least 1"),
        ("latency_ms", 0 <= fault.latency_ms <= 600_000, "must lie between 0 and 600000"),
        ("jitter_ms", 0 <= fault.jitter_ms <= 600_000, "must lie between 0 and 600000"),
        ("delay_ms", 0 <= fault.delay_ms <= 600_000, "must lie between 0 and 600000"),
        ("status", 500 <= fault.status <= 599, "must lie between 500 and 599"),
    )
    for name, holds, message in checks:
        if not holds:
            raise BadFault(f"{place}{name}", message)
    return fault
