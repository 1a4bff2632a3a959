"""`gateway dev`: the web server and a worker that start again when the code changes. Not for production."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from gateway.cli.running import PORT, with_store, worker
from gateway.runner import run_procfile
from gateway.settings import Settings
from gateway.settings.sections import MOST_IN_FLIGHT

WATCH_SECONDS = 0.5
WATCHED = (".py", ".toml", ".lua", ".html")


@click.command(short_help="Run everything, and again when the code changes.")
@click.option("--port", type=PORT, help="Where to listen; default PORT or 8000.")
@click.option(
    "--concurrency", type=click.IntRange(1, MOST_IN_FLIGHT), default=8, show_default=True, help="Sends in flight."
)
def dev(port: int | None, concurrency: int) -> None:
    """Run everything, and start it again when a file of the gateway or its configuration changes."""
    settings = Settings.load()
    commands = commands_for(port or settings.port, concurrency, settings.file)
    raise SystemExit(run_procfile(commands, env=with_store(settings)))


def commands_for(port: int, concurrency: int, file: Path | None = None) -> Mapping[str, str]:
    """Gunicorn reloads by itself; the worker ends when something has changed, and the runner starts it again."""
    python = sys.executable
    extra = f" --reload-extra-file {shlex.quote(str(file))}" if file else ""
    return {
        "web": (
            f"exec {python} -m gunicorn --no-control-socket -k gthread --workers 1 --threads 16 --reload{extra} "
            f"--bind 127.0.0.1:{port} 'gateway.app:create_app()'"
        ),
        "worker": f"exec {python} -m gateway.cli.dev {concurrency}",
    }


def watched(folders: tuple[Path, ...]) -> Iterator[tuple[Path, float]]:
    """Each file that matters and when it was last changed. A folder may be a single file."""
    for folder in folders:
        for path in folder.rglob("*") if folder.is_dir() else (folder,):
            if path.suffix in WATCHED:
                try:
                    yield path, path.stat().st_mtime
                except FileNotFoundError:
                    continue


def wait_for_change(folders: tuple[Path, ...], stopped: threading.Event, every: float = WATCH_SECONDS) -> bool:
    """True once a file was changed, added or removed; False when stopped before."""
    before = dict(watched(folders))
    while not stopped.wait(every):
        if dict(watched(folders)) != before:
            return True
    return False


def _work(concurrency: int) -> None:
    """A worker that gives itself the signal to stop when the code has changed."""
    root, own = Path(__file__).resolve().parents[2], Settings.load().file
    folders = (root / "gateway", root / "webhooks", root / "config", *((own,) if own else ()))

    def watch() -> None:
        if wait_for_change(folders, threading.Event()):
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="watch").start()
    worker.main(["--concurrency", str(concurrency)], standalone_mode=True)


if __name__ == "__main__":
    _work(int(sys.argv[1]))
