"""The operators' pages under /console: rendered here, no build step, nothing from outside."""

from gateway.console.mount import create_console

__all__ = ["create_console"]
