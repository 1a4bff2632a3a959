"""A sound house to examine, and the same broken in one way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway import doctor
from gateway.doctor import Finding, Status
from gateway.doctor.patient import Patient
from gateway.settings import Settings
from gateway.wiring import build
from tests.stack import FLOW_CONFIG, Stack


@dataclass
class House:
    """A sound one; `look` examines it, or one that is broken in one way."""

    stack: Stack
    home: Path
    environ: Mapping[str, str]

    def look(self, config: str = FLOW_CONFIG, **changed: str) -> list[Finding]:
        file = self.home / "examined.toml"
        file.write_text(config)
        return doctor.examine(file, {k: v for k, v in {**self.environ, **changed}.items() if v})

    def patient(self, config: str = FLOW_CONFIG, **changed: str) -> Patient:
        file = self.home / "examined.toml"
        file.write_text(config)
        variables = {k: v for k, v in {**self.environ, **changed}.items() if v}
        return Patient(build(Settings.load(file, variables)), variables)


def only(findings: Iterator[Finding] | list[Finding], status: Status) -> list[str]:
    return [finding.id for finding in findings if finding.status is status]


def wrong(findings: Iterator[Finding] | list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.status in (Status.WARNING, Status.FAILED)]
