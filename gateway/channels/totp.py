"""TOTP: waits for the code of an authenticator app. Calls nothing by itself: each code is one Challenge, made later.

Dispatch asks `read` for the outcome of waiting (its answer is `{"sid": <factor>}`) and never asks for a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from gateway.channels.answers import awaiting_code
from gateway.channels.lacks import Lack
from gateway.channels.shape import Situation
from gateway.model import Channel, Facts, Intent, LineType, Outcome, Policy, Step


class Totp:
    channel: Channel = Channel.TOTP

    def reaches(self, line_type: LineType) -> bool:
        """It proves the person, whatever the line."""
        return True

    def lacks(self, step: Step, intent: Intent, facts: Facts, policy: Policy) -> Lack | None:
        return None if facts.factor_sid else Lack.NO_FACTOR

    def request(self, situation: Situation) -> NoReturn:
        raise LookupError("totp makes no provider call: it waits for a code")

    def read(self, answer: Mapping[str, Any], situation: Situation) -> Outcome:
        return awaiting_code(answer)
