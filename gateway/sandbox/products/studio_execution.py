"""A Studio execution as the API shows it. Source: twilio_studio_v2."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.sandbox.sids import new_sid
from gateway.sandbox.times import iso, now

BASE = "https://studio.twilio.com/v2/Flows"


@dataclass(slots=True)
class Execution:
    """`outcome` is what the flow's own HTTP request said at its end."""

    sid: str
    account_sid: str
    flow_sid: str
    to: str
    sender: str
    parameters: dict[str, Any]
    status: str = "active"
    outcome: str | None = None
    contact_sid: str = field(default_factory=lambda: new_sid("FC"))
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    seq: int = 0

    def as_json(self) -> dict[str, Any]:
        url = f"{BASE}/{self.flow_sid}/Executions/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "flow_sid": self.flow_sid,
            "context": {},
            "contact_channel_address": self.to,
            "contact_sid": self.contact_sid,
            "flow_version": 1,
            "status": self.status,
            "initiated_by": "RQ" + self.sid[2:],
            "date_created": iso(self.created),
            "date_updated": iso(self.updated),
            "url": url,
            "links": {"steps": f"{url}/Steps", "execution_context": f"{url}/Context"},
        }

    def context_as_json(self) -> dict[str, Any]:
        widgets = {} if self.outcome is None else {"report_outcome": {"body": "", "status_code": 200}}
        context = {
            "flow": {
                "flow_sid": self.flow_sid,
                "sid": self.sid,
                "data": self.parameters,
                "channel": {"address": self.sender},
            },
            "trigger": {"message": {}, "call": {}, "request": {"to": self.to, "from": self.sender}},
            "contact": {"channel": {"address": self.to}},
            "widgets": widgets,
        }
        return {
            "account_sid": self.account_sid,
            "context": context,
            "flow_sid": self.flow_sid,
            "execution_sid": self.sid,
            "url": f"{BASE}/{self.flow_sid}/Executions/{self.sid}/Context",
        }
