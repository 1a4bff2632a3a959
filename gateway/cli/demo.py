"""`gateway demo`: everything in one command, without an account, a Redis or a network."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from gateway import sandbox
from gateway.adapters.embedded import EmbeddedRedis
from gateway.cli.performance import Ending, Performer
from gateway.cli.running import PORT
from gateway.cli.scenes import SCENES
from gateway.runner import Runner
from gateway.runner.told import Told

OURS = ("GATEWAY_", "TWILIO_", "SENDGRID_", "REDIS_", "LOOKUP_", "PUBLIC_", "OPENCLAW_", "PORT", "WEB_")
CONFIG = f"""\
# The demo's configuration: what ships, one flow, and events to this machine.
[studio.flows]
welcome = "{sandbox.SANDBOX_FLOW_SID}"

[events]
allow_private_destinations = true
"""


@click.command(short_help="The whole gateway against a local Twilio.")
@click.option("--exit", "leave", is_flag=True, help="End after the table; status 0 only if all ended as expected.")
@click.option(
    "--port", type=PORT, default=8000, show_default=True, help="Of the gateway; another free one if it is taken."
)
@click.option("--sandbox-port", type=PORT, default=8900, show_default=True, help="Of the local Twilio; likewise.")
@click.option("--verbose", is_flag=True, help="Show what the processes log.")
def demo(leave: bool, port: int, sandbox_port: int, verbose: bool) -> None:
    """Send one intent of each kind through the whole gateway, against a local Twilio."""
    # Where nobody looks (a pipe, a log) no row is folded.
    console = Console() if sys.stdout.isatty() else Console(width=120)
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as home:
        folder = Path(home)
        web, twilio = _free(port), _free(sandbox_port)
        (folder / "gateway.toml").write_text(f'{CONFIG}\n[sandbox]\nbase_url = "http://127.0.0.1:{twilio}"\n')
        key = "gw_demo_" + secrets.token_urlsafe(24)
        log = (folder / "log.txt").open("w")
        with log, EmbeddedRedis.start(folder / "data") as store:
            environment = _environment(folder, store.url, web, twilio, key)

            def quiet(name: str, line: str) -> None:
                log.write(f"{name}: {line}\n")

            with Runner(_commands(web, twilio), env=environment, on_line=None if verbose else quiet, grace_seconds=5):
                ok = _play(console, web, twilio, key)
                if not ok:
                    log.flush()
                    console.print((folder / "log.txt").read_text()[-4000:], markup=False)
                if not leave:
                    _stay(console, web, twilio, key)
    if leave and not ok:
        raise SystemExit(1)


def _commands(web: int, twilio: int) -> Mapping[str, list[str]]:
    python = sys.executable
    return {
        "sandbox": [python, "-m", "gateway.sandbox", "--port", str(twilio)],
        "web": [
            python, "-m", "gunicorn", "--no-control-socket", "-k", "gthread", "--workers", "1", "--threads", "16",
            "--bind", f"127.0.0.1:{web}", "--log-level", "warning", "--logger-class", "gateway.weblogs.WebLogger",
            "gateway.app:create_app()",
        ],
        "worker": [python, "-m", "gateway", "worker", "--concurrency", "8"],
    }  # fmt: skip


def _environment(folder: Path, redis_url: str, web: int, twilio: int, key: str) -> dict[str, str]:
    """Nothing of the caller's own configuration: a demo never touches a real account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | {
        "GATEWAY_CONFIG": str(folder / "gateway.toml"),
        "GATEWAY_DATA_DIR": str(folder / "data"),
        "GATEWAY_BOOTSTRAP_API_KEY": key,
        **{name: secrets.token_urlsafe(32) for name in ("GATEWAY_SECRET_KEY", "GATEWAY_HASH_KEY", "GATEWAY_DATA_KEY")},
        "REDIS_URL": redis_url,
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{web}",
        "PORT": str(web),
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{twilio}",
        "TWILIO_ACCOUNT_SID": sandbox.SANDBOX_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": sandbox.SANDBOX_AUTH_TOKEN,
        "TWILIO_MESSAGING_SERVICE_SID": sandbox.SANDBOX_MESSAGING_SERVICE_SID,
        "TWILIO_FROM_NUMBER": sandbox.SANDBOX_FROM_NUMBER,
        "TWILIO_WHATSAPP_FROM": sandbox.SANDBOX_WHATSAPP_FROM,
        "TWILIO_VERIFY_SERVICE_SID": sandbox.SANDBOX_VERIFY_SERVICE_SID,
        "SENDGRID_API_KEY": sandbox.SANDBOX_SENDGRID_API_KEY,
        "SENDGRID_FROM_EMAIL": "gateway@example.com",
        "SENDGRID_WEBHOOK_PUBLIC_KEY": sandbox.SANDBOX_SENDGRID_PUBLIC_KEY,
    }


def _play(console: Console, web: int, twilio: int, key: str) -> bool:
    performer = Performer(f"http://127.0.0.1:{web}", f"http://127.0.0.1:{twilio}", key)
    with console.status("starting Redis, a local Twilio, the web server and a worker …"):
        performer.wait_until_up()
    table = Table(title="One intent of each kind", title_justify="left", box=SIMPLE)
    for column in ("intent", "to", "line type", "proof", "route", "result", ""):
        table.add_column(column, overflow="fold", no_wrap=column in ("to", "line type"))
    endings = []
    for scene in SCENES:
        with console.status(f"{scene.title} …"):
            ending = performer.play(scene)
        endings.append(ending)
        table.add_row(*_row(ending))
    console.print(table)
    good = sum(ending.as_expected for ending in endings)
    console.print(f"{good} of {len(endings)} ended as expected.")
    return good == len(endings)


def _row(ending: Ending) -> tuple[str, ...]:
    mark = "[green]ok[/green]" if ending.as_expected else f"[red]expected {ending.scene.expected}[/red]"
    return (ending.scene.title, ending.to, ending.line_type, ending.proof, ending.route, ending.result, mark)


def _stay(console: Console, web: int, twilio: int, key: str) -> None:
    console.print(
        f"\nThe gateway listens on [bold]http://127.0.0.1:{web}[/bold] (what it takes: /docs).\n"
        f"The console is [bold]http://127.0.0.1:{web}/console[/bold]; the API key opens it: [bold]{key}[/bold]\n"
        f"The local Twilio and its cases: [bold]http://127.0.0.1:{twilio}[/bold]\n\n"
        f"  curl -s http://127.0.0.1:{web}/send -H 'Authorization: Bearer {key}' "
        f'-H \'Content-Type: application/json\' -d \'{{"to": "+14155550100", "body": "Hello."}}\'\n\n'
        "Ctrl-C ends everything.",
        soft_wrap=True,
    )
    told = Told()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.tell())
    told.wait()


def _free(port: int) -> int:
    """This port, or another free one of this machine."""
    for candidate in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise click.ClickException("no free port on 127.0.0.1")
