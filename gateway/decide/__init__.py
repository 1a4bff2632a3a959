"""Intent, facts and policy become a decision: may we (gates), and how (routes). Pure: no I/O, no clock."""

from gateway.decide.decision import decide
from gateway.decide.gates import GATES
from gateway.decide.numbers import line_type
from gateway.decide.precheck import precheck

__all__ = ["GATES", "decide", "line_type", "precheck"]
