"""Commands that run the parts: the web server, the worker, all of the Procfile, the sandbox alone."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click

from gateway import logs
from gateway.adapters.embedded import EmbeddedRedis
from gateway.runner import ProcfileError, run_procfile
from gateway.settings import Settings
from gateway.settings.sections import MOST_IN_FLIGHT

PORT, PAUSE = click.IntRange(1, 65_535), click.IntRange(0, 600_000)
Command = TypeVar("Command", bound=Callable[..., Any])
CONFIG = "python:gateway.webserver"
KEPT = "EMBEDDED_REDIS_KEPT"
"""Set for children whose parent keeps the embedded Redis: it outlives them, and they are started again more often."""


def _count(name: str, most: int, what: str) -> Callable[[Command], Command]:
    """`--workers` and `--threads`; without them gunicorn takes what the settings say, as the Procfile does."""
    default = f"default WEB_{name.upper()} or [server] {name}"
    return click.option(f"--{name}", type=click.IntRange(1, most), help=f"{what}; {default}.")


@click.command()
@click.option("--port", type=PORT, help="Where to listen; default PORT or 8000.")
@click.option("--host", default="0.0.0.0", show_default=True)  # noqa: S104 - a server listens
@_count("workers", 256, "Processes")
@_count("threads", 1024, "Threads in each")
def serve(port: int | None, host: str, workers: int | None, threads: int | None) -> None:
    """Run the web server (gunicorn)."""
    settings = Settings.load()
    environment = with_store(settings)
    counts = {"--workers": workers, "--threads": threads}
    given = [word for option, count in counts.items() if count is not None for word in (option, str(count))]
    argv = [
        sys.executable, "-m", "gunicorn", "-c", CONFIG, *given, "--bind", f"{host}:{port or settings.port}",
        "gateway.app:create_app()",
    ]  # fmt: skip
    if not settings.embedded:
        os.execve(sys.executable, argv, environment)  # noqa: S606 - our own server, no shell
    raise SystemExit(run_procfile({"web": shlex.join(argv)}, env=environment))


@click.command(short_help="Run one worker process.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, MOST_IN_FLIGHT),
    help="Sends in flight; default from [dispatch] concurrency.",
)
def worker(concurrency: int | None) -> None:
    """Run one worker process: many sends in flight, and the sweep. SIGTERM ends it gracefully, twice at once."""
    from gateway import tracing, wiring
    from gateway.runner.garbage import spare_what_is_loaded
    from gateway.worker import WorkerProcess

    settings = Settings.load()
    if concurrency is not None:
        settings = replace(settings, dispatch=settings.dispatch.model_copy(update={"concurrency": concurrency}))
    logs.configure(settings.log.level, settings.log.format)
    if KEPT not in os.environ:
        with_store(settings)
    gateway = wiring.build(settings)
    wiring.use(gateway)
    tracing.start("gateway-worker")
    process = WorkerProcess(gateway, settings.dispatch.concurrency)

    def stop(_number: int, _frame: FrameType | None) -> None:
        process.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    spare_what_is_loaded()
    process.run()


@click.command(short_help="Run all of the Procfile.")
@click.argument("only", nargs=-1)
@click.option("--procfile", type=click.Path(path_type=Path), default=Path("Procfile"), show_default=True)
def up(only: tuple[str, ...], procfile: Path) -> None:
    """Run all of the Procfile, or only the processes named; each is started again when it ends."""
    environment = with_store(Settings.load())
    try:
        raise SystemExit(run_procfile(procfile, env=environment, only=only))
    except ProcfileError as err:
        raise click.ClickException(str(err)) from err


@click.command()
@click.option("--port", type=PORT, default=8900, show_default=True)
@click.option("--step-ms", type=PAUSE, default=50, show_default=True, help="Pause between two statuses.")
@click.option("--latency-ms", type=PAUSE, default=0, show_default=True, help="Pause before every answer.")
@click.option("--inbound-url", help="Where a person's texts go.")
@click.option("--seed", type=int, help="Makes chance repeatable.")
def sandbox(port: int, step_ms: int, latency_ms: int, inbound_url: str | None, seed: int | None) -> None:
    """Run the local Twilio and SendGrid alone."""
    from gateway import sandbox as local

    click.echo(
        f"A local Twilio listens on http://127.0.0.1:{port}/ (its scenarios are listed there). For a gateway on it:"
    )
    click.echo(
        f"  export TWILIO_API_BASE_URL=http://127.0.0.1:{port} TWILIO_ACCOUNT_SID={local.SANDBOX_ACCOUNT_SID}\n"
        f"  export TWILIO_AUTH_TOKEN={local.SANDBOX_AUTH_TOKEN} TWILIO_FROM_NUMBER={local.SANDBOX_FROM_NUMBER}\n"
        f"  export TWILIO_MESSAGING_SERVICE_SID={local.SANDBOX_MESSAGING_SERVICE_SID}\n"
        f"  export TWILIO_VERIFY_SERVICE_SID={local.SANDBOX_VERIFY_SERVICE_SID}"
    )
    options = local.SandboxOptions(
        port=port, step_ms=step_ms, latency_ms=latency_ms, inbound_url=inbound_url, seed=seed
    )
    try:
        local.serve(options)
    except OSError as err:
        raise click.ClickException(f"port {port} of 127.0.0.1 cannot be opened: {os.strerror(err.errno or 0)}") from err


def with_store(settings: Settings) -> dict[str, str]:
    """The environment for children; the embedded Redis is ours, now or when its owner ends, so that none of them takes
    it away."""
    environment = dict(os.environ)
    if settings.embedded:
        _keep.append(EmbeddedRedis.start(settings.data_dir, maxmemory=settings.store.maxmemory, takes_over=True))
        environment[KEPT] = "1"
    return environment


_keep: list[EmbeddedRedis] = []
