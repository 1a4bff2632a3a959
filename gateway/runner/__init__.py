"""Keep processes running and let none outlive us; knows nothing of the gateway, so every layer may use it."""

from gateway.runner.procfile import ProcfileError
from gateway.runner.runner import Runner, run_procfile

__all__ = ["ProcfileError", "Runner", "run_procfile"]
