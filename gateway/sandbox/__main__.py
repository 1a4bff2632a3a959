"""`python -m gateway.sandbox`: the sandbox alone, until a signal stops it."""

import argparse
from collections.abc import Sequence
from typing import Any

from gateway.sandbox.options import SandboxOptions
from gateway.sandbox.server import serve

# option, type, help; the name without dashes is the field of SandboxOptions
ARGUMENTS: tuple[tuple[str, type, str], ...] = (
    ("--host", str, "address to listen on"),
    ("--port", int, "port to listen on; 0 takes a free one"),
    ("--seed", int, "seed of the faults' dice"),
    ("--step-ms", int, "pause between two statuses"),
    ("--latency-ms", int, "latency of every API call"),
    ("--latency-jitter-ms", int, "spread of the latency"),
    ("--concurrency-limit", int, "API calls in flight beyond which 429 is answered; 0: none"),
    ("--hold-ms", int, "how long a request is held whose answer never comes"),
    ("--code-life-seconds", float, "life of a Verify code"),
    ("--inbound-url", str, "where inbound texts are posted"),
    ("--events-url", str, "where events are posted"),
    ("--sendgrid-webhook-url", str, "where SendGrid's events are posted"),
    ("--verify-webhook-url", str, "where factor and challenge events are posted"),
    ("--bound", int, "most resources of a kind that are remembered"),
    ("--log-level", str, "DEBUG, INFO, WARNING, …"),
)


def options_from(arguments: Sequence[str] | None = None) -> SandboxOptions:
    parser = argparse.ArgumentParser(prog="gateway.sandbox", description="A local Twilio and SendGrid.")
    for flag, kind, words in ARGUMENTS:
        parser.add_argument(flag, type=kind, help=words)
    parser.add_argument("--sender", dest="senders", action="append", help="a further sender; may be repeated")
    parser.add_argument("--flow", dest="flows", action="append", help="a further Studio flow; may be repeated")
    parser.add_argument("--allow-any-callback-host", action="store_true", default=None, help="call any host")
    parser.add_argument("--api-key-is-standard", action="store_true", default=None, help="no /Accounts for the key")
    parser.add_argument("--totp-refuses-wrong-codes", action="store_true", default=None, help="403 to wrong codes")
    given: dict[str, Any] = {
        name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None
    }
    for name in ("senders", "flows"):
        if name in given:
            given[name] = tuple(given[name])
    return SandboxOptions(**given)


if __name__ == "__main__":
    serve(options_from())
