"""The small pieces by themselves: signatures, segments, overrides, shelves, and what the sandbox may import."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

import gateway.sandbox
from gateway.sandbox.__main__ import options_from
from gateway.sandbox.overrides import DEFAULT, read_overrides
from gateway.sandbox.products.segments import segments
from gateway.sandbox.shelf import Shelf
from gateway.sandbox.signing import form_signature, signed_url, url_signature

CALL = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675310"),
    ("Digits", "1234"),
    ("From", "+14158675310"),
    ("To", "+18005551212"),
]
REPEATED = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]


@pytest.mark.parametrize(
    ("url", "fields", "expected"),
    [
        ("https://example.com/myapp.php?foo=1&bar=2", CALL, "L/OH5YylLD5NRKLltdqwSvS0BnU="),
        ("https://mycompany.com/myapp.php?foo=1&bar=2", REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        ("https://mycompany.com/myapp.php?foo=1&bar=2", [], "zYQTYrRWXE7LtzbG4PfP7/bkkGo="),
    ],
)
def test_signatures_match_the_published_ones(url: str, fields: list[tuple[str, str]], expected: str) -> None:
    assert form_signature("12345", url, fields) == expected


def test_a_json_signature_covers_the_url_alone() -> None:
    digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    url = f"https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256={digest}"
    assert url_signature("12345", url) == "a9nBmqA0ju/hNViExpshrM61xv4="


@pytest.mark.parametrize(
    ("url", "voice", "expected"),
    [
        ("http://user:pass@h.example:8080/a?b=c#rc=2", False, "http://h.example:8080/a?b=c"),
        ("https://h.example:8443/a", False, "https://h.example:8443/a"),
        ("https://h.example:8443/a", True, "https://h.example/a"),
        ("https://h.example/a", True, "https://h.example/a"),
        ("http://h.example:8080/a", True, "http://h.example:8080/a"),
    ],
)
def test_the_signed_url_loses_what_twilio_leaves_out(url: str, voice: bool, expected: str) -> None:
    assert signed_url(url, drop_port=voice) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_segments(text: str, expected: int) -> None:
    assert segments(text) == expected


def test_an_escape_pair_is_not_split() -> None:
    assert segments("a" * 152 + "€" + "a" * 152) == 3


def test_overrides_take_what_is_in_range() -> None:
    found = read_overrides("http://h/a#ct=200&rt=300&tt=9000&rc=5&rp=5xx,rt,nonsense&sni=y")
    assert (found.connect_ms, found.read_ms, found.total_ms, found.retries) == (200, 300, 9000, 5)
    assert found.retry_on == {"5xx", "rt"}
    assert read_overrides("http://h/a#rc=6&ct=1") == DEFAULT
    assert read_overrides("http://h/a") is DEFAULT


@dataclass
class Thing:
    sid: str
    kind: str
    seq: int = 0


def test_a_shelf_drops_the_oldest_and_finds_by_key() -> None:
    shelf: Shelf[Thing] = Shelf(3, lambda thing: thing.kind)
    for number in range(5):
        shelf.add(Thing(str(number), "even" if number % 2 == 0 else "odd"))
    assert [thing.sid for thing in shelf.newest()] == ["4", "3", "2"]
    assert [thing.sid for thing in shelf.newest("even")] == ["4", "2"]
    assert [thing.sid for thing in shelf.newest("odd")] == ["3"]
    assert shelf.get("0") is None
    shelf.remove("3")
    assert list(shelf.newest("odd")) == []
    assert len(shelf) == 2


def test_the_command_line_becomes_options() -> None:
    options = options_from(["--port", "0", "--seed", "7", "--sender", "+14155550199", "--allow-any-callback-host"])
    assert (options.port, options.seed, options.senders) == (0, 7, ("+14155550199",))
    assert options.allow_any_callback_host is True
    assert options_from([]).allow_any_callback_host is False


def test_the_sandbox_imports_nothing_of_the_gateway_but_itself() -> None:
    root = Path(gateway.sandbox.__file__).parent
    for source in root.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                assert not name.startswith("webhooks"), source
                assert not name.startswith("gateway") or name.startswith("gateway.sandbox"), source
