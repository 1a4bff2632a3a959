"""Which files hold settings, and how they lie over one another. Validates nothing.

Tables are merged key by key, lists and values replaced.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.errors import Misconfigured
from gateway.settings.values import OTHER_SPELLINGS

PACKAGE = Path(__file__).resolve().parent.parent
# In an installed wheel, in a checkout.
DEFAULTS = (PACKAGE / "_config" / "gateway.toml", PACKAGE.parent / "config" / "gateway.toml")
SYSTEM_FILE = Path("/etc/openclaw/twilio/lookup.toml")
CONFIG_VARIABLES = ("GATEWAY_CONFIG", "OPENCLAW_TWILIO_LOOKUP_CONFIG")

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Layers:
    """All layers merged, and what tells where a setting was written."""

    merged: Table
    own: Table = field(default_factory=dict)
    file: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def origin(self, path: tuple[str, ...]) -> str:
        """Where a setting comes from, in words; empty for the shipped defaults."""
        if variable := self.variables.get(".".join(path)):
            return f"from the variable {variable}"
        return f"in {self.file}" if path and _holds(self.own, path) else ""


def read_layers(config: Path | None, environ: Mapping[str, str], overlay: Mapping[str, tuple[str, Any]]) -> Layers:
    """`overlay`: dotted setting → (variable, value). Raises Misconfigured for a file that cannot be read."""
    chosen = chosen_file(config, environ)
    own = respelled(read(chosen)) if chosen else {}
    merged = merge(read(defaults_file()), own)
    for setting, (_, value) in overlay.items():
        if _is_table(merged, setting.split(".")[:-1]):
            merged = merge(merged, _nested(setting, value))
    return Layers(merged, own, chosen, {setting: variable for setting, (variable, _) in overlay.items()})


def defaults_file() -> Path:
    for path in DEFAULTS:
        if path.is_file():
            return path
    raise Misconfigured("config", "the shipped gateway.toml is missing from this installation; install it again")


def chosen_file(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The owner's file: named by argument or variable, else the system's, if it is there."""
    if config is not None:
        return _present("--config", config)
    for variable in CONFIG_VARIABLES:
        if named := environ.get(variable, "").strip():
            return _present(variable, Path(named).expanduser())
    return SYSTEM_FILE if SYSTEM_FILE.is_file() else None


def read(path: Path) -> Table:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Misconfigured(str(path), "is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(str(path), f"is not TOML: {error}") from error


def merge(base: Table, over: Table) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def respelled(document: Table) -> Table:
    """The owner's file with line types under their present names, so that they replace what ships under these."""
    purposes = document.get("purposes")
    if not isinstance(purposes, Mapping):
        return document
    return {**document, "purposes": {name: _respelled_purpose(name, table) for name, table in purposes.items()}}


def _respelled_purpose(name: str, table: Any) -> Any:
    if not isinstance(table, Mapping):
        return table
    for old, new in OTHER_SPELLINGS.items():
        if old in table and new in table:
            raise Misconfigured(f"purposes.{name}.{old}", f"is read as {new}, which stands there too; keep one of them")
    return {OTHER_SPELLINGS.get(key, key): value for key, value in table.items()}


def _present(named_by: str, path: Path) -> Path:
    if not path.is_file():
        raise Misconfigured(named_by, f"there is no file {path}")
    return path


def _nested(setting: str, value: Any) -> Table:
    key, _, rest = setting.partition(".")
    return {key: _nested(rest, value) if rest else value}


def _is_table(table: Any, path: list[str]) -> bool:
    """False where the file put something else: then the validation has to see it, not a variable laid over it."""
    for key in path:
        table = table.get(key, {}) if isinstance(table, Mapping) else None
    return isinstance(table, Mapping)


def _holds(table: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(table, Mapping) or key not in table:
            return False
        table = table[key]
    return True
