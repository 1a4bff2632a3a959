"""`/problems` and `/problems/<code>`: where the `type` of every problem leads. Pages for people, without a script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus

from flask import Blueprint, Flask, Response
from markupsafe import Markup

from gateway.api.openapi import example
from gateway.api.problems import KINDS
from gateway.errors import Refused

WHAT_TO_DO: Mapping[str, str] = {
    "invalid_request": "Correct the fields that `errors` names, and send it again. As it is, it will never be taken.",
    "invalid_number": "Ask the person for the number once more. A wrong number is remembered: repeating helps nobody.",
    "ambiguous_number": "Give `country` (two letters, such as US), or the number in E.164 with its plus.",
    "short_code": "Give a number that a person can be reached at. Short codes and emergency numbers are never one.",
    "unauthenticated": "Send `Authorization: Bearer …` with a key of this gateway. `gateway keys list` shows them.",
    "forbidden": "Use a key that has the scope or purpose, or have one made: `gateway keys create --scope …`. The "
    "opt-out list takes no test key.",
    "bad_signature": "Compare PUBLIC_BASE_URL with the address that the sender was given, and the auth tokens with the "
    "account's. `gateway check` looks at both.",
    "not_found": "Look at the path and the id. What belongs to another application is not found either; "
    "a test key finds the intents of test keys alone.",
    "method_not_allowed": "Use one of the methods that the header `Allow` names.",
    "idempotency_in_progress": "Wait as long as `Retry-After` says and repeat: the first request's answer comes then.",
    "not_cancelable": "Nothing: it is too late. The intent's own state says what has become of it.",
    "not_retryable": "Send a new intent, or wait until this one has ended.",
    "not_awaiting_verification": "Read the intent: it was proved already, has ended, or has not sent a code yet.",
    "verification_expired": "Send a new intent: with it the person gets a new code.",
    "too_large": "Shorten the body. `parameters` and `metadata` are for references, not for documents.",
    "unsupported_media_type": "Send JSON with `Content-Type: application/json`.",
    "idempotency_mismatch": "Use a new key for a new request; a key that is repeated must come with the same body.",
    "country_not_allowed": "Leave it, or allow the country: `[policy] allow_countries` and `deny_countries`.",
    "line_type_not_supported": "Reach the person another way. `[policy] deny_line_types` says which lines are refused.",
    "carrier_not_allowed": "Reach the person another way. `[policy] deny_carriers` says which carriers are refused.",
    "no_route": "See `detail`: give what the missing step needs (an e-mail address, an identity), or change the "
    "purpose's route. `gateway route` tries it without sending.",
    "recipient_opted_out": "Do not write to this person. START from their phone, or an entry's removal, lifts it.",
    "wrong_code": "Let the person look at the code again and enter it; a few tries are left.",
    "rate_limited": "Wait as long as `Retry-After` says, and send more slowly: `[limits] requests_per_second`.",
    "recipient_rate_limited": "Wait as long as `Retry-After` says. If the same text goes out again, find out why.",
    "destination_rate_limited": "Look whether somebody pumps traffic to this range before you raise the cap.",
    "budget_exhausted": "Wait until the day (UTC) is over, or raise `[budget] lookups_per_day`. `gateway costs` says "
    "where it went.",
    "too_many_attempts": "Send a new intent; this one takes no more codes.",
    "internal_error": "Report it with the `request_id`. Repeating is safe with an `Idempotency-Key`.",
    "store_unavailable": "Wait as long as `Retry-After` says and repeat, with the same `Idempotency-Key` where "
    "`maybe_accepted` stands. `/readyz` says what is wrong.",
    "verify_unavailable": "Let the person enter the same code once more.",
    "lookup_unavailable": "Wait as long as `Retry-After` says and repeat, or let the purpose go on without Lookup: "
    "`on_lookup_failure`.",
}  # fmt: skip
"""What whoever gets it does next."""

STYLE = (
    "body{max-width:44rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif;color:#1c2430;"
    "background:#fff}code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{padding:1rem;overflow:auto;"
    "background:#f1f3f6}a{color:#0b57b0}td,th{padding:.2rem 1rem .2rem 0;text-align:left;vertical-align:top}"
)
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
CODE, PLAIN = Markup("<code>{}</code>"), Markup("{}")
PAGE = Markup(
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
)
LIST = Markup(
    "<h1>Problems</h1>\n<p>Every error is a problem document (RFC 9457). Its <code>code</code> is stable, its "
    '<code>type</code> leads to one of these pages.</p>\n<table>\n<thead><tr><th scope="col">Status</th>'
    '<th scope="col">Code</th><th scope="col">What it is</th></tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>'
)
ROW = Markup('<tr><td>{status}</td><td><a href="/problems/{code}"><code>{code}</code></a></td><td>{title}</td></tr>')
ONE = Markup(
    "<h1>{title}</h1>\n<p><code>{code}</code>, status {status} {phrase}</p>\n<h2>When</h2>\n<p>{when}</p>\n"
    "<h2>What to do</h2>\n<p>{todo}</p>\n<h2>Example</h2>\n<pre>{example}</pre>\n"
    '<p><a href="/problems">All problems</a></p>'
)


def mount(app: Flask) -> None:
    pages = Blueprint("problems", __name__)
    pages.add_url_rule("/problems", "all", all_problems, methods=["GET"], provide_automatic_options=False)
    pages.add_url_rule("/problems/<code>", "one", one_problem, methods=["GET"], provide_automatic_options=False)
    app.register_blueprint(pages)


def all_problems() -> Response:
    return _answer(_all_page())


def one_problem(code: str) -> Response:
    if code not in KINDS:
        raise Refused("not_found", "There is no problem of this code; GET /problems lists them.")
    return _answer(_page_of(code))


def _answer(page: str) -> Response:
    response = Response(page, 200, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@cache
def _all_page() -> str:
    found = sorted(KINDS.items(), key=lambda each: (each[1].status, each[0]))
    rows = Markup("\n").join(ROW.format(status=kind.status, code=code, title=kind.title) for code, kind in found)
    return PAGE.format(title="Problems", style=Markup(STYLE), body=LIST.format(rows=rows))  # noqa: S704 - a constant


@cache
def _page_of(code: str) -> str:
    kind, document = KINDS[code], example(code)
    body = ONE.format(
        title=kind.title,
        code=code,
        status=kind.status,
        phrase=HTTPStatus(kind.status).phrase,
        when=_with_code(document["detail"]),
        todo=_with_code(WHAT_TO_DO[code]),
        example=json.dumps(document, indent=2),
    )
    return PAGE.format(title=kind.title, style=Markup(STYLE), body=body)  # noqa: S704 - a constant


def _with_code(text: str) -> Markup:
    """What stands between backticks is code."""
    return Markup("").join((CODE if at % 2 else PLAIN).format(part) for at, part in enumerate(text.split("`")))
