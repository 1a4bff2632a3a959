"""`gateway check`: the doctor's findings, for people or as JSON; status 1 when anything failed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from gateway.doctor import Finding, Status, examine

COLORS = {Status.OK: "green", Status.WARNING: "yellow", Status.FAILED: "red", Status.SKIPPED: "bright_black"}


@click.command(short_help="Examine configuration, Redis, Twilio and processes.")
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The settings file.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def check(config: Path | None, as_json: bool) -> None:
    """Look at everything that must be right before messages go out, and say what to do."""
    findings = examine(config)
    good = all(finding.status is not Status.FAILED for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": good, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        for finding in findings:
            _show(finding)
        counts = {status: sum(finding.status is status for finding in findings) for status in Status}
        click.echo(", ".join(f"{count} {status}" for status, count in counts.items() if count))
    raise SystemExit(0 if good else 1)


def _show(finding: Finding) -> None:
    mark = click.style(f"{finding.status:<8}", fg=COLORS[finding.status])
    click.echo(f"{mark} {finding.id}: {finding.what}")
    if finding.todo:
        click.echo(f"{'':<9}→ {finding.todo}")
