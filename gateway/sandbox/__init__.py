"""A local Twilio and SendGrid for the unmodified SDK: signed callbacks, scenarios by number, faults on demand.

It shares no code with the gateway, so that the two cannot share a mistake, and it calls loopback addresses only.
"""

from gateway.sandbox.app import create_app
from gateway.sandbox.options import (
    SANDBOX_ACCOUNT_SID,
    SANDBOX_API_KEY_SECRET,
    SANDBOX_API_KEY_SID,
    SANDBOX_AUTH_TOKEN,
    SANDBOX_FLOW_SID,
    SANDBOX_FROM_NUMBER,
    SANDBOX_MESSAGING_SERVICE_SID,
    SANDBOX_SENDGRID_API_KEY,
    SANDBOX_VERIFY_SERVICE_SID,
    SANDBOX_WHATSAPP_FROM,
    SandboxOptions,
)
from gateway.sandbox.server import RunningSandbox, serve, start_in_thread
from gateway.sandbox.signing import SANDBOX_SENDGRID_PUBLIC_KEY

__all__ = [
    "SANDBOX_ACCOUNT_SID",
    "SANDBOX_API_KEY_SECRET",
    "SANDBOX_API_KEY_SID",
    "SANDBOX_AUTH_TOKEN",
    "SANDBOX_FLOW_SID",
    "SANDBOX_FROM_NUMBER",
    "SANDBOX_MESSAGING_SERVICE_SID",
    "SANDBOX_SENDGRID_API_KEY",
    "SANDBOX_SENDGRID_PUBLIC_KEY",
    "SANDBOX_VERIFY_SERVICE_SID",
    "SANDBOX_WHATSAPP_FROM",
    "RunningSandbox",
    "SandboxOptions",
    "create_app",
    "serve",
    "start_in_thread",
]
