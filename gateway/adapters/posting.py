"""Posts one signed event to an application, and to nowhere else: no private address, no redirect, no long wait.

What the answer means for the event is not decided here. Source: the Standard Webhooks specification.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from socket import SHUT_RDWR, socket
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from standardwebhooks.webhooks import Webhook

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 10.0, 10.0
ANSWER_BOUND = 65_536
AGENT = "twilio-presend-gateway/1"


@dataclass(frozen=True, slots=True)
class Answer:
    """`status`: the HTTP status; None when there was none, and then `problem` says why in one word.

    `slow`: it was the destination that kept us waiting. `forbidden`: such a URL is never posted to.
    """

    status: int | None
    problem: str = ""
    slow: bool = False
    forbidden: bool = False

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class EventPoster:
    """`allow_private`: loopback and private addresses, and plain http, are allowed."""

    def __init__(self, *, allow_private: bool, total_seconds: float = TOTAL_SECONDS) -> None:
        self._allow_private = allow_private
        self._total = total_seconds
        self._config = Config(
            ip_filter_enable=not allow_private,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=(min(CONNECT_SECONDS, total_seconds), min(READ_SECONDS, total_seconds)),
            user_agent_override=AGENT,
        )

    def post(self, url: str, event_id: str, body: str, secrets: Sequence[str], at: datetime) -> Answer:
        """One try. `at` is the time of this try, for the signature; a receiver refuses one that is too old."""
        if urlsplit(url).scheme != "https" and not self._allow_private:
            return Answer(None, "not_https", forbidden=True)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(Webhook(secret).sign(event_id, at, body) for secret in secrets),
        }
        try:
            return Answer(self._exchange(url, body.encode(), headers))
        except InvalidIPAddress:
            return Answer(None, "private_address")
        except requests.Timeout:
            return Answer(None, "timeout", slow=True)
        except requests.exceptions.InvalidURL:
            return Answer(None, "invalid_url", forbidden=True)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as err:
            return Answer(None, type(err).__name__, slow=isinstance(err, _Overdue))

    def _exchange(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """A session for each try: nothing of one application's connection is left for another's."""
        with HTTPSession(self._config) as session, _deadline(session, self._total):
            session.trust_env = False  # no proxy, no netrc
            with session.post(url, data=body, headers=headers, stream=True) as response:
                response.raw.read(ANSWER_BOUND, decode_content=False)
                return int(response.status_code)


class _Overdue(OSError):
    """The exchange as a whole took too long, though each part of it was quick enough."""


@contextmanager
def _deadline(session: requests.Session, seconds: float) -> Iterator[None]:
    """Ends whatever the session is doing when time is up: a timeout bounds each read, not how many there are."""
    opened: list[socket] = []
    over = threading.Event()

    def told(connected: socket) -> None:
        opened.append(connected)
        if over.is_set():  # too late to be among those that were ended: the name took long to be found, say
            raise _Overdue

    _watch(session, told)

    def end() -> None:
        over.set()
        for each in opened:
            with suppress(OSError):  # it was closed already
                each.shutdown(SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as err:
        if over.is_set():
            raise _Overdue from err
        raise
    finally:
        timer.cancel()


def _watch(session: requests.Session, told: Callable[[socket], None]) -> None:
    """Have the session's connections tell which sockets they opened, before anything is said on them."""

    class Http(urllib3.connection.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            told(self.sock)

    class Https(urllib3.connection.HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            told(self.sock)

    class HttpPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Https

    for scheme in ("http", "https"):
        adapter = session.get_adapter(f"{scheme}://")
        if isinstance(adapter, HTTPAdapter):
            adapter.poolmanager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}
