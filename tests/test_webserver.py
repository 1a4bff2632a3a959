"""Gunicorn takes workers, threads and port from the settings, and the application learns what gunicorn really took."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gateway.runner.tied import tied_program

APP = """
import gc
from gateway.settings import Settings

def create_app():
    server = Settings.load().server
    said = f"{server.threads} {server.patient_threads}"
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{said} {gc.get_freeze_count() > 1000}".encode()]
    return app
"""
GUNICORN = [sys.executable, "-m", "gunicorn", "-c", "python:gateway.webserver"]


def printed(home: Path, **variables: str) -> dict[str, str]:
    (home / "app.py").write_text(APP)
    argv = [*GUNICORN, "--print-config", "app:create_app()"]
    done = subprocess.run(argv, cwd=home, env=clean() | variables, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return dict(re.findall(r"^(\w+) += (.*)$", done.stdout, re.MULTILINE))


def clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("WEB_", "GATEWAY_", "PORT"))}


def test_what_ships_is_what_gunicorn_takes(tmp_path: Path) -> None:
    found = printed(tmp_path)
    names = ("workers", "threads", "bind", "worker_class", "logger_class", "control_socket_disable")
    assert [found[name] for name in names] == [
        "2", "16", "['0.0.0.0:8000']", "gthread", "gateway.weblogs.WebLogger", "True",
    ]  # fmt: skip


def test_the_variables_and_the_file_are_followed(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("[server]\nthreads = 6\nworkers = 3\n")
    found = printed(tmp_path, GATEWAY_CONFIG=str(file), WEB_WORKERS="1", PORT="8123")
    assert (found["workers"], found["threads"], found["bind"]) == ("1", "6", "['0.0.0.0:8123']")


def test_a_wrong_setting_stops_the_start_by_name(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    argv = [*GUNICORN, "app:create_app()"]
    environment = clean() | {"WEB_THREADS": "none"}
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "WEB_THREADS" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """An application behind a gunicorn whose command line has other counts than the settings."""
    (tmp_path / "app.py").write_text(APP)
    socket = tmp_path / "web.port"
    argv = [*GUNICORN, "--threads", "10", "--workers", "1", "--bind", "127.0.0.1:0", "app:create_app()"]
    with socket.open("w") as log:
        process = subprocess.Popen(tied_program(argv), cwd=tmp_path, env=clean(), stderr=log, stdout=log)
    try:
        deadline = time.monotonic() + 30
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", socket.read_text())):
            assert time.monotonic() < deadline and process.poll() is None, socket.read_text()
            time.sleep(0.05)
        yield found[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def test_the_application_knows_the_threads_that_gunicorn_really_has(served: str) -> None:
    assert requests.get(served, timeout=20).text.startswith("10 5 ")


def test_what_a_worker_has_loaded_is_not_looked_through_again(served: str) -> None:
    assert requests.get(served, timeout=20).text.endswith(" True")
