"""A message that Twilio took and never speaks of again is asked for, and ends as `sent` after three days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.act import moves
from gateway.ids import ulid
from gateway.model import Content, Decision, Intent, LineType, Lookup, LookupSource, Recipient, Step
from tests.act.world import OTHER, START, World


def test_silence_is_an_end_after_72_hours_and_not_later(world: World) -> None:
    intent_id = world.accept("sms")
    world.run(intent_id)
    done = world.until_final(intent_id)
    assert done.status == "sent"
    assert timedelta(hours=72) <= world.clock.now() - START < timedelta(hours=72, minutes=1)


@pytest.mark.parametrize(
    ("line_type", "taught"),
    [(LineType.MOBILE, True), (LineType.UNKNOWN, True), (LineType.NON_FIXED_VOIP, False), (LineType.PREMIUM, False)],
)
def test_an_error_corrects_a_mobile_and_makes_no_landline_of_another_line(
    world: World, line_type: LineType, taught: bool
) -> None:
    intent = Intent(ulid(), "shop", "notification", Recipient(OTHER, "US"), Content(body="x"), world.clock.now())
    lookup = Lookup(OTHER, LookupSource.CACHE, None, valid=True, country="US", line_type=line_type)
    progress = moves.accepted(intent, Decision(route=(Step.parse("sms"),)), lookup, pending=False)
    world.gateway.intents.accept(progress, None, ring=False)
    world.run(intent.id)
    world.report(intent.id, 1, "undelivered", 30006)
    known = world.gateway.reads.known("shop", OTHER, None, None)
    assert (known.learned_line_type is not None) is taught
