"""A call's way: initiated, ringing, in-progress, and one of its ends, with a callback for each event asked for.

Source: Twilio's Call resource page; the event `answered` carries the status in-progress.
"""

from typing import TYPE_CHECKING

from gateway.sandbox.callbacks import Webhook
from gateway.sandbox.plans import CallPlan
from gateway.sandbox.products import stream
from gateway.sandbox.products.call import Call
from gateway.sandbox.products.conversation import Conversation, voice_fields
from gateway.sandbox.scenarios import scenario_for
from gateway.sandbox.times import now

if TYPE_CHECKING:
    from gateway.sandbox.world import World

PRICE_PER_MINUTE = 0.014
WORDS_PER_SECOND = 2.5
SIP_CODES = {"busy": 486, "no-answer": 487, "failed": 404, "canceled": 487}
# what answered -> AnsweredBy, by the kind of detection asked for
ANSWERED_BY = {
    ("human", "Enable"): "human",
    ("human", "DetectMessageEnd"): "human",
    ("machine", "Enable"): "machine_start",
    ("machine", "DetectMessageEnd"): "machine_end_beep",
}


async def live(world: "World", call: Call) -> None:
    """From the first ring to the end, unless somebody ends the call meanwhile."""
    plan = _plan(world, call)
    if not await _goes_on(world, call):
        return
    _tell(world, call, "initiated", "initiated")
    call.started = now()
    if not await _goes_on(world, call):
        return
    _move(call, "ringing")
    _tell(world, call, "ringing", "ringing")
    if not await _goes_on(world, call):
        return
    if plan.ends != "completed":
        finish(world, call, plan.ends)
        return
    _move(call, "in-progress")
    call.answered_by = ANSWERED_BY.get((plan.answered_by, call.machine_detection or ""))
    _tell(world, call, "answered", "in-progress")
    await Conversation(world, call, plan.presses).hold()
    await world.hold(world.step)
    finish(world, call, "completed")


async def _goes_on(world: "World", call: Call) -> bool:
    """A step later: whether nobody has ended the call meanwhile."""
    await world.hold(world.step)
    return not call.final


def _plan(world: "World", call: Call) -> CallPlan:
    plan = scenario_for(call.to).call
    if plan.only_first and not world.is_first("call", call.to):
        return CallPlan()
    return plan


def _move(call: Call, status: str) -> None:
    call.status = status
    call.updated = now()


def finish(world: "World", call: Call, status: str) -> None:
    """End the call once; a call that has ended stays as it is."""
    if call.final:
        return
    answered = call.status == "in-progress"
    _move(call, status)
    call.ended = call.updated
    call.sip_code = SIP_CODES.get(status, 200)
    words = sum(len(text.split()) for text in call.spoken)
    call.duration = max(1, round(words / WORDS_PER_SECOND)) if answered else 0
    if answered:
        call.price = f"-{PRICE_PER_MINUTE * _minutes(call.duration):.5f}"
        spoken = " ".join(call.spoken)
        world.outbox.put(
            "call", call.to, spoken, sid=call.sid, sender=call.sender, pressed=call.pressed, dialed=list(call.dialed)
        )
    _tell(world, call, "completed", status)


def _minutes(seconds: int) -> int:
    return -(-seconds // 60)


def _tell(world: "World", call: Call, event: str, status: str) -> None:
    if call.callback_url is None or event not in call.callback_events:
        return
    fields = voice_fields(call) | {
        "CallStatus": status,
        "SequenceNumber": str(call.callbacks_sent),
        "Timestamp": now().strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "CallbackSource": "call-progress-events",
    }
    call.callbacks_sent += 1
    if event == "completed":
        fields["SipResponseCode"] = str(call.sip_code)
        if call.status == "completed" and call.duration is not None:
            fields |= {"CallDuration": str(call.duration), "Duration": str(_minutes(call.duration))}
    if call.answered_by is not None:
        fields["AnsweredBy"] = call.answered_by
    fault = scenario_for(call.to).message.callbacks
    world.callbacks.send(Webhook("calls", call.sid, call.to, call.callback_url, fields, fault))
    stream.call_changed(world, call, event, call.callback_url, fields)
