"""All that is stored under a hash key and a data key, moved to others. Nobody else may write meanwhile.

Each value is tried with the new key first, so that a move that was cut off is simply made again.
"""

from gateway.adapters.store.rekeying.audits import Audits
from gateway.adapters.store.rekeying.change import KeyChange, KeySet
from gateway.adapters.store.rekeying.forgetting import count_factors, forget_cached, forget_factors, forget_hashed
from gateway.adapters.store.rekeying.intents import IntentMove
from gateway.adapters.store.rekeying.opt_outs import move_opt_outs
from gateway.adapters.store.rekeying.sealed import move_apps, move_batches, move_events

__all__ = [
    "Audits",
    "IntentMove",
    "KeyChange",
    "KeySet",
    "count_factors",
    "forget_cached",
    "forget_factors",
    "forget_hashed",
    "move_apps",
    "move_batches",
    "move_events",
    "move_opt_outs",
]
