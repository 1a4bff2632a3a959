"""`gateway lookup`, `costs` and `policy diff` as a person calls them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway import sandbox, wiring
from gateway.cli.root import cli
from gateway.settings import Settings
from tests.stack import environment

MOBILE = "+14155550100"


@pytest.fixture
def twilio() -> Iterator[sandbox.RunningSandbox]:
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0)) as running:
        yield running


@pytest.fixture(autouse=True)
def _gateway(
    client: Any, redis_url: str, twilio: sandbox.RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    variables = environment(redis_url, twilio.url, "http://127.0.0.1:9")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    gateway = wiring.build(Settings.load(None, variables))
    wiring.use(gateway)
    yield
    wiring.use(None)
    gateway.ledger.flush()  # or it would be written while the next test counts


def run(*args: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, args, input=typed)


def test_a_number_is_looked_up() -> None:
    found = json.loads(run("lookup", "(415) 555-0100", "--country", "US", "--json").stdout)
    assert (found["phone_number"], found["line_type"], found["source"]) == (MOBILE, "mobile", "live")
    assert "T-Mobile USA, Inc." in run("lookup", MOBILE).stdout


def test_a_paid_name_is_bought_only_after_its_price_was_accepted() -> None:
    asked = run("lookup", MOBILE, "--fields", "caller_name", typed="n\n")
    assert asked.exit_code == 1
    assert "0.01 US dollars" in asked.stderr
    assert json.loads(run("costs", "--json").stdout)["rows"] == []
    said = run("lookup", MOBILE, "--fields", "caller_name", "--yes", "--json")
    assert json.loads(said.stdout)["caller_name"] == "SANDBOX PERSON"


def test_who_asked_and_why_is_shown_and_asks_nothing() -> None:
    run("lookup", MOBILE, "--reason", "chargeback 4711")
    run("lookup", "+14155550101", "--fields", "")
    (told,) = json.loads(run("lookup", MOBILE, "--who-asked", "--json").stdout)
    assert (told["application"], told["fields"], told["reason"]) == (
        "cli", ["line_type_intelligence"], "chargeback 4711",
    )  # fmt: skip
    assert told["who"] and told["at"]
    assert "chargeback 4711" in run("lookup", MOBILE, "--who-asked").stdout
    assert sum(row["count"] for row in json.loads(run("costs", "--json").stdout)["rows"]) == 1


def test_a_question_that_was_not_confirmed_is_not_on_record() -> None:
    run("lookup", MOBILE, "--fields", "caller_name", typed="n\n")
    assert json.loads(run("lookup", MOBILE, "--who-asked", "--json").stdout) == []


def test_a_field_that_is_not_offered_is_refused() -> None:
    assert "known: line_type_intelligence" in run("lookup", MOBILE, "--fields", "horoscope").stderr


def test_costs_are_told_by_application_kind_and_field() -> None:
    for number in (MOBILE, MOBILE, "+14155550101"):
        run("lookup", number)
    found = json.loads(run("costs", "--json", "--days", "1").stdout)
    rows = [(row["app"], row["kind"], row["field"], row["count"], row["usd"]) for row in found["rows"]]
    assert sorted(rows) == [
        ("cli", "cache", "line_type_intelligence", 1, "0.008"),
        ("cli", "paid", "line_type_intelligence", 2, "0.016"),
    ]
    assert (found["spent"], found["spared"]) == ("0.016", "0.008")
    assert json.loads(run("costs", "--json", "--app", "shop").stdout)["rows"] == []
    shown = run("costs")
    assert "Spent 0.016" in shown.stderr
    assert {line.count("\t") for line in shown.stdout.splitlines()} == {5}


def test_policies_are_compared_over_numbers_that_the_cache_knows(tmp_path: Path) -> None:
    run("lookup", MOBILE)
    old, new, numbers = tmp_path / "old.toml", tmp_path / "new.toml", tmp_path / "numbers.csv"
    old.write_text("")
    new.write_text('[purposes.notification]\nmobile = ["voice"]\n')
    numbers.write_text(f"phone\n{MOBILE}\n+14155550101\n")
    args = ("policy", "diff", str(old), str(new), "--from", str(numbers), "--json")
    found = json.loads(run(*args, "--price", "sms=0.01", "--price", "voice=0.02").stdout)
    assert found["moves"] == [{"from": "sms>voice", "to": "voice", "count": 1, "usd": "0.01"}]
    assert json.loads(run(*args, "--offline").stdout)["moved"] == 0
    assert run(*args, "--price", "pigeon=1").exit_code == 2


def test_an_output_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"phone\n{MOBILE}\n")
    out.write_text("precious")
    assert run("enrich", str(source), "-o", str(out)).exit_code == 1
    assert out.read_text() == "precious"
    done = run("enrich", str(source), "-o", str(out), "--force")
    assert done.exit_code == 0
    assert "1 rows" in done.stderr
    assert MOBILE in out.read_text()
