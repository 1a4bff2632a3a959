"""Logs: structured records of all loggers by one road, with what is personal masked as the last defence."""

from gateway.logs.redaction import redacted
from gateway.logs.setup import FORMATS, LEVELS, configure, correlation

__all__ = ["FORMATS", "LEVELS", "configure", "correlation", "redacted"]
