"""Reads Lookup v2's answer into model.Lookup. Pure.

Source: Lookup v2. An invalid number and a failed package both come with HTTP 200; a package that failed says so in
its own `error_code`, which is a string in `reassigned_number`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.model import LineType, Lookup, LookupSource

_SIM_SWAP_KEYS = ("last_sim_swap_date", "swapped_in_period", "swapped_period")


def lookup_of(answer: Mapping[str, Any], number: str, fields: Sequence[str], at: datetime) -> Lookup:
    line = _package(answer, "line_type_intelligence")
    return Lookup(
        number=number,
        source=LookupSource.LIVE,
        looked_up_at=at,
        valid=answer.get("valid") is True,
        validation_errors=tuple(str(one) for one in answer.get("validation_errors") or ()),
        country=answer.get("country_code") or None,
        national_format=answer.get("national_format") or None,
        line_type=line_type_of(line.get("type")),
        carrier=line.get("carrier_name") or None,
        mobile_country_code=line.get("mobile_country_code") or None,
        mobile_network_code=line.get("mobile_network_code") or None,
        caller_name=_package(answer, "caller_name").get("caller_name") or None,
        sim_swap=_sim_swap(_package(answer, "sim_swap")),
        errors=package_errors(answer, fields),
    )


def line_type_of(word: object) -> LineType:
    """UNKNOWN for null and for words this version of the gateway does not know."""
    try:
        return LineType(str(word))
    except ValueError:
        return LineType.UNKNOWN


def package_errors(answer: Mapping[str, Any], fields: Sequence[str]) -> dict[str, int]:
    """The code of each asked field whose package failed."""
    said = {name: str(_package(answer, name).get("error_code") or "") for name in fields}
    return {name: int(code) for name, code in said.items() if code.isdecimal()}


def _package(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    package = answer.get(name)
    return package if isinstance(package, Mapping) else {}


def _sim_swap(package: Mapping[str, Any]) -> Mapping[str, Any] | None:
    last = package.get("last_sim_swap")
    if not isinstance(last, Mapping):
        return None
    return {key: last[key] for key in _SIM_SWAP_KEYS if last.get(key) is not None} or None
