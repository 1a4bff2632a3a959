"""The kinds of telephone line."""

from __future__ import annotations

from enum import StrEnum


class LineType(StrEnum):
    """Spelled as Lookup v2 spells it. Source: Lookup v2 line_type_intelligence.type."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    FIXED_VOIP = "fixedVoip"
    NON_FIXED_VOIP = "nonFixedVoip"
    TOLL_FREE = "tollFree"
    PREMIUM = "premium"
    SHARED_COST = "sharedCost"
    PERSONAL = "personal"
    UAN = "uan"
    VOICEMAIL = "voicemail"
    PAGER = "pager"
    UNKNOWN = "unknown"
