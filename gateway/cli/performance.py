"""Plays the demo's scenes as an application and as the person with the phone; knows the gateway by HTTP alone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyotp
import requests

from gateway.cli.scenes import Scene
from gateway.model import masked

PATIENCE_SECONDS = 30.0
STEP_SECONDS = 0.05
CODE = re.compile(r"\b\d{4,10}\b")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a scene ended, in the table's words."""

    scene: Scene
    to: str
    line_type: str
    proof: str
    route: str
    result: str
    as_expected: bool


class Performer:
    def __init__(self, gateway_url: str, sandbox_url: str, key: str) -> None:
        self._gateway = gateway_url
        self._sandbox = sandbox_url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {key}"
        self._factors: dict[str, pyotp.TOTP] = {}

    def wait_until_up(self) -> None:
        """Raises SystemExit when they do not come up."""
        for url in (f"{self._sandbox}/_sandbox/health", f"{self._gateway}/readyz"):
            if not _until(partial(self._up, url), bool):
                raise SystemExit(f"gateway demo: {url} does not answer")
        _until(lambda: self._get(f"{self._gateway}/readyz")["checks"]["worker"]["ok"], bool)

    def play(self, scene: Scene) -> Ending:
        if scene.totp:
            self._enrol(scene)
        answer = self._post("/send", scene.body, scene.headers)
        document = answer.json()
        if answer.status_code != 202:
            return self._ending(scene, {}, document["code"])
        if scene.replayed and answer.headers.get("Idempotent-Replayed") != "true":
            return self._ending(scene, document, "sent again")
        return self._follow(scene, document["id"])

    def _follow(self, scene: Scene, intent_id: str) -> Ending:
        """Until it is final; a code that is asked for is read from the phone and typed in, once."""
        path = f"{self._gateway}/intents/{intent_id}"
        intent = _until(lambda: self._get(path), lambda i: i["final"] or i["status"] == "awaiting_verification")
        if intent["status"] == "awaiting_verification":
            self._post(f"/intents/{intent_id}/verification", {"code": self._code(scene)}, {})
            intent = _until(lambda: self._get(path), lambda i: bool(i["final"]))
        return self._ending(scene, intent, intent["status"])

    def _code(self, scene: Scene) -> str:
        """As a person does: from the authenticator, or from what the phone has received."""
        if scene.totp:
            return self._factors[scene.body["identity"]].now()

        def newest() -> str | None:
            box = self._get(f"{self._sandbox}/_sandbox/outbox", to=scene.body["to"])["outbox"]
            found = [CODE.search(item["text"]) for item in box if item["kind"] == "verification"]
            codes = [match.group() for match in found if match]
            return codes[-1] if codes else None

        return str(_until(newest, bool))

    def _enrol(self, scene: Scene) -> None:
        identity = scene.body["identity"]
        made = self._post("/totp/factors", {"identity": identity, "label": "demo"}, {}).json()
        totp = pyotp.parse_uri(made["uri"])
        if not isinstance(totp, pyotp.TOTP):
            raise SystemExit("gateway demo: the factor is not a TOTP")
        self._factors[identity] = totp
        self._post(f"/totp/factors/{made['factor_sid']}/verify", {"identity": identity, "code": totp.now()}, {})

    def _ending(self, scene: Scene, intent: dict[str, Any], result: str) -> Ending:
        shown = f"{result} (replayed)" if scene.replayed and result == scene.expected else result
        return Ending(
            scene=scene,
            to=intent.get("to", masked(scene.body["to"])),
            line_type=intent.get("line_type") or "-",
            proof=", ".join(intent.get("proof", ())) or "-",
            route=", ".join(intent.get("route", ())) or "-",
            result=shown,
            as_expected=result == scene.expected,
        )

    def _post(self, path: str, body: Any, headers: Any) -> requests.Response:
        return self._session.post(self._gateway + path, json=body, headers=headers, timeout=15)

    def _get(self, url: str, **query: str) -> Any:
        return self._session.get(url, params=query, timeout=15).json()

    def _up(self, url: str) -> bool:
        try:
            return self._session.get(url, timeout=2).ok
        except requests.RequestException:
            return False


def _until(ask: Callable[[], Any], enough: Callable[[Any], bool]) -> Any:
    """What was asked for once it is enough, or the last answer when patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    found = ask()
    while not enough(found) and time.monotonic() < deadline:
        time.sleep(STEP_SECONDS)
        found = ask()
    return found
