"""What test intents are sent with is what the sandbox accepts: the two share no code, so a test compares them."""

from __future__ import annotations

from gateway import sandbox
from gateway.settings import Settings
from gateway.wiring import testing


def test_the_constants_are_the_sandboxes_own() -> None:
    assert (testing.ACCOUNT, testing.TOKEN) == (sandbox.SANDBOX_ACCOUNT_SID, sandbox.SANDBOX_AUTH_TOKEN)
    assert testing.MESSAGING_SERVICE == sandbox.SANDBOX_MESSAGING_SERVICE_SID
    assert testing.NUMBER == sandbox.SANDBOX_FROM_NUMBER
    assert f"whatsapp:{testing.NUMBER}" == sandbox.SANDBOX_WHATSAPP_FROM
    assert testing.VERIFY_SERVICE == sandbox.SANDBOX_VERIFY_SERVICE_SID
    assert testing.FLOW == sandbox.SANDBOX_FLOW_SID
    assert testing.MAIL_KEY == sandbox.SANDBOX_SENDGRID_API_KEY
    assert testing.MAIL_PUBLIC_KEY == sandbox.SANDBOX_SENDGRID_PUBLIC_KEY


def test_no_configured_sender_is_called_as_the_one_of_tests() -> None:
    settings = Settings.load(environ={})
    assert testing.test_sender(settings).name not in {sender.name for sender in settings.senders}
