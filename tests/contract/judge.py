"""Judges one request against the fact tables: what Twilio's published documents would not accept in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jsonschema import Draft202012Validator

from tests.contract.formats import wrong_with
from tests.contract.schema import Endpoint, Param
from tests.contract.sendgrid_schema import MAIL_SEND
from tests.contract.twilio_schemas import ENDPOINTS

Fields = Mapping[str, str | Sequence[str]]

_MAIL = Draft202012Validator(MAIL_SEND, format_checker=Draft202012Validator.FORMAT_CHECKER)


def judge(method: str, url: str, query: Fields | None = None, form: Fields | None = None) -> list[str]:
    """The violations, empty where there are none. `url` is absolute and may bring a query of its own."""
    parts = urlsplit(url)
    asked = {**parse_qs(parts.query, keep_blank_values=True), **_listed(query)}
    found = endpoint_of(method, parts.netloc, parts.path)
    if found is None:
        return [f"{method} {parts.netloc}{_shape(parts.path)} is no endpoint the gateway should use"]
    endpoint, named = found
    sent = _listed(form)
    verdicts = [
        *_fields("path", endpoint.parts, {name: [value] for name, value in named.items()}),
        *_fields("query", endpoint.query, asked),
        *_fields("form", endpoint.form, sent),
        *(
            f"none of {', '.join(group)}"
            for group in endpoint.one_of
            if not any(any(sent.get(name, ())) for name in group)
        ),
    ]
    return [f"{endpoint.name}: {verdict}" for verdict in verdicts]


def judge_mail(document: Mapping[str, Any]) -> list[str]:
    """The same for SendGrid's mail send, whose body is a JSON document."""
    return [f"mail send: {error.json_path} {error.message}" for error in _MAIL.iter_errors(document)]


def endpoint_of(method: str, host: str, path: str) -> tuple[Endpoint, Mapping[str, str]] | None:
    """The endpoint a request is for, and its path's parts by name."""
    for endpoint in ENDPOINTS:
        if endpoint.method == method and endpoint.host == host and (match := _pattern(endpoint).fullmatch(path)):
            return endpoint, match.groupdict()
    return None


def _pattern(endpoint: Endpoint) -> re.Pattern[str]:
    literal = re.split(r"\{(\w+)\}", endpoint.path)
    return re.compile("".join(f"(?P<{one}>[^/]+?)" if n % 2 else re.escape(one) for n, one in enumerate(literal)))


def _fields(where: str, known: Mapping[str, Param], given: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name in given.keys() - known.keys():
        yield f"{where} has an unknown {name}"
    for name, param in known.items():
        values = given.get(name, ())
        if param.needed and not any(values):
            yield f"{where} lacks {name}"
        if len(values) > param.most:
            yield f"{where} has {name} {len(values)} times"
        for value in values:
            if wrong := wrong_with(param, value):
                yield f"{where}'s {name} {wrong}"


def _listed(fields: Fields | None) -> dict[str, list[str]]:
    return {name: [value] if isinstance(value, str) else list(value) for name, value in (fields or {}).items()}


def _shape(path: str) -> str:
    """The path without what may be a number."""
    return re.sub(r"[+0-9]{7,}", "…", path)
