"""Studio's flows: whether they exist, are published, report back, and read only what they are given.

Source: Studio's flow definition; what the REST API passes is read in a flow as `flow.data.<name>`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.doctor.finding import Finding, failed, ok, skipped, warning
from gateway.doctor.patient import Patient
from gateway.errors import ProviderRefused

GIVEN = frozenset({"line_type", "carrier", "country", "purpose", "intent_id", "callback_url"})
"""What the gateway passes by itself; the rest has to come in the application's `parameters`."""
READ = re.compile(r"flow\.data(?:\.([A-Za-z_]\w*)|\[\s*\\?[\"']([^\"'\\]+)\\?[\"']\s*\])")
NO_SUCH = 404


def flows(patient: Patient) -> Iterator[Finding]:
    """Raises ProviderError."""
    configured = patient.settings.flows
    if not configured:
        yield skipped("studio_flow", "No flow is configured.")
        return
    if patient.lacks_credentials:
        yield skipped("studio_flow", "Without credentials Twilio is not asked.")
        return
    for name, flow in configured.items():
        try:
            found = patient.gateway.calls.flow(flow.sid)
        except ProviderRefused as err:
            if err.status != NO_SUCH:
                raise
            what = f"[studio.flows] {name} names a flow that this account does not have."
            yield failed("studio_flow", what, "Correct the SID, or use the account that owns it.")
            continue
        yield from _judged(name, found)


def _judged(name: str, flow: Mapping[str, Any]) -> Iterator[Finding]:
    if flow.get("status") != "published":
        what = f"The flow {name} is {flow.get('status')}: executions run the last published revision, or none."
        yield failed("studio_flow", what, "Publish it.")
    reads = parameters_read(flow.get("definition"))
    if foreign := sorted(reads - GIVEN):
        what = f"The flow {name} reads {', '.join(foreign)}, which the gateway does not pass."
        yield warning("studio_parameters", what, "Every application must give them in `parameters`.")
    else:
        yield ok("studio_parameters", f"The flow {name} reads only what it is given.")
    if "callback_url" in reads:
        yield ok("studio_flow", f"The flow {name} is there and reports its outcome.")
    else:
        what = f"The flow {name} never reads callback_url: its intents stay `sent`, whatever comes of them."
        yield warning("studio_flow", what, "Let its last widget make an HTTP request to {{flow.data.callback_url}}.")


def parameters_read(definition: object) -> frozenset[str]:
    """The names that stand as `flow.data.<name>` anywhere in a definition."""
    text = definition if isinstance(definition, str) else json.dumps(definition)
    return frozenset(dotted or quoted for dotted, quoted in READ.findall(text))
