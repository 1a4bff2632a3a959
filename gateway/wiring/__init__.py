"""The composition root: settings → the whole. The only place that knows every adapter."""

from gateway.wiring.gateway import Gateway, build, current, use

__all__ = ["Gateway", "build", "current", "use"]
