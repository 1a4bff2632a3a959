"""The person at the other end: hears the TwiML, presses keys where the scenario says so, follows what comes back.

Source: Twilio's TwiML pages; with inline TwiML an action URL must be absolute (15004).
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from gateway.sandbox.callbacks import Webhook
from gateway.sandbox.products.call import Call
from gateway.sandbox.products.twiml import LONGEST_FETCHED, TwimlFault, Verb, parse

if TYPE_CHECKING:
    from gateway.sandbox.world import World

MOST_VERBS = 100
XML = ("text/xml", "application/xml")

Following = tuple[Verb, ...] | None


class Conversation:
    """One call from answer to hang-up. What could not be understood leaves its code in `call.problem`."""

    def __init__(self, world: "World", call: Call, presses: str) -> None:
        self._world = world
        self._call = call
        self._presses = presses
        self._here: str | None = None
        self._carry_out: dict[str, Callable[[Verb], Awaitable[Following]]] = {
            "Say": self._say,
            "Play": self._play,
            "Gather": self._gather,
            "Dial": self._dial,
            "Record": self._record,
            "Redirect": self._redirect,
            "Hangup": self._hang_up,
            "Reject": self._hang_up,
        }

    async def hold(self) -> None:
        """From the first verb until nothing follows, the call is ended from outside, or it runs in circles."""
        try:
            verbs = await self._opening()
            for _ in range(MOST_VERBS):
                if not verbs or self._call.final:
                    return
                verb, verbs = verbs[0], verbs[1:]
                carry_out = self._carry_out.get(verb.name)
                following = await carry_out(verb) if carry_out else None
                verbs = verbs if following is None else following
        except TwimlFault as fault:
            self._call.problem = fault.code

    async def _opening(self) -> tuple[Verb, ...]:
        if self._call.url is None:
            return parse(self._call.twiml) if self._call.twiml else ()
        try:
            return await self._ask(self._call.url, {})
        except TwimlFault:
            if self._call.fallback_url is None:
                raise
            return await self._ask(self._call.fallback_url, {})

    async def _ask(self, url: str, more: dict[str, str]) -> tuple[Verb, ...]:
        """Post to the application and read the TwiML that it answers with."""
        call = self._call
        target = self._absolute(url)
        fields = voice_fields(call) | more
        delivery = await self._world.callbacks.post(Webhook("calls", call.sid, call.to, target, fields))
        if not delivery.accepted:
            raise TwimlFault(11200)
        self._here = target
        if not delivery.answer.strip():
            return ()
        if delivery.content_type not in XML:
            raise TwimlFault(12300)
        return parse(delivery.answer, LONGEST_FETCHED)

    def _absolute(self, url: str) -> str:
        if urlsplit(url).scheme:
            return url
        if self._here is None:
            raise TwimlFault(15004)
        return urljoin(self._here, url)

    async def _say(self, verb: Verb) -> Following:
        self._call.spoken.append(verb.text)
        return None

    async def _play(self, verb: Verb) -> Following:
        self._call.spoken.append(f"[plays {verb.text}]")
        return None

    async def _gather(self, verb: Verb) -> Following:
        """Press at the first Gather only, while what is nested in it is being said."""
        for child in verb.children:
            if child.name in ("Say", "Play"):
                await self._carry_out[child.name](child)
        digits, self._presses = self._presses, ""
        self._call.pressed += digits
        if not digits and verb.attributes.get("actionOnEmptyResult") != "true":
            return None
        action = verb.attributes.get("action") or self._here or ""
        return await self._ask(action, {"Digits": digits, "FinishedOnKey": "", "msg": "Gather End"})

    async def _dial(self, verb: Verb) -> Following:
        targets = [child.text for child in verb.children] or [verb.text]
        self._call.dialed += targets
        action = verb.attributes.get("action")
        if action is None:
            return None
        return await self._ask(action, {"DialCallStatus": "completed", "DialCallDuration": "1"})

    async def _record(self, verb: Verb) -> Following:
        action = verb.attributes.get("action")
        if action is None:
            return ()
        return await self._ask(action, {"RecordingDuration": "1", "RecordingSid": "RE" + self._call.sid[2:]})

    async def _redirect(self, verb: Verb) -> Following:
        return await self._ask(verb.text, {})

    async def _hang_up(self, verb: Verb) -> Following:
        return ()


def voice_fields(call: Call) -> dict[str, str]:
    """The parameters that every voice request carries."""
    return {
        "CallSid": call.sid,
        "AccountSid": call.account_sid,
        "From": call.sender,
        "To": call.to,
        "Caller": call.sender,
        "Called": call.to,
        "CallStatus": call.status,
        "ApiVersion": "2010-04-01",
        "Direction": "outbound-api",
    }
