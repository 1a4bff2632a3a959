"""What an error inside a Lookup package means: Lookup answers 200 and says per package what went wrong.

Source: Twilio's error dictionary, Lookup v2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class PackageEffect(StrEnum):
    """What to do about a package that carries an error.

    PROCEED: go on without the field, the line type being unknown. USE: take what is there.
    RETRY: ask once more, then proceed. BACK_OFF: stop asking for a while, serve the cache.
    STOP: Lookup is switched off for the account. BUG: we asked wrongly; proceed.
    """

    PROCEED = "proceed"
    USE = "use"
    RETRY = "retry"
    BACK_OFF = "back_off"
    STOP = "stop"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class PackageRow:
    """`keep`: how long the answer may be remembered; None: as long as a good one."""

    code: int
    effect: PackageEffect
    meaning: str
    alert: bool = False
    keep: timedelta | None = None


_P = PackageEffect

_ROWS: tuple[PackageRow, ...] = (
    PackageRow(60003, _P.PROCEED, "nothing is known of this person"),
    PackageRow(60006, _P.PROCEED, "the source does not know the number"),
    PackageRow(60600, _P.PROCEED, "the number is not provisioned or out of coverage"),
    PackageRow(60601, _P.PROCEED, "Canadian numbers need an approval", alert=True),
    PackageRow(60606, _P.PROCEED, "the package is not enabled for this account", alert=True),
    PackageRow(60607, _P.PROCEED, "the package does not cover this country"),
    PackageRow(60608, _P.RETRY, "the source answered with an error"),
    PackageRow(60610, _P.PROCEED, "the number is out of coverage"),
    PackageRow(60611, _P.BACK_OFF, "the quota is used up"),
    PackageRow(60612, _P.PROCEED, "the package covers mobile numbers only"),
    PackageRow(60613, _P.USE, "the source is degraded; older data were given", keep=timedelta(minutes=10)),
    PackageRow(60614, _P.PROCEED, "the number must be looked up in another region", alert=True),
    PackageRow(60616, _P.BACK_OFF, "the package's rate was exceeded"),
    PackageRow(60617, _P.BUG, "a parameter of the package is missing", alert=True),
    PackageRow(60618, _P.BUG, "a parameter of the package is malformed", alert=True),
    PackageRow(60619, _P.PROCEED, "the package is not served in this region", alert=True),
    PackageRow(60620, _P.USE, "some of the data are missing"),
    PackageRow(60621, _P.USE, "some of the carrier's data are missing"),
    PackageRow(60622, _P.BUG, "not one of the numbers for tests", alert=True),
    PackageRow(60623, _P.BUG, "the verification was not found", alert=True),
    PackageRow(60624, _P.BACK_OFF, "the trial account's rate was exceeded"),
    PackageRow(60699, _P.STOP, "Lookup is disabled for this account", alert=True),
)

PACKAGES: Mapping[int, PackageRow] = {row.code: row for row in _ROWS}


def lookup_package(code: int) -> PackageRow:
    """An unknown code costs only the field it stands in."""
    return PACKAGES.get(code) or PackageRow(code, PackageEffect.PROCEED, "not in the table of codes", alert=True)
