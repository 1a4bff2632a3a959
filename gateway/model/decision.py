"""A verdict, and the reasons for it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.step import Step


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: `code` is the name of the gate or rule that spoke, `detail` a sentence without personal data."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict. With a `refusal`, `proof` and `route` are empty; else proof comes first, then the route."""

    proof: tuple[Step, ...] = ()
    route: tuple[Step, ...] = ()
    reasons: tuple[Reason, ...] = ()
    flags: tuple[str, ...] = ()
    refusal: Reason | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.proof + self.route
