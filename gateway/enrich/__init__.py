"""Intent → Facts: what is known of the recipient, from the state, from the cache, or bought. It cannot send."""

from gateway.enrich.facts import Wanted, enrich, offline, stale, wanted_for
from gateway.enrich.weighing import weighed

__all__ = ["Wanted", "enrich", "offline", "stale", "wanted_for", "weighed"]
