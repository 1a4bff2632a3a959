"""What people would have received: texts, spoken calls, e-mails and codes, bounded and readable."""

from collections import deque
from typing import Any

from gateway.sandbox.times import iso_ms, now


class Outbox:
    def __init__(self, bound: int) -> None:
        self._items: deque[dict[str, Any]] = deque(maxlen=bound)

    def put(self, kind: str, to: str, text: str, **more: object) -> None:
        """Kinds: sms, whatsapp, call, email, verification."""
        self._items.append({"at": iso_ms(now()), "kind": kind, "to": to, "text": text, **more})

    def shown(self, to: str | None, limit: int) -> list[dict[str, Any]]:
        """Newest last; a number matches with or without `whatsapp:`."""
        found = [item for item in self._items if to is None or item["to"].removeprefix("whatsapp:") == to]
        return found[-limit:]
