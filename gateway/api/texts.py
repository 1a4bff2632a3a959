"""JSON as it is written to callers."""

from __future__ import annotations

import json


def dumps(document: object) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
