"""What all commands share: their help, the settings file, and numbers that are checked before anything starts."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gateway.cli.root import COMMANDS, UNCONFIGURED, cli


def leaves(command: click.Command, words: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [words]
    return [leaf for name, below in command.commands.items() for leaf in leaves(below, (*words, name))]


def found(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command


EVERY = [leaf for name in sorted(COMMANDS) for leaf in leaves(found(name), (name,))]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Names a setting that there is not, so that whoever reads it says so. What is set for children is taken back."""
    monkeypatch.setenv("GATEWAY_CONFIG", "")
    path = tmp_path / "own.toml"
    path.write_text("[nothing]\n")
    return path


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    told = CliRunner().invoke(cli, [*words, "--help"], catch_exceptions=False)
    assert told.exit_code == 0 and told.stdout.startswith(f"Usage: cli {' '.join(words)} ")


@pytest.mark.parametrize("words", [w for w in EVERY if w[0] not in UNCONFIGURED], ids=" ".join)
def test_every_command_that_reads_the_settings_takes_their_file(words: tuple[str, ...]) -> None:
    assert "--config FILE" in CliRunner().invoke(cli, [*words, "--help"], catch_exceptions=False).stdout


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_file_is_read_by_the_command_and_by_what_it_starts(file: Path, place: str) -> None:
    option = ("--config", str(file))
    words = (*option, "keys", "list") if place == "before" else ("keys", "list", *option)
    done = CliRunner().invoke(cli, words)
    assert done.exception is not None and str(file) in str(done.exception)
    assert os.environ["GATEWAY_CONFIG"] == str(file)


def test_a_file_that_is_not_there_is_named() -> None:
    done = CliRunner().invoke(cli, ["worker", "--config", "nowhere.toml"])
    assert done.exit_code == 2 and "nowhere.toml" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("serve", "--port", "65536"),
        ("serve", "--threads", "0"),
        ("serve", "--workers", "many"),
        ("worker", "--concurrency", "0"),
        ("sandbox", "--port", "0"),
        ("demo", "--port", "99999"),
        ("dev", "--concurrency", "-1"),
    ],
    ids=" ".join,
)
def test_a_number_out_of_range_starts_nothing(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 2 and words[1] in done.stderr


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = CliRunner().invoke(cli, ["sandbox", "--port", str(port)])
    assert done.exit_code == 1 and done.stderr.startswith(f"Error: port {port} ")
