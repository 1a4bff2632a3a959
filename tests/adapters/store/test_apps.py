from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from gateway.adapters.store.apps import App, Apps
from gateway.errors import InvalidRequest, StoreUnavailable

SENDER, OTHER = "+14155550100", "+14155550101"


@pytest.fixture
def apps(client: Any, sealer: Any, clock: Any) -> Apps:
    return Apps(client, sealer, clock)


def test_an_application_comes_back_as_it_was_set(apps: Apps) -> None:
    app = apps.set("billing", callback_url="https://example.com/events?a=1", senders=[SENDER, SENDER])
    assert app == App("billing", "https://example.com/events?a=1", (SENDER,))
    assert apps.get("billing") == app
    assert apps.get("other") is None
    assert apps.get("#") is None


def test_what_is_not_named_stays_and_what_is_empty_goes(apps: Apps) -> None:
    apps.set("billing", callback_url="https://example.com/a", senders=[SENDER])
    assert apps.set("billing", senders=[OTHER]) == App("billing", "https://example.com/a", (OTHER,))
    assert apps.set("billing", callback_url="") == App("billing", None, (OTHER,))
    assert apps.set("billing", senders=[]) == App("billing")


def test_all_are_listed_by_name(apps: Apps) -> None:
    for name in ("b", "a", "c"):
        apps.set(name)
    assert [app.name for app in apps.list()] == ["a", "b", "c"]


def test_a_sender_has_one_owner(apps: Apps) -> None:
    apps.set("billing", senders=[SENDER])
    with pytest.raises(InvalidRequest, match="senders"):
        apps.set("alerts", senders=[OTHER, SENDER])
    assert (apps.owner(SENDER), apps.owner(OTHER)) == ("billing", None)
    apps.set("billing", senders=[])
    apps.set("alerts", senders=[OTHER, SENDER])
    assert apps.owner(SENDER) == "alerts"


def test_a_number_is_its_whatsapp_sender_too_unless_that_is_named(apps: Apps) -> None:
    apps.set("billing", senders=[SENDER])
    assert apps.owner(f"whatsapp:{SENDER}") == "billing"
    apps.set("chat", senders=[f"whatsapp:{SENDER}"])
    assert (apps.owner(f"whatsapp:{SENDER}"), apps.owner(SENDER)) == ("chat", "billing")


def test_a_secret_signs_as_standard_webhooks_does(apps: Apps) -> None:
    secret = apps.secret("billing")
    assert secret.startswith("whsec_")
    signed_at = datetime.now(UTC)
    signature = Webhook(secret).sign("msg_1", signed_at, "{}")
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": signature,
    }
    Webhook(apps.signing_secrets("billing")[0]).verify("{}", headers)


def test_a_secret_is_shown_once(apps: Apps) -> None:
    secret = apps.secret("billing")
    with pytest.raises(InvalidRequest, match="rotate"):
        apps.secret("billing")
    assert apps.signing_secrets("billing") == (secret,)
    assert secret not in repr(apps.get("billing"))


def test_a_secret_that_was_made_to_sign_is_still_to_be_shown(apps: Apps) -> None:
    apps.set("billing", "https://example.com/events")
    signed_with = apps.signing("billing")
    assert apps.signing("billing") == signed_with
    assert (apps.secret("billing"),) == signed_with
    with pytest.raises(InvalidRequest):
        apps.secret("billing")


def test_a_rotation_shows_the_new_secret_even_when_the_old_was_not_shown(apps: Apps) -> None:
    (old,) = apps.signing("billing")
    new = apps.secret("billing", rotate=True)
    assert apps.signing("billing") == (new, old)
    with pytest.raises(InvalidRequest):
        apps.secret("billing")


def test_an_old_secret_is_valid_for_a_day(apps: Apps, clock: Any) -> None:
    first = apps.secret("billing")
    clock.move(timedelta(hours=1))
    second = apps.secret("billing", rotate=True)
    clock.move(timedelta(hours=23, minutes=59))
    third = apps.secret("billing", rotate=True)
    assert apps.signing_secrets("billing") == (third, second, first)
    clock.move(timedelta(minutes=1))
    assert apps.signing_secrets("billing") == (third, second)
    clock.move(timedelta(days=1))
    fourth = apps.secret("billing", rotate=True)
    assert apps.signing_secrets("billing") == (fourth, third)
    assert len(apps.get("billing").secrets) == 2  # type: ignore[union-attr]


def test_changing_an_application_keeps_its_secret(apps: Apps) -> None:
    secret = apps.secret("billing")
    apps.set("billing", callback_url="https://example.com/")
    assert apps.signing_secrets("billing") == (secret,)
    assert apps.signing_secrets("nobody") == ()


def test_neither_senders_nor_secrets_are_readable_in_the_store(apps: Apps, everything: Callable[[], bytes]) -> None:
    apps.set("billing", senders=[SENDER])
    secret = apps.secret("billing")
    assert SENDER[1:].encode() not in everything()
    assert secret.removeprefix("whsec_").encode() not in everything()


def test_changes_at_once_lose_nothing(apps: Apps, at_once: Any) -> None:
    at_once(8, lambda n: apps.set(f"app{n}", senders=[f"+1415555010{n}"]))
    assert [app.senders for app in apps.list()] == [(f"+1415555010{n}",) for n in range(8)]


def test_of_many_who_want_one_sender_at_once_one_gets_it(apps: Apps, at_once: Any) -> None:
    def want(number: int) -> bool:
        try:
            apps.set(f"app{number}", senders=[SENDER])
        except InvalidRequest:
            return False
        return True

    assert at_once(8, want).count(True) == 1


@pytest.mark.parametrize("url", ["ftp://example.com/", "https://", "example.com", "//example.com", "https:example.com"])
def test_a_callback_url_that_cannot_be_called_is_refused(apps: Apps, url: str) -> None:
    with pytest.raises(InvalidRequest, match="callback_url"):
        apps.set("billing", callback_url=url)


def test_a_record_cannot_be_moved_to_another_application(apps: Apps, client: Any) -> None:
    apps.secret("billing")
    client.hset("gw:apps", "thief", client.hget("gw:apps", "billing"))
    with pytest.raises(StoreUnavailable):
        apps.get("thief")
