"""Calls the gateway as Twilio would, by PUBLIC_BASE_URL: a callback signed by ourselves is admitted, another is not.

The callback is for an intent that does not exist, so it changes nothing. When the signed one is refused, other
spellings of the address are signed until one fits: that is the address the web process takes for its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from twilio.request_validator import RequestValidator

from gateway.doctor.finding import Finding, failed, ok, skipped, warning
from gateway.doctor.patient import Patient
from gateway.ids import ulid

TIMEOUT_SECONDS = 5.0
FORM = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "sent"}
LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - looked for, not listened on
NAME = "public_url"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str
    ours: bool


def public_url(patient: Patient) -> Iterator[Finding]:
    base = patient.settings.public_base_url
    yield from _seen_from_outside(base, simulated=bool(patient.settings.twilio.api_base_url))
    try:
        up = _asked("GET", f"{base}/healthz")
    except requests.RequestException as err:
        yield failed(NAME, f"{base} does not answer: {type(err).__name__}.", _unreachable(err))
        return
    if up.location:
        what = f"{base} redirects to {up.location}. Twilio signs the first address, and a POST does not follow."
        yield failed(NAME, what, "Set PUBLIC_BASE_URL to the address it redirects to.")
        return
    if not up.ours:
        what = f"{base}/healthz answers {up.status}, and not as the gateway does: wrong host or path."
        yield failed(NAME, what, "Let PUBLIC_BASE_URL name the gateway, with the path prefix the proxy takes off.")
        return
    if not patient.settings.tokens:
        yield skipped(NAME, "Without an auth token nothing can be signed.")
        return
    yield from _probed(patient, base)


def _probed(patient: Patient, base: str) -> Iterator[Finding]:
    token = patient.settings.tokens[0]
    target = f"/webhooks/messages/status?intent={ulid()}&attempt=1"
    try:
        signed = _post(base + target, _signature(token, base + target))
        bare = _post(base + target, None)
        if 200 <= signed.status < 300:
            yield ok(NAME, f"{base} admits a callback signed with our token.")
        else:
            yield _why_refused(patient, base, target, signed)
    except requests.RequestException as err:
        yield failed(NAME, f"{base} does not answer a callback: {type(err).__name__}.", _unreachable(err))
        return
    if bare.status == requests.codes.forbidden:
        yield ok("unsigned_callback", "A callback without a signature is refused.")
    else:
        what = f"A callback without a signature is answered {bare.status}, not 403."
        yield failed("unsigned_callback", what, "Something else answers there: see what the proxy does with /webhooks.")


def _why_refused(patient: Patient, base: str, target: str, signed: Answer) -> Finding:
    if signed.status != requests.codes.forbidden:
        what = f"A signed callback is answered {signed.status}: /webhooks does not reach the gateway as it is."
        return failed(NAME, what, "Let the proxy pass POST /webhooks/… on, with path, query and body unchanged.")
    for other, part in _other_bases(base, patient.settings.port):
        if 200 <= _post(base + target, _signature(patient.settings.tokens[0], other + target)).status < 300:
            what = f"The web process takes {other} for its own address, and Twilio signs {base}: wrong {part}."
            return failed(NAME, what, "Start the web process with the same PUBLIC_BASE_URL.")
    what = "A callback signed with our token is refused, under every likely spelling of the address."
    return failed(NAME, what, "The web process has another TWILIO_AUTH_TOKEN or PUBLIC_BASE_URL: start it with these.")


def _other_bases(base: str, port: int) -> Iterator[tuple[str, str]]:
    """Addresses that are taken for ours by mistake, with the word for what is wrong."""
    parts = urlsplit(base)
    other_scheme = "http" if parts.scheme == "https" else "https"
    yield f"{other_scheme}://{parts.netloc}{parts.path}", "scheme"
    if parts.path:
        yield f"{parts.scheme}://{parts.netloc}", "path"
        yield f"{other_scheme}://{parts.netloc}", "scheme and path"
    for host in ("127.0.0.1", "localhost"):
        yield f"http://{host}:{port}", "host"
        yield f"http://{host}:{port}{parts.path}", "host"
    if parts.port is not None and parts.hostname:
        yield f"{parts.scheme}://{parts.hostname}{parts.path}", "port"


def _seen_from_outside(base: str, *, simulated: bool) -> Iterator[Finding]:
    parts = urlsplit(base)
    if simulated:
        return
    if parts.hostname in LOCAL:
        what = f"PUBLIC_BASE_URL is {base}: Twilio cannot reach this machine by that name."
        yield failed("public_address", what, "Set PUBLIC_BASE_URL to the address the internet knows.")
    elif parts.scheme != "https":
        what = "PUBLIC_BASE_URL is not https: callbacks hold numbers and texts in clear."
        yield warning("public_address", what, "Put a TLS proxy before the gateway.")
    else:
        yield ok("public_address", f"{parts.hostname}, by https.")


def _signature(token: str, url: str) -> str:
    return str(RequestValidator(token).compute_signature(url, FORM))


def _post(url: str, signature: str | None) -> Answer:
    return _asked("POST", url, {} if signature is None else {"X-Twilio-Signature": signature})


def _asked(method: str, url: str, headers: dict[str, str] | None = None) -> Answer:
    """Raises requests.RequestException. Follows no redirect, and reads the beginning of the answer only."""
    form = FORM if method == "POST" else None
    with requests.request(
        method, url, data=form, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
    ) as response:
        ours = b'"status":"up"' in response.raw.read(200, decode_content=True)
        return Answer(response.status_code, response.headers.get("Location", ""), ours)


def _unreachable(err: requests.RequestException) -> str:
    if isinstance(err, requests.exceptions.SSLError):
        return "Its certificate is not trusted: use one of a public authority, with the whole chain."
    return "Start the web process, and see that name, port and firewall let a POST in."
