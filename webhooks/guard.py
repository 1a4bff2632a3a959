"""The one way in: size, signature, parse, the door, the answer, in this order and for every source."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from flask import Request, Response

from gateway.inbox import Event, Reply, Unavailable
from webhooks.body import TooLarge, read_body
from webhooks.delivery import Malformed, attempt_in, claim_of, delivery_of, intent_in
from webhooks.keys import SANDBOX, Keys
from webhooks.problems import problem, request_id
from webhooks.public_url import PublicBase
from webhooks.sendgrid_signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, Window, judge_sendgrid
from webhooks.signature import Claim, Verdict, judge
from webhooks.sources import Parsed, Signer, Source

RETRY_AFTER_SECONDS = 5
STUDIO_TOKEN = "studio_token"  # the label of a token that admitted where a key's label would stand

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One admitted webhook, for metrics: `key` is the label of what admitted it.

    `effects`: one word for each element, those of `Reply.effect` and `malformed`, `foreign`, `orphan`, `unavailable`.
    """

    source: str
    key: str
    effects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guard:
    """What every route needs; see `create_blueprint` for the meaning of each."""

    receive: Callable[[Event], Reply]
    keys: Keys
    base: PublicBase
    studio_token_ok: Callable[[str, int, str], bool]
    on_rejected: Callable[[str, str], None]
    on_received: Callable[[Receipt], None]
    max_body: int
    window: Window
    sendgrid_keys: tuple[EllipticCurvePublicKey, ...] = ()
    sandbox_sendgrid_keys: tuple[EllipticCurvePublicKey, ...] = ()
    receive_from_sandbox: Callable[[Event], Reply] = lambda _: Reply("ignored")
    now: Callable[[], float] = field(default=time.time)

    def serve(self, source: Source, request: Request) -> Response:
        """Nothing is parsed, and nothing handed on, before the verdict."""
        try:
            body = read_body(request, self.max_body)
        except TooLarge:
            self._refuse(source, "too_large")
            return problem("too_large")
        claim = claim_of(request, body)
        verdict = self._verdict(source, request, claim)
        if not verdict.ok:
            self._refuse(source, verdict.cause or "unknown_token")
            return problem("bad_signature")
        return self._admitted(source, claim, verdict.key or "")

    def _verdict(self, source: Source, request: Request, claim: Claim) -> Verdict:
        if source.signer is Signer.SENDGRID:
            return self._sendgrid_verdict(request, claim)
        verdict = judge(claim, self.base, self.keys)
        if not verdict.ok and source.token_admits and self._token_admits(claim):
            return Verdict(True, None, STUDIO_TOKEN)
        return verdict

    def _sendgrid_verdict(self, request: Request, claim: Claim) -> Verdict:
        signature, timestamp = (request.headers.get(name, "") for name in (SIGNATURE_HEADER, TIMESTAMP_HEADER))

        def judged(keys: tuple[EllipticCurvePublicKey, ...]) -> Verdict:
            return judge_sendgrid(claim.body, signature, timestamp, keys, now=self.now(), window=self.window)

        verdict = judged(self.sendgrid_keys)
        if not verdict.ok and judged(self.sandbox_sendgrid_keys).ok:
            return Verdict(True, None, SANDBOX)
        return verdict

    def _token_admits(self, claim: Claim) -> bool:
        try:
            query = delivery_of(claim).query if claim.readable else {}
        except Malformed:
            return False
        intent, attempt, token = intent_in(query), attempt_in(query), query.get("token")
        return bool(token and intent and attempt and self.studio_token_ok(intent, attempt, token))

    def _refuse(self, source: Source, cause: str) -> None:
        """For the operator only: the caller is not told what was wrong."""
        log.warning("webhook_rejected", path=f"/webhooks{source.path}", cause=cause, request_id=request_id())
        self.on_rejected(source.name, cause)

    def _admitted(self, source: Source, claim: Claim, key: str) -> Response:
        try:
            parsed = source.parse(delivery_of(claim))
        except Malformed as err:
            log.warning("webhook_malformed", path=f"/webhooks{source.path}", detail=str(err), request_id=request_id())
            self.on_received(Receipt(source.name, key, ("malformed",)))
            return problem("invalid_request", str(err))
        door = self.receive_from_sandbox if key == SANDBOX else self.receive
        replies, whole = _handed_on(parsed, door)
        effects = (*(reply.effect for reply in replies), *parsed.left_out)
        self.on_received(Receipt(source.name, key, effects if whole else (*effects, "unavailable")))
        if not whole:
            return problem("store_unavailable", retry_after_seconds=RETRY_AFTER_SECONDS)
        return source.answer(replies)


def _handed_on(parsed: Parsed, door: Callable[[Event], Reply]) -> tuple[Sequence[Reply], bool]:
    """Stops at the first event that could not be made durable: all come again, and repeats do nothing."""
    replies: list[Reply] = []
    for event in parsed.events:
        try:
            replies.append(door(event))
        except Unavailable:
            return replies, False
    return replies, True
