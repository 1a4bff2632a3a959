"""Cleaning a list of numbers: free checks, then the cache, then paid lookups within a rate and a budget; resumable."""

from gateway.batch.plan import Budget, Plan
from gateway.batch.run import Batch, enrich_file

__all__ = ["Batch", "Budget", "Plan", "enrich_file"]
