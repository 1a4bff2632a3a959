"""Speaks HTTP to a running gateway for the commands that people type; knows its endpoints, nothing of its inside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import click
import requests

DEFAULT_URL = "http://127.0.0.1:8000"
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
Command = TypeVar("Command", bound=Callable[..., Any])


class Failed(click.ClickException):
    """Refused or failed: one line on stderr, status 1."""

    def __init__(self, code: str, detail: str, fields: Mapping[str, str] | None = None) -> None:
        told = [f"{name}: {message}" for name, message in (fields or {}).items()]
        super().__init__("\n".join([f"{code}: {detail}", *(f"  {line}" for line in told if line != detail)]))

    def show(self, file: Any = None) -> None:
        click.echo(f"gateway: {self.message}", err=True, file=file)


@dataclass(frozen=True, slots=True)
class GatewayClient:
    """`as_json`: what the answer is printed as."""

    url: str
    key: str
    as_json: bool

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, query={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str | None) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        return self._ask("POST", path, body=body, headers=given)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The document of a 2xx. Raises Failed for a problem document and for no answer."""
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.request(
                    method,
                    self.url.rstrip("/") + path,
                    params=query,
                    json=body,
                    headers={"Authorization": f"Bearer {self.key}", **(headers or {})},
                    timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                    allow_redirects=False,
                )
            except requests.RequestException as err:
                what = f"{self.url} does not answer ({type(err).__name__})"
                raise Failed("no_answer", f"{what}; start one by `gateway up`, or name another by --url") from err
        return _document(answer)


def _document(answer: requests.Response) -> Any:
    try:
        document = answer.json()
    except ValueError as err:
        raise Failed("not_a_gateway", f"{answer.url} answered {answer.status_code} without JSON") from err
    if answer.ok:
        return document
    fields = {each["field"]: each["message"] for each in document.get("errors", ())}
    raise Failed(document.get("code", str(answer.status_code)), document.get("detail", ""), fields)


def connected(command: Command) -> Command:
    """Gives a command `--url`, `--key` and `--json`, and hands it the client as `gateway`."""

    def with_client(*, url: str, key: str | None, as_json: bool, **rest: Any) -> Any:
        if not key:
            raise click.UsageError("Give an API key: set GATEWAY_API_KEY, or --key.")
        if not (key.isascii() and key.isprintable()):
            raise click.UsageError("That is no API key: it holds characters that no key has.")
        if not url.startswith(("http://", "https://")):
            raise click.UsageError("--url takes http://HOST[:PORT] or https://HOST.")
        return command(gateway=GatewayClient(url, key, as_json), **rest)

    with_client.__doc__, with_client.__name__ = command.__doc__, command.__name__
    with_client.__click_params__ = list(getattr(command, "__click_params__", ()))  # type: ignore[attr-defined]
    options = (
        click.option("--url", envvar="GATEWAY_URL", default=DEFAULT_URL, show_default=True, show_envvar=True),
        click.option("--key", envvar="GATEWAY_API_KEY", show_envvar=True, help="API key; rather by the variable."),
        click.option("--json", "as_json", is_flag=True, help="The answer as it came, for scripts."),
    )
    found: Any = with_client
    for option in reversed(options):
        found = option(found)
    result: Command = found
    return result


def echo_json(document: Any) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
