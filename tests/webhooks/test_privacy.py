"""What of a report may be kept."""

from __future__ import annotations

import pytest

from webhooks.privacy import MAX_TEXT, kept, scrubbed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+14155550123", "+1415555****"),
        ("Invalid 'To' Phone Number: +447700900123", "Invalid 'To' Phone Number: +44770090****"),
        ("whatsapp:+14155550123 is out", "whatsapp:+1415555**** is out"),
        ("call (415) 555-0123 now", "call (415) 555-**** now"),
        ("from 14155550123, to 442079460123", "from 1415555****, to 44207946****"),
        ("write to ann.b+c@mail.example.com!", "write to ****"),
        ("error 30003 at 5.1.1", "error 30003 at 5.1.1"),
        ("SM0123456789abcdef0123456789abcdef", "SM0123456789abcdef0123456789abcdef"),
        ("", ""),
    ],
)
def test_numbers_and_addresses_in_text_are_masked(text: str, expected: str) -> None:
    assert scrubbed(text) == expected


def test_text_and_fields_are_bounded() -> None:
    assert len(scrubbed("x" * 10_000)) == MAX_TEXT
    assert len(scrubbed("a@" * 10_000)) <= MAX_TEXT
    fields = kept(((f"name{n}" + "x" * 100, "v" * 10_000) for n in range(200)), frozenset())
    assert len(fields) == 40
    assert all(len(name) <= 64 and len(value) <= MAX_TEXT for name, value in fields.items())
