"""Connection overrides: what the fragment of a webhook URL says about timeouts and retries.

Source: Twilio's Connection Overrides page; Event Streams and SendGrid do not know them and bring a policy of their own.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.sandbox.forms import whole_number

RETRYABLE = ("4xx", "5xx", "ct", "rt")


@dataclass(frozen=True, slots=True)
class Overrides:
    """By default one retry, and only when no connection came about."""

    connect_ms: int = 5000
    read_ms: int = 15_000
    total_ms: int = 15_000
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})
    pause_ms: int = 50


# name in the fragment, name here, lowest, highest
_RANGES = (
    ("ct", "connect_ms", 100, 10_000),
    ("rt", "read_ms", 100, 15_000),
    ("tt", "total_ms", 100, 15_000),
    ("rc", "retries", 0, 5),
)
DEFAULT = Overrides()
EVENT_STREAMS = Overrides(5000, 5000, 60_000, 5, frozenset({"5xx", "ct", "rt", "429"}), 200)
SENDGRID = Overrides(5000, 10_000, 60_000, 5, frozenset({"4xx", "5xx", "ct", "rt"}), 200)


def read_overrides(url: str) -> Overrides:
    """What is out of range or unknown keeps its default."""
    fragment = urlsplit(url).fragment
    if not fragment:
        return DEFAULT
    given = dict(part.partition("=")[::2] for part in fragment.split("&"))
    numbers: dict[str, int] = {}
    for short, name, lowest, highest in _RANGES:
        value = whole_number(given.get(short, ""), lowest, highest)
        if value is not None:
            numbers[name] = value
    asked = frozenset(given.get("rp", "").split(","))
    kinds = frozenset(RETRYABLE) if "all" in asked else asked & frozenset(RETRYABLE)
    return Overrides(**numbers, retry_on=kinds or DEFAULT.retry_on)
