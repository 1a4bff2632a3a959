"""Studio v2: a flow that reads its parameters, runs, and reports its outcome to the `callback_url` among them.

Source: twilio_studio_v2 and the Studio FAQ; whether Twilio signs a flow's HTTP request is not documented.
"""

from typing import TYPE_CHECKING, Any

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.callbacks import Webhook
from gateway.sandbox.forms import is_callback_url, is_e164, json_object, only
from gateway.sandbox.options import SANDBOX_FLOW_SID
from gateway.sandbox.paging import meta_page
from gateway.sandbox.products.studio_execution import BASE, Execution
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.scenarios import scenario_for
from gateway.sandbox.sids import new_sid
from gateway.sandbox.times import now, within

if TYPE_CHECKING:
    from gateway.sandbox.world import World

FLOW = "/v2/Flows/{flow}"
EXECUTIONS = FLOW + "/Executions"
LONGEST_ADDRESSES = 300
DETAILS = {"delivered": "The person confirmed", "failed": "The person did not answer"}
# What the sandbox's flow reads: its widgets name these parameters as flow.data.<name>.
READS = ("callback_url", "line_type", "carrier", "country", "purpose", "intent_id")


def _require_flow(world: "World", ask: Ask) -> str:
    flow = ask.params["flow"]
    if flow != SANDBOX_FLOW_SID and flow not in world.options.flows:
        raise Refusal(20404, ask.path)
    return flow


def _fetch_flow(world: "World", ask: Ask) -> Reply:
    flow = _require_flow(world, ask)
    body: dict[str, Any] = {
        "sid": flow,
        "account_sid": ask.account_sid,
        "author_sid": None,
        "friendly_name": "Sandbox flow",
        "definition": _definition(),
        "status": "published",
        "revision": 1,
        "commit_message": None,
        "valid": True,
        "errors": [],
        "warnings": [],
        "webhook_url": f"https://webhooks.twilio.com/v1/Accounts/{ask.account_sid}/Flows/{flow}",
        "date_created": "2026-01-01T00:00:00Z",
        "date_updated": "2026-01-01T00:00:00Z",
        "url": f"{BASE}/{flow}",
        "links": {name: f"{BASE}/{flow}/{path}" for name, path in LINKS},
    }
    return Reply(200, body, sid=flow)


LINKS = (("test_users", "TestUsers"), ("revisions", "Revisions"), ("executions", "Executions"))


def _definition() -> dict[str, Any]:
    """Trigger, then a message that reads the parameters, then the request that reports the outcome."""
    told = " ".join(f"{{{{flow.data.{name}}}}}" for name in READS if name != "callback_url")
    ask_person = {
        "name": "ask_person",
        "type": "send-and-wait-for-reply",
        "transitions": [{"event": "incomingMessage", "next": "report_outcome"}],
        "properties": {"body": told, "from": "{{flow.channel.address}}", "timeout": "3600"},
    }
    report = {
        "name": "report_outcome",
        "type": "make-http-request",
        "transitions": [{"event": "success"}, {"event": "failed"}],
        "properties": {
            "method": "POST",
            "url": "{{flow.data.callback_url}}",
            "content_type": "application/x-www-form-urlencoded;charset=utf-8",
            "parameters": [
                {"key": "outcome", "value": "{{widgets.ask_person.outcome}}"},
                {"key": "intent_id", "value": "{{flow.data.intent_id}}"},
            ],
        },
    }
    trigger = {
        "name": "Trigger",
        "type": "trigger",
        "transitions": [{"event": "incomingRequest", "next": "ask_person"}],
        "properties": {},
    }
    return {
        "description": "Asks a person and reports the outcome",
        "initial_state": "Trigger",
        "flags": {"allow_concurrent_calls": True},
        "states": [trigger, ask_person, report],
    }


def _create(world: "World", ask: Ask) -> Reply:
    flow = _require_flow(world, ask)
    only(ask, frozenset({"To", "From", "Parameters"}))
    to, sender = ask.one("To") or "", ask.one("From") or ""
    if not is_e164(to):
        raise Refusal(21211, to)
    if len((to + sender).encode()) > LONGEST_ADDRESSES:
        raise Refusal(81023)
    if not world.owns(sender):
        raise Refusal(21212, sender)
    text = ask.one("Parameters")
    parameters = {} if text is None else json_object(text)
    if parameters is None:
        raise Refusal(20001, "Parameters must be a JSON object")
    _refuse_while_active(world, flow, to)
    execution = world.executions.add(Execution(new_sid("FN"), ask.account_sid, flow, to, sender, parameters))
    world.log.note_created("executions", to)
    plan = scenario_for(to).studio
    if plan.ends != "active":
        world.later(world.step * plan.pauses, _finish, world, execution, plan.ends)
    return Reply(201, execution.as_json(), sid=execution.sid)


def _refuse_while_active(world: "World", flow: str, to: str) -> None:
    """One active execution for each contact."""
    active = any(one.flow_sid == flow and one.status == "active" for one in world.executions.newest(to))
    if active or (scenario_for(to).studio.busy_at_first and world.is_first("studio", to)):
        raise Refusal(20409, to)


def _finish(world: "World", execution: Execution, outcome: str) -> None:
    """The flow's last widget posts the outcome, then the flow ends."""
    if execution.status != "active":
        return
    execution.status, execution.outcome, execution.updated = "ended", outcome, now()
    url = execution.parameters.get("callback_url")
    if not isinstance(url, str) or not is_callback_url(url):
        return
    fields = {"outcome": outcome, "detail": DETAILS[outcome], "execution_sid": execution.sid}
    world.callbacks.send(Webhook("studio", execution.sid, execution.to, url, fields))


def _found(world: "World", ask: Ask) -> Execution:
    flow = _require_flow(world, ask)
    execution = world.executions.get(ask.params["sid"])
    if execution is None or execution.flow_sid != flow:
        raise Refusal(20404, ask.path)
    return execution


def _fetch(world: "World", ask: Ask) -> Reply:
    execution = _found(world, ask)
    return Reply(200, execution.as_json(), sid=execution.sid)


def _context(world: "World", ask: Ask) -> Reply:
    execution = _found(world, ask)
    return Reply(200, execution.context_as_json(), sid=execution.sid)


def _update(world: "World", ask: Ask) -> Reply:
    only(ask, frozenset({"Status"}))
    execution = _found(world, ask)
    if ask.one("Status") != "ended":
        raise Refusal(20001, "Status")
    execution.status, execution.updated = "ended", now()
    return Reply(200, execution.as_json(), sid=execution.sid)


def _list(world: "World", ask: Ask) -> Reply:
    flow = _require_flow(world, ask)
    after, before, status = ask.asked("DateCreatedFrom"), ask.asked("DateCreatedTo"), ask.asked("Status")
    try:
        rows = [
            execution
            for execution in world.executions.newest()
            if execution.flow_sid == flow
            and status in (None, execution.status)
            and within(execution.created, None, after, before)
        ]
    except ValueError:
        raise Refusal(20001, "DateCreatedFrom or DateCreatedTo") from None
    return meta_page(ask, "executions", rows, Execution.as_json)


OPERATIONS = (
    Operation("studio", "fetch_flow", "GET", FLOW, _fetch_flow),
    Operation("studio", "create", "POST", EXECUTIONS, _create, creates=True),
    Operation("studio", "list", "GET", EXECUTIONS, _list),
    Operation("studio", "fetch", "GET", EXECUTIONS + "/{sid}", _fetch),
    Operation("studio", "update", "POST", EXECUTIONS + "/{sid}", _update),
    Operation("studio", "fetch_context", "GET", EXECUTIONS + "/{sid}/Context", _context),
)
