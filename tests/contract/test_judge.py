"""The judge itself: it accepts what the documents accept, and names what they do not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.judge import judge, judge_mail
from tests.contract.twilio_schemas import ENDPOINTS

AC, MG, VA, VE, YF, FW = (prefix + "0" * 32 for prefix in ("AC", "MG", "VA", "VE", "YF", "FW"))
TO, FROM = "+14155550100", "+14155550199"
MESSAGES = f"https://api.twilio.com/2010-04-01/Accounts/{AC}/Messages.json"
CALLS = f"https://api.twilio.com/2010-04-01/Accounts/{AC}/Calls.json"
ATTEMPTS = "https://verify.twilio.com/v2/Attempts"
VERIFICATIONS = f"https://verify.twilio.com/v2/Services/{VA}/Verifications"
CHECK = f"https://verify.twilio.com/v2/Services/{VA}/VerificationCheck"
LOOKUP = "https://lookups.twilio.com/v2/PhoneNumbers/"
GOOD_MESSAGE: dict[str, Any] = {"To": TO, "MessagingServiceSid": MG, "Body": "Hi"}
GOOD_CALL: dict[str, Any] = {"To": TO, "From": FROM, "Twiml": "<Response/>"}
GOOD_MAIL: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "ann@example.com"}], "custom_args": {"intent": "i1"}}],
    "from": {"email": "no-reply@example.com"},
    "subject": "Hi",
    "content": [{"type": "text/plain", "value": "Hi"}],
}


@pytest.mark.parametrize(
    ("url", "form"),
    [
        (MESSAGES, GOOD_MESSAGE),
        (MESSAGES, {"To": "whatsapp:" + TO, "From": "whatsapp:" + FROM, "ContentSid": "HX" + "a" * 32}),
        (MESSAGES, {"To": TO, "From": "12345", "MediaUrl": ["https://a.test/1.png"], "ValidityPeriod": "36000"}),
        (MESSAGES, {**GOOD_MESSAGE, "StatusCallback": "https://gw.example.com/x?a=b#rc=5", "SmartEncoded": "true"}),
        (CALLS, GOOD_CALL),
        (CALLS, {**GOOD_CALL, "To": "sip:ann@pbx.example.com", "StatusCallbackEvent": ["answered", "completed"]}),
        (VERIFICATIONS, {"To": "ann@example.com", "Channel": "email"}),
        (CHECK, {"Code": "123456", "VerificationSid": VE}),
        (f"https://studio.twilio.com/v2/Flows/{FW}/Executions", {"To": TO, "From": MG, "Parameters": '{"a": 1}'}),
    ],
)
def test_what_the_documents_accept_passes(url: str, form: dict[str, Any]) -> None:
    assert judge("POST", url, form=form) == []


@pytest.mark.parametrize(
    ("form", "violation"),
    [
        ({}, "form lacks To"),
        ({"To": ""}, "form lacks To"),
        ({"To": "4155550100"}, "form's To is not phone-number"),
        ({"To": TO, "Body": "Hi"}, "none of From, MessagingServiceSid"),
        ({"To": TO, "From": FROM}, "none of Body, MediaUrl, ContentSid"),
        ({"MessagingServiceSid": "MG123"}, "form's MessagingServiceSid is not a MG SID"),
        ({"MessagingServiceSid": "VA" + "0" * 32}, "form's MessagingServiceSid is not a MG SID"),
        ({"Body": "x" * 1601}, "form's Body is above 1600"),
        ({"ValidityPeriod": "0"}, "form's ValidityPeriod is below 1"),
        ({"ValidityPeriod": "36001"}, "form's ValidityPeriod is above 36000"),
        ({"ValidityPeriod": "soon"}, "form's ValidityPeriod is not integer"),
        ({"SmartEncoded": "True"}, "form's SmartEncoded is not boolean"),
        ({"SendAt": "2026-11-24 12:00"}, "form's SendAt is not date-time"),
        ({"RiskCheck": "off"}, "form's RiskCheck is none of enable, disable"),
        ({"StatusCallback": "/status"}, "form's StatusCallback is not uri"),
        ({"StatusCallback": "https://my_host.test/"}, "form's StatusCallback is not uri"),
        ({"MediaUrl": [f"https://a.test/{n}" for n in range(11)]}, "form has MediaUrl 11 times"),
        ({"To": [TO, TO]}, "form has To 2 times"),
        ({"ContentVariables": "[1]"}, "form's ContentVariables is not object"),
        ({"StatusCallbackUrl": "https://a.test"}, "form has an unknown StatusCallbackUrl"),
    ],
)
def test_what_is_wrong_with_a_message_is_named(form: dict[str, Any], violation: str) -> None:
    base = GOOD_MESSAGE if form and not violation.startswith("none of") else {}
    assert f"message create: {violation}" in judge("POST", MESSAGES, form={**base, **form})


@pytest.mark.parametrize(
    ("form", "violation"),
    [
        ({"Twiml": "<Response>"}, "form's Twiml is not twiml"),
        ({"Twiml": "<Say>Hi</Say>"}, "form's Twiml is not twiml"),
        ({"Twiml": f"<Response><Say>{'x' * 4000}</Say></Response>"}, "form's Twiml is above 4000"),
        ({"To": "tel:+14155550100"}, "form's To is not endpoint"),
        ({"StatusCallbackEvent": ["answered", "finished"]}, "form's StatusCallbackEvent is none of"),
        ({"Timeout": "601"}, "form's Timeout is above 600"),
        ({"Twiml": ""}, "none of Url, Twiml, ApplicationSid"),
    ],
)
def test_what_is_wrong_with_a_call_is_named(form: dict[str, Any], violation: str) -> None:
    assert any(violation in one for one in judge("POST", CALLS, form={**GOOD_CALL, **form}))


@pytest.mark.parametrize(
    ("url", "query"),
    [
        (MESSAGES, {"To": TO, "PageSize": "100"}),
        (MESSAGES, {"DateSent>": "2026-11-24T12:00:00Z"}),
        (MESSAGES + "?PageSize=100&Page=1&PageToken=PASM1", {}),
        (ATTEMPTS, {"ChannelData.To": TO, "VerifyServiceSid": VA, "DateCreatedAfter": "2026-11-24T12:00:00Z"}),
        (LOOKUP + TO, {"Fields": "line_type_intelligence", "CountryCode": "US"}),
    ],
)
def test_reads_the_documents_accept_pass(url: str, query: dict[str, Any]) -> None:
    assert judge("GET", url, query) == []


@pytest.mark.parametrize(
    ("url", "query", "violation"),
    [
        (MESSAGES, {"PageSize": "1001"}, "PageSize is above 1000"),
        (MESSAGES, {"DateCreated>": "2026-11-24T12:00:00Z"}, "unknown DateCreated>"),
        (MESSAGES, {"DateSent>": "Tue, 24 Nov 2026 12:00:00 +0000"}, "is not date-time"),
        (ATTEMPTS, {"Channel": "SMS"}, "Channel is none of"),
        (LOOKUP + "4155550100", {}, "PhoneNumber is not e164"),
        (LOOKUP + TO, {"CountryCode": "USA"}, "CountryCode is not iso-country-code"),
        (MESSAGES.replace(AC, "AC1"), {}, "AccountSid is not a AC SID"),
        (ATTEMPTS.replace("verify", "api"), {}, "no endpoint"),
        (MESSAGES.replace("Messages", "messages"), {}, "no endpoint"),
        (LOOKUP.replace("v2", "v1") + TO, {}, "no endpoint"),
    ],
)
def test_what_is_wrong_with_a_read_is_named(url: str, query: dict[str, Any], violation: str) -> None:
    verdicts = judge("GET", url, query)
    assert any(violation in one for one in verdicts), verdicts


def test_verdicts_about_paths_show_no_number() -> None:
    assert TO not in str(judge("GET", LOOKUP.replace("v2", "v1") + TO))


def test_a_wrong_method_is_no_endpoint() -> None:
    assert judge("PUT", MESSAGES, form=GOOD_MESSAGE) != []


def test_an_identity_that_could_be_a_person_is_named() -> None:
    url = f"https://verify.twilio.com/v2/Services/{VA}/Entities/ann@example.com/Challenges"
    assert judge("POST", url, form={"FactorSid": YF}) == ["challenge create: path's Identity is not identity"]


def test_no_two_endpoints_are_the_same() -> None:
    keys = [(one.method, one.host, one.path) for one in ENDPOINTS]
    assert len(set(keys)) == len(keys)


def test_mail_the_document_accepts_passes() -> None:
    assert judge_mail(GOOD_MAIL) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"personalizations": []}, "$.personalizations"),
        ({"personalizations": [{"to": [{"email": "ann"}]}]}, "$.personalizations[0].to[0].email"),
        ({"personalizations": [{"to": [{"email": "a@example.com"}], "custom_args": {"n": 1}}]}, "custom_args.n"),
        ({"from": {}}, "$.from"),
        ({"subject": ""}, "$.subject"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "$.content[0].value"),
        ({"to": [{"email": "ann@example.com"}]}, "$"),
    ],
)
def test_what_is_wrong_with_mail_is_named(change: dict[str, Any], where: str) -> None:
    verdicts = judge_mail({**GOOD_MAIL, **change})
    assert any(where in one for one in verdicts), verdicts
