"""`gateway send`, `route` and `intents` against a running gateway: what they print, and the status they end with."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from gateway.cli.root import cli
from tests.stack import KEY, Stack, running


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with running(redis_url, Path(tmp_path_factory.mktemp("people"))) as found:
        yield found
    structlog.reset_defaults()


def run(stack: Stack, *words: str, text: str | None = None, key: str = KEY) -> Result:
    return CliRunner().invoke(cli, words, input=text, env={"GATEWAY_URL": stack.url, "GATEWAY_API_KEY": key})


def test_an_intent_is_sent_and_shown_masked(stack: Stack) -> None:
    done = run(stack, "send", "(415) 555-0100", "Your order has shipped.", "--country", "us", "--wait", "5")
    assert done.exit_code == 0, done.output
    assert "+1415555****" in done.stdout and "0100" not in done.stdout
    assert "sms, voice" in done.stdout


def test_json_is_the_answer_as_it_came(stack: Stack) -> None:
    sent = json.loads(run(stack, "send", "+14155550100", "-", "--json", text="From stdin.\n").stdout)
    shown = json.loads(run(stack, "intents", "show", sent["id"], "--json").stdout)
    assert shown["id"] == sent["id"] and shown["route"] == ["sms", "voice"]
    page = json.loads(run(stack, "intents", "list", "--json", "--limit", "1").stdout)
    assert [intent["id"] for intent in page["intents"]] == [sent["id"]]
    found = json.loads(run(stack, "intents", "search", "+14155550100", "--json").stdout)
    assert sent["id"] in [intent["id"] for intent in found["intents"]]


def test_a_search_goes_on_where_it_stopped(stack: Stack) -> None:
    for n in range(3):
        run(stack, "send", "+14155550103", f"Parcel {n} is here.")
    ids, cursor = [], []
    for _ in range(3):
        page = json.loads(run(stack, "intents", "search", "+14155550103", "--limit", "1", *cursor, "--json").stdout)
        ids += [intent["id"] for intent in page["intents"]]
        cursor = ["--cursor", page["next_cursor"]]
    assert len(set(ids)) == 3


def test_every_option_reaches_the_intent(stack: Stack) -> None:
    options = ("--flow", "welcome", "--parameter", "name=Ann", "--metadata", "order=1", "--ttl", "600")
    sent = json.loads(run(stack, "send", "+14155550180", *options, "--json").stdout)
    progress = stack.gateway.intents.load(sent["id"])
    assert progress is not None
    intent = progress.intent
    assert (intent.flow, intent.parameters, intent.metadata) == ("welcome", {"name": "Ann"}, {"order": "1"})
    assert intent.ttl.total_seconds() == 600


def test_a_key_makes_a_repeat_harmless(stack: Stack) -> None:
    words = ("send", "+14155550101", "Once.", "--idempotency-key", "cli-1", "--json")
    first, second = (json.loads(run(stack, *words).stdout) for _ in range(2))
    assert first["id"] == second["id"]


def test_a_dry_run_sends_nothing(stack: Stack) -> None:
    before = len(json.loads(run(stack, "intents", "list", "--json", "--limit", "200").stdout)["intents"])
    done = run(stack, "route", "+14155550110", "Hello.")
    assert done.exit_code == 0 and "voice" in done.stdout and "landline" in done.stdout
    assert run(stack, "route", "+14155550110", "Hello.", "--offline").exit_code == 0
    assert len(json.loads(run(stack, "intents", "list", "--json", "--limit", "200").stdout)["intents"]) == before


def test_a_waiting_intent_is_canceled_and_retried(stack: Stack) -> None:
    sent = json.loads(run(stack, "send", "+14155550120", "Hello.", "--json").stdout)
    stack.until(sent["id"], "awaiting_verification")
    assert "canceled" in run(stack, "intents", "cancel", sent["id"]).stdout
    again = json.loads(run(stack, "intents", "retry", sent["id"], "--json").stdout)
    assert again["retry_of"] == sent["id"]
    twice = run(stack, "intents", "retry", sent["id"])
    assert twice.exit_code == 1 and twice.stderr.startswith("gateway: not_retryable: ")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("send", "12", "Hello."), "invalid_number"),
        (("send", "+447700900123", "Hello."), "country_not_allowed"),
        (("send", "+14155550100", "Hello.", "--purpose", "none"), "invalid_request"),
        (("route", "+14155550130", "Hello."), "invalid_number"),
        (("intents", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV"), "not_found"),
    ],
)
def test_a_refusal_ends_with_1_and_its_code_on_stderr(stack: Stack, words: tuple[str, ...], code: str) -> None:
    done = run(stack, *words)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"gateway: {code}: ") and done.stdout == ""


def test_an_intent_that_failed_while_we_waited_ends_with_1(stack: Stack) -> None:
    done = run(stack, "send", "+14155550142", "Hello.", "--wait", "10", "--channel", "sms")
    assert done.exit_code == 1, done.output
    assert "failed" in done.stdout and done.stderr.startswith("gateway: ")


@pytest.mark.parametrize(
    "words",
    [
        ("send",),
        ("send", "+14155550100", "Hello.", "--wait", "11"),
        ("send", "+14155550100", "Hello.", "--metadata", "novalue"),
        ("send", "+14155550100", "Hello.", "--content", "{"),
        ("intents", "show", "+14155550100"),
        ("intents", "show", "../keys"),
        ("intents", "list", "--status", "none"),
    ],
)
def test_wrong_usage_ends_with_2(stack: Stack, words: tuple[str, ...]) -> None:
    assert run(stack, *words).exit_code == 2


def test_no_key_is_wrong_usage_and_a_wrong_one_a_refusal(stack: Stack) -> None:
    assert run(stack, "send", "+14155550100", "Hello.", key="").exit_code == 2
    wrong = run(stack, "send", "+14155550100", "Hello.", key="gw_live_x")
    assert wrong.exit_code == 1 and "unauthenticated" in wrong.stderr


def test_a_gateway_that_does_not_answer_is_named(stack: Stack) -> None:
    done = run(stack, "intents", "list", "--url", "http://127.0.0.1:9")
    assert done.exit_code == 1 and "http://127.0.0.1:9 does not answer" in done.stderr


def test_completion_knows_the_words(stack: Stack) -> None:
    environment = {"_GATEWAY_COMPLETE": "bash_complete", "COMP_WORDS": "gateway intents re", "COMP_CWORD": "2"}
    done = CliRunner().invoke(cli, [], env=environment, prog_name="gateway")
    assert "retry" in done.stdout


def test_a_page_of_intents_goes_into_a_pipe_as_tabs(stack: Stack) -> None:
    sent = json.loads(run(stack, "send", "+14155550102", "Hello.", "--json").stdout)
    lines = run(stack, "intents", "list", "--limit", "1").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [sent["id"]]


def test_a_refusal_is_told_once(stack: Stack) -> None:
    done = run(stack, "send", "4155550100", "Hello.")
    assert done.exit_code == 1 and done.stderr.count("national number") == 1


@pytest.mark.parametrize("key", ["\u20ac", "a\nb"])
def test_what_cannot_be_a_key_is_refused_before_anything_is_asked(stack: Stack, key: str) -> None:
    done = run(stack, "intents", "list", key=key)
    assert done.exit_code == 2 and "is no API key" in done.stderr


def test_where_no_gateway_is_the_way_to_one_is_told() -> None:
    words = ("intents", "list", "--key", "x", "--url")
    away = CliRunner().invoke(cli, [*words, "http://127.0.0.1:9"])
    assert away.exit_code == 1 and "gateway up" in away.stderr
    assert CliRunner().invoke(cli, [*words, "gateway.example.com"]).exit_code == 2
