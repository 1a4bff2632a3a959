"""How gunicorn runs the web application: `gunicorn -c python:gateway.webserver 'gateway.app:create_app()'`.

Workers, threads and port come from the settings, and options on gunicorn's command line win. Whichever won, each worker
is told how many threads it really has, because half of them at most may wait for a lookup or in `Prefer: wait`.
"""

from __future__ import annotations

import os
from typing import Any

from gateway.errors import Misconfigured
from gateway.runner.garbage import spare_what_is_loaded
from gateway.settings import Settings

THREADS = "WEB_THREADS"


def _settings() -> Settings:
    try:
        return Settings.load()
    except Misconfigured as err:
        raise SystemExit(f"gateway: {err}") from err


_server = _settings().server
bind = f"0.0.0.0:{_server.port}"
workers = _server.workers
threads = _server.threads
worker_class = "gthread"
logger_class = "gateway.weblogs.WebLogger"
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    """Runs in the worker, before it loads the application."""
    os.environ[THREADS] = str(worker.cfg.threads)


def post_worker_init(worker: Any) -> None:
    """Runs in the worker, after it has loaded the application."""
    spare_what_is_loaded()
