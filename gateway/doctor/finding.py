"""What the doctor finds: one thing, whether it is well, and what to do if it is not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """`id` names what was looked at; `what` is a sentence without secrets; `todo` is empty where all is well."""

    id: str
    status: Status
    what: str
    todo: str = ""


def ok(name: str, what: str) -> Finding:
    return Finding(name, Status.OK, what)


def warning(name: str, what: str, todo: str) -> Finding:
    return Finding(name, Status.WARNING, what, todo)


def failed(name: str, what: str, todo: str) -> Finding:
    return Finding(name, Status.FAILED, what, todo)


def skipped(name: str, why: str) -> Finding:
    return Finding(name, Status.SKIPPED, why)
