"""What is wrong with the configuration, collected, so that one start names everything at once. Shows no secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from gateway.errors import Misconfigured
from gateway.settings.document import keys_beside, names

# Here a password or a misplaced secret may stand, so what was written is never repeated.
UNSHOWN_KEYS = frozenset({"redis_url", "url", "secret_env", "auth_token_env", "api_key"})
LONGEST_SHOWN = 60
WORDING = {
    "missing": "is required",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list",
    "frozen_set_type": "must be a list",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
}
TOO_SHORT = ("too_short", "string_too_short")
SECRETS_HINT = {
    "auth_token": "TWILIO_AUTH_TOKEN",
    "auth_token_secondary": "TWILIO_AUTH_TOKEN_SECONDARY",
    "secret": "TWILIO_API_KEY_SECRET",
    "api_key_secret": "TWILIO_API_KEY_SECRET",
    "api_key": "SENDGRID_API_KEY",
    "secret_key": "GATEWAY_SECRET_KEY",
    "hash_key": "GATEWAY_HASH_KEY",
    "data_key": "GATEWAY_DATA_KEY",
}


class Faults:
    """Collects; `all` makes one Misconfigured of them, named after the first."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []

    def add(self, setting: str, detail: str) -> None:
        self._found.append((setting, detail))

    def add_invalid(self, error: ValidationError, origin: Callable[[tuple[str, ...]], str]) -> None:
        """Each error of the tree; `origin` tells where a setting was written."""
        for entry in error.errors(include_url=False):
            path = tuple(str(part) for part in entry["loc"] if isinstance(part, str) and part != "[key]")
            written = origin(path)
            self.add(".".join(path), _sentence(path, entry) + (f" ({written})" if written else ""))

    def __bool__(self) -> bool:
        return bool(self._found)

    def all(self) -> Misconfigured:
        """Everything that was found, as one error."""
        (setting, detail), *others = self._found
        return Misconfigured(setting, "\n".join((detail, *(f"{name}: {text}" for name, text in others))))


def nearest(word: str, accepted: Iterable[str], cutoff: float = 0.6) -> str:
    """The accepted word that was probably meant, or an empty text."""
    return next(iter(get_close_matches(word, list(accepted), n=1, cutoff=cutoff)), "")


def unknown(kind: str, word: str, accepted: Iterable[str], meant: str = "") -> str:
    """The sentence for a name that nobody reads."""
    names_read = tuple(accepted)
    close = nearest(word, names_read) or meant
    return f"is no {kind}; {f'did you mean {close}? ' if close else ''}accepted: {', '.join(names_read)}"


def _sentence(path: tuple[str, ...], entry: Any) -> str:
    if entry["type"] == "extra_forbidden":
        return _unknown(path)
    if entry["type"] == "value_error":
        text = str(entry["ctx"]["error"])
    elif entry["type"] in TOO_SHORT and entry["ctx"]["min_length"] == 1:
        text = "must not be empty"
    else:
        text = WORDING.get(entry["type"]) or entry["msg"].replace("Input should be", "must be")
    return text + _shown(path, entry["input"])


def _unknown(path: tuple[str, ...]) -> str:
    *_, key = path
    if key in SECRETS_HINT:
        return f"is no setting: a secret does not stand in a file; give it in the variable {SECRETS_HINT[key]}"
    elsewhere = next((name for name in names() if name.rpartition(".")[2] == key), "")
    return unknown("setting", key, keys_beside(path), elsewhere)


def _shown(path: tuple[str, ...], value: Any) -> str:
    scalar = isinstance(value, str | int | float) and len(str(value)) <= LONGEST_SHOWN
    return f", not {value!r}" if scalar and not UNSHOWN_KEYS.intersection(path[-1:]) else ""
