"""The `gateway` command: each file a few subcommands; imports are late, so that `--help` is quick."""

from gateway.cli.root import main

__all__ = ["main"]
