"""The worker: one process with many sends in flight, fed from RQ's queues, and the clock that rings for what is due."""

from gateway.worker.crew import WorkerProcess

__all__ = ["WorkerProcess"]
