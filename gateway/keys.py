"""The gateway's own three keys: one signs sessions, one hashes numbers, one encrypts them.

With a Redis of their own the processes must be given the same keys; beside the embedded store they are made once.
What is stored under them is not changed here.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import Misconfigured
from gateway.settings import Settings

VARIABLES = ("GATEWAY_SECRET_KEY", "GATEWAY_HASH_KEY", "GATEWAY_DATA_KEY")
FILE = "keys.json"
LOCK = "keys.lock"
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """32 bytes each. `hash` also decides under which names everything is stored."""

    secret: bytes = field(repr=False)
    hash: bytes = field(repr=False)
    data: bytes = field(repr=False)


def load_keys(settings: Settings) -> Keys:
    """From the environment; what is missing there, from the data directory, but only beside the embedded store."""
    own = settings.secrets
    given = {
        variable: secret.get_secret_value()
        for variable, secret in zip(VARIABLES, (own.secret_key, own.hash_key, own.data_key), strict=True)
        if secret
    }
    missing = [variable for variable in VARIABLES if variable not in given]
    if missing and not settings.embedded:
        how = 'make each with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
        raise Misconfigured(missing[0], f"is required with REDIS_URL; missing: {', '.join(missing)}; {how}")
    texts = {**_kept(settings.data_dir), **given} if missing else given
    return Keys(*(derived(variable, texts[variable]) for variable in VARIABLES))


def derived(variable: str, text: str) -> bytes:
    """32 bytes for one use: the same text under two variables still makes two different keys."""
    info = f"twilio-presend-gateway/{variable}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(text.encode())


def renewed(settings: Settings, keys: Keys) -> Keys:
    """With the new keys of the environment in place of the old ones."""
    own = settings.secrets
    anew = {
        name: derived(variable, secret.get_secret_value())
        for name, variable, secret in (
            ("hash", "GATEWAY_HASH_KEY", own.new_hash_key),
            ("data", "GATEWAY_DATA_KEY", own.new_data_key),
        )
        if secret
    }
    return replace(keys, **anew)


def keep_renewed(settings: Settings) -> bool:
    """Write new keys to the file beside the embedded store, where the old ones came from. False: no file has them."""
    own, path = settings.secrets, settings.data_dir / FILE
    anew = {
        variable: secret.get_secret_value()
        for variable, old, secret in (
            ("GATEWAY_HASH_KEY", own.hash_key, own.new_hash_key),
            ("GATEWAY_DATA_KEY", own.data_key, own.new_data_key),
        )
        if secret and not old
    }
    if not anew or not settings.embedded or not path.exists():
        return False
    with _alone(settings.data_dir / LOCK):
        _write(path, {**_read(path), **anew})
    return True


def _kept(folder: Path) -> Mapping[str, str]:
    """The texts under the data directory, made by whichever process comes first."""
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(folder / LOCK):
            if not path.exists():
                _write(path, {variable: secrets.token_urlsafe(KEY_BYTES) for variable in VARIABLES})
        return _read(path)
    except OSError as error:
        detail = f"is {folder}, where the keys cannot be kept: {error.strerror}; set GATEWAY_DATA_DIR or the keys"
        raise Misconfigured("server.data_dir", detail) from error


def _read(path: Path) -> Mapping[str, str]:
    """Never made anew when broken: what they encrypted would be lost."""
    with contextlib.suppress(OSError):
        path.chmod(0o600)
    try:
        texts = json.loads(path.read_text(encoding="utf-8"))
        return {variable: str(texts[variable]) for variable in VARIABLES}
    except (ValueError, KeyError, TypeError) as error:
        raise Misconfigured(str(path), "is damaged; put back a copy, or set the three GATEWAY_*_KEY") from error


def _write(path: Path, texts: Mapping[str, str]) -> None:
    """Whole or not at all, and on the disk before anything is encrypted with it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(texts, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
