"""The processes that buy lookups for batches: started by the command, or by a worker that a chunk's bell has woken."""

from gateway.wiring.buying.chunks import buy_chunk
from gateway.wiring.buying.order import Order
from gateway.wiring.buying.till import Answer, BuyerLost, Till

__all__ = ["Answer", "BuyerLost", "Order", "Till", "buy_chunk"]
