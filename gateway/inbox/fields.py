"""Which fields of a report are documented; the others are new to us, and kept in the timeline as they came. Pure.

Source: Twilio's status callbacks of Messages and Calls, its Event Streams schemas, SendGrid's Event Webhook Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

MAX_LINE = 500

# Without underscores and in lower case, because callbacks and events spell them differently.
_DOCUMENTED = frozenset({
    "accountsid", "messagingservicesid", "rawdlrdonedate", "channelinstallsid", "channelprefix", "eventtype",
    "eventname", "timestamp", "numberofsegments", "numsegments", "nummedia", "smsmessagesid", "messagestatus",
    "smsstatus", "callstatus", "direction", "callduration", "duration", "sipresponsecode", "sequencenumber",
    "callbacksource", "answeredby", "parentcallsid", "machinedetectionduration", "recordingsid", "recordingstatus",
    "recordingduration", "recordingchannels", "recordingstarttime", "recordingsource", "recordingtrack", "queuetime",
    "servicesid", "verificationstatus", "attemptsid", "channel", "country", "createdat", "verifiedat", "expiredat",
    "updatedat", "flowsid", "flowrevision", "startedat", "endedat", "type", "reason", "response", "status",
    "bounceclassification", "asmgroupid", "sgmachineopen",
})  # fmt: skip


def undocumented(fields: Mapping[str, str]) -> str:
    """What nobody has told us of yet, in one line whatever its order; empty where there is nothing."""
    found = [f"{name}={value}" for name, value in sorted(fields.items()) if not _documented(name)]
    return ", ".join(found)[:MAX_LINE]


@lru_cache(maxsize=1024)
def _documented(name: str) -> bool:
    return name.replace("_", "").lower() in _DOCUMENTED
