"""Applications: where their events go, which senders are theirs, and the secrets that sign their events."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from gateway.adapters.store import names, scripts
from gateway.adapters.store.codec import Sealer, dumps, from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.errors import FieldError, InvalidRequest, StoreUnavailable
from gateway.ports import Clock

OLD_SECRET_VALID = timedelta(hours=24)
SECRET_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
VERSION_FIELD = "#"  # the field that counts the changes of all applications; no application can be called so
_TRIES = 20


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """`text` is `whsec_` and base64, as Standard Webhooks writes it. `valid_until`: None for the one in use."""

    text: str = field(repr=False)
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class App:
    """`shown`: somebody was given the newest of the secrets; the first may have been made to sign an event."""

    name: str
    callback_url: str | None = None
    senders: tuple[str, ...] = ()
    secrets: tuple[SigningSecret, ...] = ()
    shown: bool = False

    def signing_secrets(self, now: datetime) -> tuple[str, ...]:
        """Newest first."""
        return tuple(s.text for s in self.secrets if s.valid_until is None or s.valid_until > now)


Registry = Mapping[str, App]


def checked_name(name: str) -> str:
    """Raises InvalidRequest. The name stands in key names, whose parts are divided by `:` and `|`."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(FieldError("app", "must be 1 to 64 of A-Z a-z 0-9 _ . -, a letter or digit first"))
    return name


class Apps:
    def __init__(self, client: Client, sealer: Sealer, clock: Clock) -> None:
        self._client = client
        self._sealer = sealer
        self._clock = clock

    def get(self, name: str) -> App | None:
        with store_errors():
            sealed = self._client.hget(names.APPS, name) if name != VERSION_FIELD else None
        return None if sealed is None else self._read(name, sealed)

    def list(self) -> tuple[App, ...]:
        return tuple(self._all()[1].values())

    def owner(self, sender: str) -> str | None:
        """The application whose sender this is. A number counts as WhatsApp sender too, unless that is named itself."""
        owners = {sender: app.name for app in self.list() for sender in app.senders}
        return owners.get(sender) or owners.get(sender.removeprefix("whatsapp:"))

    def signing_secrets(self, name: str) -> tuple[str, ...]:
        """Those valid now, newest first; none before the first `secret`."""
        app = self.get(name)
        return () if app is None else app.signing_secrets(self._clock.now())

    def set(self, name: str, callback_url: str | None = None, senders: Sequence[str] | None = None) -> App:
        """Create or change; None leaves as it is, an empty text or list takes away. Raises InvalidRequest."""
        checked_name(name)
        if callback_url:
            _check_url(callback_url)

        def changed(apps: Registry) -> App:
            app = apps.get(name, App(name))
            if callback_url is not None:
                app = replace(app, callback_url=callback_url or None)
            if senders is not None:
                _check_free(apps, name, senders)
                app = replace(app, senders=tuple(dict.fromkeys(senders)))
            return app

        return self._change(changed)

    def secret(self, name: str, rotate: bool = False) -> str:
        """The signing secret, shown this once; rotated, a new one beside the old, which stays valid for 24 hours.

        Raises InvalidRequest.
        """
        checked_name(name)
        text = _new_secret()

        def changed(apps: Registry) -> App:
            app, now = apps.get(name, App(name)), self._clock.now()
            if app.shown and not rotate:
                raise InvalidRequest(FieldError("rotate", "the secret was shown once; rotate it to get another"))
            if app.secrets and not rotate:
                return replace(app, shown=True)
            ends = now + OLD_SECRET_VALID
            kept = (replace(old, valid_until=min(filter(None, (old.valid_until, ends)))) for old in app.secrets)
            valid = (old for old in kept if old.valid_until is None or old.valid_until > now)
            return replace(app, secrets=(SigningSecret(text), *valid), shown=True)

        return self._change(changed).secrets[0].text

    def signing(self, name: str) -> tuple[str, ...]:
        """As `signing_secrets`, and the first is made where there is none. Raises InvalidRequest."""
        found = self.signing_secrets(name)
        if found:
            return found
        checked_name(name)
        made = SigningSecret(_new_secret())

        def changed(apps: Registry) -> App:
            app = apps.get(name, App(name))
            return app if app.secrets else replace(app, secrets=(made,))

        return self._change(changed).signing_secrets(self._clock.now())

    # ---- how it is stored

    def _change(self, changed: Callable[[Registry], App]) -> App:
        """Write what `changed` makes of all that is stored; again when somebody else wrote in between."""
        for _ in range(_TRIES):
            version, apps = self._all()
            app = changed(apps)
            sealed = self._sealer.seal(_text(app), f"app:{app.name}")
            following = str(int(version or 0) + 1)
            written: list[scripts.Argument] = [VERSION_FIELD, following, app.name, sealed]
            if scripts.run(self._client, "swap", [names.APPS], VERSION_FIELD, version, *written):
                return app
        raise StoreUnavailable("the applications change too fast")

    def _all(self) -> tuple[str, dict[str, App]]:
        with store_errors():
            rows = self._client.hgetall(names.APPS)
        version = rows.pop(VERSION_FIELD.encode(), b"").decode()
        return version, {name: self._read(name, rows[name.encode()]) for name in sorted(n.decode() for n in rows)}

    def _read(self, name: str, sealed: bytes) -> App:
        document = json.loads(self._sealer.open(sealed, f"app:{name}"))
        kept = (SigningSecret(text, None if ends is None else from_ms(ends)) for text, ends in document["secrets"])
        secrets_kept = tuple(kept)
        shown = document.get("shown", bool(secrets_kept))
        return App(name, document["callback_url"], tuple(document["senders"]), secrets_kept, shown)


def _text(app: App) -> str:
    kept = [[s.text, None if s.valid_until is None else to_ms(s.valid_until)] for s in app.secrets]
    document = {"callback_url": app.callback_url, "senders": list(app.senders), "secrets": kept, "shown": app.shown}
    return dumps(document)


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _check_url(url: str) -> None:
    """Whether the place may be called at all is judged when it is called."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise InvalidRequest(FieldError("callback_url", "must be an https URL"))


def _check_free(apps: Registry, name: str, senders: Sequence[str]) -> None:
    taken = {sender: app.name for app in apps.values() if app.name != name for sender in app.senders}
    for sender in senders:
        if sender in taken:
            raise InvalidRequest(FieldError("senders", f"a sender belongs to the application {taken[sender]}"))
