"""What the mail service says of an address makes one entry, also where the e-mail was one of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.adapters.store.connection import Client
from gateway.inbox import StatusReported, Subject
from tests.act.world import MOBILE, world_on

ADDRESS = "ann@example.com"


@pytest.mark.parametrize(
    ("word", "reason", "source"),
    [
        ("bounce", "", "hard_bounce"),
        ("dropped", "Bounced Address", "hard_bounce"),
        ("dropped", "Invalid", "hard_bounce"),
        ("dropped", "Unsubscribed Address", "unsubscribe"),
        ("dropped", "Spam Reporting Address", "spam_report"),
        ("unsubscribe", "", "unsubscribe"),
        ("spamreport", "", "spam_report"),
    ],
)
def test_one_event_about_our_own_mail_makes_one_entry(
    client: Client, redis_url: str, tmp_path: Path, word: str, reason: str, source: str
) -> None:
    world = world_on(client, redis_url, tmp_path)
    intent_id = world.accept("email", email=ADDRESS)
    sid = world.run(intent_id).attempts[0].provider_sid or ""
    told = StatusReported(
        Subject.EMAIL, sid, word, intent_id, 1, address=ADDRESS, event_id="e-1", fields={"reason": reason}
    )
    world.inbox.receive(told)
    suppressions = world.gateway.suppressions
    assert [(entry.scope, entry.source) for entry in suppressions.entries(ADDRESS)] == [("email", source)]
    assert suppressions.entries(MOBILE) == ()
