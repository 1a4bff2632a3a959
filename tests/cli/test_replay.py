"""`gateway replay`: what was decided is decided again, and a changed policy changes exactly what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from gateway.adapters.store.past import PAGE, PastIntents
from gateway.batch import replaying
from gateway.cli.root import cli
from gateway.ids import ulid
from gateway.model import IntentStatus, LineType, SuppressionEntry
from gateway.sandbox import SANDBOX_FROM_NUMBER
from tests.journeys.codes import CONFIG, an_application, await_status, code_sent, enrolled, enter, post, start
from tests.stack import Stack, environment, running, until

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PERSON = "person-00000042"
VOIP, PROVED, STOPPED = "+14155550120", "+12125550120", "+12125550107"
PURPOSES = """
[senders.default]
calls_per_second = 0
[voice]
sip_hosts = ["pbx.example.com"]
[purposes.wary]
mobile = ["verify"]
deny_sim_swapped_within_hours = 24
[purposes.chat]
mobile = ["whatsapp", "sms"]
[purposes.connecting]
mobile = ["voice"]
allow_dial = true
"""


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home, CONFIG + PURPOSES) as found:
        yield found


@pytest.fixture(scope="module")
def ids(stack: Stack) -> Mapping[str, str]:
    """One intent of each kind, by name; every fact that decide may use is used by one of them."""
    gateway, now = stack.gateway, stack.gateway.clock.now()
    gateway.suppressions.add(STOPPED, SuppressionEntry("sms", "keyword", now, "recipient", "STOP"))
    gateway.suppressions.add("eve@example.com", SuppressionEntry("email", "import", now, "ann", "asked"))
    gateway.learned.learn("+12125550101", LineType.LANDLINE, "21614", now)
    gateway.learned.hold("+12125550102", "sms", now + timedelta(hours=1), "30003")
    gateway.learned.open_window("+12125550103", SANDBOX_FROM_NUMBER, now)
    enrolled(stack, PERSON)
    sent: dict[str, dict[str, Any]] = {
        "mobile": {"to": "+14155550100"},
        "landline": {"to": "+14155550110"},
        "landline with mail": {"to": "+14155550111", "email": "bob@example.com"},
        "mail stopped": {"to": "+14155550112", "email": "eve@example.com"},
        "stopped": {"to": STOPPED},
        "learned": {"to": "+12125550101"},
        "held": {"to": "+12125550102"},
        "window": {"to": "+12125550103", "purpose": "chat"},
        "narrowed": {"to": "+12125550104", "channels": ["voice"]},
        "by flow": {"to": "+12125550105", "flow": "welcome", "body": None},
        "by app": {"to": VOIP, "identity": PERSON},
        "dial": {"to": "+12125550106", "purpose": "connecting", "content": {"voice": {"dial": "+14155550199"}}},
        "sip": {"to": "sip:desk@pbx.example.com"},
        "swap asked": {"to": "+12125550108", "purpose": "wary"},
    }
    found = {name: stack.send(**{"body": "Your order has shipped.", **body})["id"] for name, body in sent.items()}
    proved = start(stack, PROVED, "notification", body="Your first order has shipped.")
    assert enter(stack, proved, code_sent(stack, PROVED)).status_code == 200
    found |= {"proved": proved, "proved lately": stack.send(PROVED, "Your second order has shipped.")["id"]}
    found |= _decided_later(stack) | {"other app": _of_another_application(stack)}
    until(lambda: [name for name, intent_id in found.items() if _moves_soon(stack, intent_id)], lambda names: not names)
    return found


def _moves_soon(stack: Stack, intent_id: str) -> bool:
    progress, soon = stack.gateway.intents.load(intent_id), stack.gateway.clock.now() + timedelta(minutes=1)
    assert progress is not None
    return not progress.final and (progress.wake_at is None or progress.wake_at < soon)


def _decided_later(stack: Stack) -> dict[str, str]:
    """Two that the worker decides, one of them to a refusal; and one of which nothing is known yet."""
    stack.faults({"kind": "5xx_before", "product": "lookup", "count": 1000})
    found = {
        name: post(stack, "/send", {"to": to, "body": "Hello.", "email": "ann@example.com"}).json()["id"]
        for name, to in {"late": "+13105550100", "refused late": "+13105550101", "never": "+13105550102"}.items()
    }
    until(lambda: stack.intent(found["refused late"])["timeline"], lambda t: t[-1]["event"] == "postponed")
    for scope in ("sms", "voice"):  # all that a mobile has; it could have been a landline, which has e-mail too
        stop = SuppressionEntry(scope, "api", stack.gateway.clock.now(), "ann", "asked")
        stack.gateway.suppressions.add("+13105550101", stop)
    assert stack.post(f"/intents/{found['never']}/cancel").status_code == 200
    requests.delete(f"{stack.sandbox_url}/_sandbox/faults", timeout=10).raise_for_status()
    for name, status in {"late": "delivered", "refused late": "suppressed"}.items():
        until(lambda name=name: stack.intent(found[name])["status"], lambda s, status=status: s == status, 40)
    return found


def _of_another_application(stack: Stack) -> str:
    key = an_application(stack, "shop", "send")
    found: str = post(stack, "/send", {"to": "+14155550101", "body": "Hello."}, key).json()["id"]
    await_status(stack, found, "delivered")
    return found


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["replay", *words], catch_exceptions=False)


def told(*words: str) -> dict[str, Any]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])  # the worker beside it logs there too
    return found


@pytest.fixture
def changed(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Writes a configuration that differs by so much, and gives the option that names it."""
    for name, value in environment("redis://127.0.0.1:9", stack.sandbox_url, stack.url).items():
        monkeypatch.setenv(name, value)

    def write(change: str, *, to: str = CONFIG + PURPOSES) -> tuple[str, str]:
        file = tmp_path / "changed.toml"
        file.write_text(to + change)
        return "--policy", str(file)

    yield write


def test_everything_is_decided_as_it_was(stack: Stack, ids: Mapping[str, str]) -> None:
    """To the letter: proof, route, flags, and every reason, but for quiet hours, which no fact tells of."""
    seen = set()
    for past in PastIntents(stack.gateway.client, stack.gateway.intents).since(LONG_AGO):
        if past.progress.facts is None:
            continue
        before = replaying.decided(past.progress)
        after = replaying.again(past.progress.intent, past.progress.facts, stack.gateway.policy)
        assert replace(after, refusal=None) == replace(before, refusal=None), before
        assert (after.refusal and after.refusal.code) == (before.refusal and before.refusal.code)
        seen |= {past.progress.intent.id}
    assert seen == set(ids.values()) - {ids["never"]}


def test_every_kind_of_fact_was_put_to_use(stack: Stack, ids: Mapping[str, str]) -> None:
    loaded = {name: stack.gateway.intents.load(intent_id) for name, intent_id in ids.items()}
    facts = {name: progress.facts for name, progress in loaded.items() if progress is not None and progress.facts}
    assert facts["stopped"].suppressions and facts["mail stopped"].email_suppressions
    assert facts["by app"].factor_sid and facts["proved lately"].proved_at
    assert facts["window"].whatsapp_window_until and facts["held"].held_channels
    late = loaded["refused late"]
    assert late is not None and late.status is IntentStatus.SUPPRESSED and facts["refused late"].suppressions


def test_the_same_policy_changes_nothing(ids: Mapping[str, str]) -> None:
    found = told()
    assert (found["read"], found["otherwise"], found["undecided"], found["cut"]) == (len(ids), 0, 1, 0)
    assert (found["same"], found["moves"], found["usd"]) == (len(ids) - 1, [], "0")


def test_another_policy_moves_what_it_says(stack: Stack, ids: Mapping[str, str], changed: Any) -> None:
    policy = changed('[purposes.notification]\nmobile = ["voice"]\n[policy]\ndeny_line_types = ["landline"]\n')
    moves = {(m["from"], m["to"]): m["count"] for m in told(*policy)["moves"]}
    mobiles = {"mobile", "late", "other app"}
    assert moves == {
        ("sms>voice", "voice"): len(mobiles),
        ("voice", "refused: line_type_not_supported"): 3,
        ("voice>email", "refused: line_type_not_supported"): 1,
    }


def test_a_country_that_is_denied_refuses_all_but_those_without_a_country(ids: Mapping[str, str], changed: Any) -> None:
    found = told(*changed('[policy]\ndeny_countries = ["US"]\n'), "--list")
    assert {m["to"] for m in found["moves"]} == {"refused: country_not_allowed"}
    assert {each["id"] for each in found["intents"]} == set(ids.values()) - {ids["sip"], ids["never"]}
    refused_before = {each["id"]: each["from"] for each in found["intents"] if each["from"].startswith("refused")}
    assert refused_before == {ids["refused late"]: "refused: recipient_opted_out"}


def test_opt_outs_of_then_are_those_that_count(stack: Stack, ids: Mapping[str, str]) -> None:
    """Whoever has opted out since then was reachable at that time; whoever has come back was not."""
    entry = SuppressionEntry("all", "keyword", stack.gateway.clock.now(), "recipient", "STOP")
    stack.gateway.suppressions.add("+14155550100", entry)
    stack.gateway.suppressions.remove(STOPPED, scopes=None, sources=None, who="ann", why="asked")
    assert told()["otherwise"] == 0


def test_a_dial_target_is_judged_again(ids: Mapping[str, str], changed: Any) -> None:
    forbidding = changed("", to=(CONFIG + PURPOSES).replace("allow_dial = true", "allow_dial = false"))
    moves = told(*forbidding)["moves"]
    assert moves == [{"from": "voice", "to": "refused: invalid_request", "count": 1, "usd": "-0.014"}]


def test_a_purpose_that_is_gone_leaves_no_route(ids: Mapping[str, str], changed: Any) -> None:
    without = changed("", to=(CONFIG + PURPOSES).replace("[purposes.chat]", "[purposes.talk]"))
    found = told(*without, "--list")
    assert [(each["id"], each["to_route"]) for each in found["intents"]] == [(ids["window"], "refused: no_route")]


def test_the_change_of_cost_is_told_by_the_prices_that_were_given(ids: Mapping[str, str], changed: Any) -> None:
    policy = changed('[purposes.notification]\nmobile = ["voice"]\n')
    found = told(*policy, "--price", "sms=0.01", "--price", "voice=0.03")
    assert [move["usd"] for move in found["moves"]] == ["0.06"]
    assert found["usd"] == "0.06"


def test_only_what_is_asked_for_is_read(stack: Stack, ids: Mapping[str, str]) -> None:
    assert told("--app", "shop")["read"] == 1
    assert told("--purpose", "chat")["read"] == 1
    assert told("--limit", "4")["read"] == 4
    assert told("--app", "nobody")["read"] == 0
    assert run("--since", "yesterday").exit_code == 2
    assert told("--since", "0m")["read"] == 0


def test_people_read_lines_without_numbers(ids: Mapping[str, str], changed: Any) -> None:
    said = run(*changed('[purposes.notification]\nmobile = ["voice"]\n'), "--list").stdout
    assert "sms>voice → voice" in said
    assert f"{ids['mobile']}  +1415555****  sms>voice → voice" in said
    assert "+14155550100" not in said


def test_nothing_is_written_sent_or_looked_up(stack: Stack, ids: Mapping[str, str], changed: Any) -> None:
    client = stack.gateway.client
    asked = len(stack.received())
    watched = [key for key in client.keys("gw:*") if b":intent:" in key or b":timeline:" in key or b":ledger" in key]
    before = {key: client.dump(key) for key in watched}
    told(*changed('[purposes.notification]\nmobile = ["voice"]\n'), "--list")
    assert {key: client.dump(key) for key in watched} == before
    assert len(stack.received()) == asked


def test_test_intents_are_left_out_unless_asked_for(stack: Stack, ids: Mapping[str, str]) -> None:
    progress = stack.gateway.intents.load(ids["mobile"])
    assert progress is not None
    tested = replace(progress, intent=replace(progress.intent, id=ulid(), app="trying", test=True))
    stack.gateway.intents.accept(tested, None, ring=False)
    assert told("--app", "trying")["read"] == 0
    assert told("--app", "trying", "--tests")["same"] == 1


def test_many_of_one_millisecond_are_read_once_each_and_in_pages(stack: Stack, ids: Mapping[str, str]) -> None:
    progress = stack.gateway.intents.load(ids["mobile"])
    assert progress is not None
    many = 2 * PAGE + 7
    for _ in range(many):
        stack.gateway.intents.accept(
            replace(progress, intent=replace(progress.intent, id=ulid(), app="many")), None, ring=False
        )
    assert told("--app", "many")["read"] == many


def test_what_was_cut_to_a_summary_is_counted_not_guessed(stack: Stack, ids: Mapping[str, str], changed: Any) -> None:
    """The last test of this file, since what is cut stays cut."""
    await_status(stack, ids["other app"], "delivered")
    assert stack.gateway.retention.summarize(stack.gateway.clock.now() + timedelta(days=1), 1000) > 0
    found = told(*changed('[purposes.notification]\nmobile = ["voice"]\n'), "--app", "shop")
    assert (found["read"], found["cut"], found["same"], found["otherwise"]) == (1, 1, 0, 0)
