"""The one call that each operation is: which SDK resource creates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twilio.rest import Client

from gateway.channels.shape import Operation, ProviderRequest

CREATE: Mapping[Operation, Callable[[Client, ProviderRequest], Any]] = {
    Operation.MESSAGE: lambda client, request: client.messages.create(**request.params),
    Operation.CALL: lambda client, request: client.calls.create(**request.params),
    Operation.VERIFICATION: lambda client, request: client.verify.v2.services(request.resource).verifications.create(
        **request.params
    ),
    Operation.EXECUTION: lambda client, request: client.studio.v2.flows(request.resource).executions.create(
        **request.params
    ),
}
