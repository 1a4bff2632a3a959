"""Puts gunicorn's own records, its master's too, on the one road of all logs."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from gateway import logs
from gateway.errors import Misconfigured
from gateway.settings import Settings


class WebLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """For `gunicorn --logger-class gateway.weblogs.WebLogger`."""

    def setup(self, cfg: Any) -> None:
        """The settings are read here first of all, so what is wrong with them stops the start by name."""
        super().setup(cfg)
        try:
            section = Settings.load().log
        except Misconfigured as err:
            raise SystemExit(f"gateway: {err}") from err
        logs.configure(section.level, section.format)
