"""The policy that ships, line type by line type: what each purpose does with and without a factor and an address."""

from __future__ import annotations

from itertools import product

import pytest

from gateway.decide import decide
from gateway.model import LineType
from tests.decide.policies import ADDRESS, an_intent, facts, shipped_policy, steps

BOTH = (True, False)
NONE: tuple[str, ...] = ()
NO_LIST = ("premium", "sharedCost", "uan", "voicemail", "pager")

# purpose, line types, TOTP factor?, e-mail address? -> proof, route, refusal, codes of what was passed over
TABLE = [
    ("notification", ("mobile",), BOTH, BOTH, "", "sms voice", None, NONE),
    ("notification", ("landline",), BOTH, (True,), "", "voice email", None, NONE),
    ("notification", ("landline",), BOTH, (False,), "", "voice", None, ("no_email_address",)),
    ("notification", ("fixedVoip", "nonFixedVoip"), (True,), BOTH, "totp verify", "sms voice", None, NONE),
    ("notification", ("fixedVoip", "nonFixedVoip"), (False,), BOTH, "verify", "sms voice", None, ("no_factor",)),
    ("notification", ("tollFree",), BOTH, BOTH, "", "voice", None, NONE),
    ("notification", ("personal", "unknown"), BOTH, BOTH, "", "sms", None, NONE),
    ("notification", NO_LIST, BOTH, BOTH, "", "", "no_route", NONE),
    ("low_risk", ("mobile",), BOTH, BOTH, "", "sms voice", None, NONE),
    ("low_risk", ("landline",), BOTH, (True,), "", "voice email", None, NONE),
    ("low_risk", ("landline",), BOTH, (False,), "", "voice", None, ("no_email_address",)),
    ("low_risk", ("fixedVoip",), (True,), BOTH, "totp verify", "sms voice", None, NONE),
    ("low_risk", ("fixedVoip",), (False,), BOTH, "verify", "sms voice", None, ("no_factor",)),
    ("low_risk", ("nonFixedVoip", "unknown"), BOTH, BOTH, "", "sms", None, NONE),
    ("low_risk", (*NO_LIST, "tollFree", "personal"), BOTH, BOTH, "", "", "no_route", NONE),
    ("mfa", ("mobile",), BOTH, BOTH, "verify", "", None, NONE),
    ("mfa", ("landline",), BOTH, BOTH, "verify:call", "", None, NONE),
]
_MFA_OTHERS = ("fixedVoip", "nonFixedVoip", "tollFree", "personal", "unknown", *NO_LIST)
TABLE += [
    ("mfa", _MFA_OTHERS, (True,), (True,), "totp verify:email", "", None, NONE),
    ("mfa", _MFA_OTHERS, (True,), (False,), "totp", "", None, ("no_email_address",)),
    ("mfa", _MFA_OTHERS, (False,), (True,), "verify:email", "", None, ("no_factor",)),
    ("mfa", _MFA_OTHERS, (False,), (False,), "", "", "no_route", ("no_factor", "no_email_address")),
]

CASES = [
    (purpose, line_type, factor, email, *expected)
    for purpose, line_types, factors, emails, *expected in TABLE
    for line_type, factor, email in product(line_types, factors, emails)
]


def named(case: tuple[object, ...]) -> str:
    purpose, line_type, factor, email = case[:4]
    return f"{purpose}-{line_type}-{'factor' if factor else 'no_factor'}-{'email' if email else 'no_email'}"


def test_the_table_has_every_case_once() -> None:
    everything = product(("notification", "low_risk", "mfa"), (each.value for each in LineType), BOTH, BOTH)
    assert sorted(case[:4] for case in CASES) == sorted(everything)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_line_type_goes_as_its_purpose_lists(
    case: tuple[str, str, bool, bool, str, str, str | None, list[str]],
) -> None:
    purpose, line_type, factor, email, proof, route, refusal, passed = case
    decision = decide(
        an_intent(purpose, email=ADDRESS if email else None),
        facts(line_type, factor_sid="YF" + "0" * 32 if factor else None),
        shipped_policy(),
    )
    assert decision.proof == steps(*proof.split())
    assert decision.route == steps(*route.split())
    assert (decision.refusal and decision.refusal.code) == refusal
    expected = [] if refusal else ["route_by_line_type", *(["proof_required"] if proof else [])]
    assert [reason.code for reason in decision.reasons] == [*expected, *passed]
    assert decision.flags == ((line_type,) if line_type in ("fixedVoip", "nonFixedVoip") else ())


def test_the_reason_tells_the_way_in_words() -> None:
    decision = decide(an_intent(), facts(), shipped_policy())
    assert decision.reasons[0].detail == "notification: mobile goes by sms, then voice"
