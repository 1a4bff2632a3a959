"""The Event Streams API: sinks of the webhook kind, and what they subscribe to. Source: twilio_events_v1."""

from typing import TYPE_CHECKING, Any

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.forms import is_callback_url, json_object, only
from gateway.sandbox.paging import meta_page
from gateway.sandbox.products.stream import Sink, Subscription
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.sids import new_sid
from gateway.sandbox.times import iso

if TYPE_CHECKING:
    from gateway.sandbox.world import World

BASE = "https://events.twilio.com/v1"


def _sink_as_json(sink: Sink) -> dict[str, Any]:
    url = f"{BASE}/Sinks/{sink.sid}"
    return {
        "sid": sink.sid,
        "description": sink.description,
        "sink_type": sink.sink_type,
        "sink_configuration": sink.configuration,
        "status": sink.status,
        "date_created": iso(sink.created),
        "date_updated": iso(sink.created),
        "url": url,
        "links": {"sink_test": f"{url}/Test", "sink_validate": f"{url}/Validate"},
    }


def _subscription_as_json(subscription: Subscription, account_sid: str) -> dict[str, Any]:
    url = f"{BASE}/Subscriptions/{subscription.sid}"
    return {
        "account_sid": account_sid,
        "sid": subscription.sid,
        "sink_sid": subscription.sink_sid,
        "description": subscription.description,
        "date_created": iso(subscription.created),
        "date_updated": iso(subscription.created),
        "url": url,
        "links": {"subscribed_events": f"{url}/SubscribedEvents"},
    }


def _create_sink(world: "World", ask: Ask) -> Reply:
    only(ask, frozenset({"Description", "SinkConfiguration", "SinkType"}))
    description, kind = ask.one("Description"), ask.one("SinkType")
    configuration = json_object(ask.one("SinkConfiguration") or "")
    if description is None:
        raise Refusal(20001, "Description")
    if kind != "webhook":
        raise Refusal(20001, "SinkType")
    if configuration is None or not is_callback_url(str(configuration.get("destination"))):
        raise Refusal(20001, "SinkConfiguration")
    sink = world.sinks.add(Sink(new_sid("DG"), description, kind, configuration))
    return Reply(201, _sink_as_json(sink), sid=sink.sid)


def _sink(world: "World", sid: str) -> Sink:
    sink = world.sinks.get(sid)
    if sink is None:
        raise Refusal(20404, sid)
    return sink


def _fetch_sink(world: "World", ask: Ask) -> Reply:
    sink = _sink(world, ask.params["sid"])
    return Reply(200, _sink_as_json(sink), sid=sink.sid)


def _list_sinks(world: "World", ask: Ask) -> Reply:
    return meta_page(ask, "sinks", world.sinks.newest(), _sink_as_json)


def _delete_sink(world: "World", ask: Ask) -> Reply:
    sink = _sink(world, ask.params["sid"])
    world.sinks.remove(sink.sid)
    return Reply(204, sid=sink.sid)


def _subscribe(world: "World", ask: Ask) -> Reply:
    only(ask, frozenset({"Description", "SinkSid", "Types"}))
    description, sink_sid = ask.one("Description"), ask.one("SinkSid")
    if description is None:
        raise Refusal(20001, "Description")
    if sink_sid is None or world.sinks.get(sink_sid) is None:
        raise Refusal(20001, "SinkSid")
    types = [json_object(text) for text in ask.many("Types")]
    names = tuple(str(one["type"]) for one in types if one is not None and "type" in one)
    if not names or len(names) != len(types):
        raise Refusal(20001, "Types")
    subscription = world.subscriptions.add(Subscription(new_sid("DF"), description, sink_sid, names))
    return Reply(201, _subscription_as_json(subscription, ask.account_sid), sid=subscription.sid)


def _fetch_subscription(world: "World", ask: Ask) -> Reply:
    subscription = world.subscriptions.get(ask.params["sid"])
    if subscription is None:
        raise Refusal(20404, ask.path)
    return Reply(200, _subscription_as_json(subscription, ask.account_sid), sid=subscription.sid)


def _list_subscriptions(world: "World", ask: Ask) -> Reply:
    wanted = ask.asked("SinkSid")
    rows = [one for one in world.subscriptions.newest() if wanted in (None, one.sink_sid)]
    return meta_page(ask, "subscriptions", rows, lambda row: _subscription_as_json(row, ask.account_sid))


def _unsubscribe(world: "World", ask: Ask) -> Reply:
    if world.subscriptions.get(ask.params["sid"]) is None:
        raise Refusal(20404, ask.path)
    world.subscriptions.remove(ask.params["sid"])
    return Reply(204)


OPERATIONS = (
    Operation("events", "create_sink", "POST", "/v1/Sinks", _create_sink),
    Operation("events", "list_sinks", "GET", "/v1/Sinks", _list_sinks),
    Operation("events", "fetch_sink", "GET", "/v1/Sinks/{sid}", _fetch_sink),
    Operation("events", "delete_sink", "DELETE", "/v1/Sinks/{sid}", _delete_sink),
    Operation("events", "subscribe", "POST", "/v1/Subscriptions", _subscribe),
    Operation("events", "list_subscriptions", "GET", "/v1/Subscriptions", _list_subscriptions),
    Operation("events", "fetch_subscription", "GET", "/v1/Subscriptions/{sid}", _fetch_subscription),
    Operation("events", "unsubscribe", "DELETE", "/v1/Subscriptions/{sid}", _unsubscribe),
)
