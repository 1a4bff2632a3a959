"""What Twilio's published OpenAPI documents accept, for each endpoint the gateway uses.

Facts from spec/json/twilio_{api_v2010,lookups_v2,verify_v2,studio_v2,messaging_v1}.json of twilio-oai, document
version 1.0.0 as of 2026-04-14. Lengths and ranges are from the parameters' descriptions there; what is not in those
documents says where it is from. test_against_published.py compares these tables with a checkout.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.schema import (
    COUNTRY,
    ENDPOINT,
    FLAG,
    METHOD,
    NUMBER,
    OBJECT,
    PAGING,
    PHONE,
    TWIML,
    URL,
    WHEN,
    Endpoint,
    Param,
    choice,
    many,
    sid,
    text,
    whole,
)

API = "api.twilio.com"
LOOKUPS = "lookups.twilio.com"
VERIFY = "verify.twilio.com"
STUDIO = "studio.twilio.com"
MESSAGING = "messaging.twilio.com"

_ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
_SERVICE = "/v2/Services/{ServiceSid}"
_ENTITY = _SERVICE + "/Entities/{Identity}"
_FLOW = "/v2/Flows/{FlowSid}"

_AC = {"AccountSid": sid("AC")}
_VA = {"ServiceSid": sid("VA")}
# The identity's form: the Entity resource's description; it stands in the path as it is.
_PERSON = {**_VA, "Identity": Param("identity", low=8, high=64)}

_MESSAGE: Mapping[str, Param] = {
    "To": PHONE.required,
    "StatusCallback": URL,
    "ApplicationSid": sid("AP"),
    "MaxPrice": NUMBER,
    "ProvideFeedback": FLAG,
    "Attempt": whole(1),
    "ValidityPeriod": whole(1, 36000),
    "ForceDelivery": FLAG,
    "ContentRetention": choice("retain", "discard"),
    "AddressRetention": choice("retain", "obfuscate"),
    "SmartEncoded": FLAG,
    "PersistentAction": many(text()),
    "TrafficType": choice("free"),
    "ShortenUrls": FLAG,
    "ScheduleType": choice("fixed"),
    "SendAt": WHEN,
    "SendAsMms": FLAG,
    "ContentVariables": OBJECT,
    "RiskCheck": choice("enable", "disable"),
    "From": PHONE,
    "FallbackFrom": PHONE,
    "MessagingServiceSid": sid("MG"),
    "Body": text(1, 1600),
    "MediaUrl": many(URL, 10),
    "ContentSid": sid("HX"),
    # Not in the document of that date: the SDK's own, since 9.13.
    "MessageIntent": choice(
        "otp",
        "notifications",
        "marketing",
        "fraud",
        "security",
        "customercare",
        "delivery",
        "education",
        "polling",
        "announcements",
        "events",
    ),
}

_CALL: Mapping[str, Param] = {
    "To": ENDPOINT.required,
    "From": ENDPOINT.required,
    "Method": METHOD,
    "FallbackUrl": URL,
    "FallbackMethod": METHOD,
    "StatusCallback": URL,
    "StatusCallbackEvent": many(choice("initiated", "ringing", "answered", "completed"), 4),
    "StatusCallbackMethod": METHOD,
    "SendDigits": text(1, 32),
    "Timeout": whole(1, 600),
    "Record": FLAG,
    "RecordingChannels": choice("mono", "dual"),
    "RecordingStatusCallback": URL,
    "RecordingStatusCallbackMethod": METHOD,
    "SipAuthUsername": text(),
    "SipAuthPassword": text(),
    "MachineDetection": choice("Enable", "DetectMessageEnd"),
    "MachineDetectionTimeout": whole(1),
    "RecordingStatusCallbackEvent": many(choice("in-progress", "completed", "absent"), 3),
    "Trim": choice("trim-silence", "do-not-trim"),
    "CallerId": text(),
    "MachineDetectionSpeechThreshold": whole(1000, 6000),
    "MachineDetectionSpeechEndThreshold": whole(500, 5000),
    "MachineDetectionSilenceTimeout": whole(2000, 10000),
    "AsyncAmd": choice("true", "false"),
    "AsyncAmdStatusCallback": URL,
    "AsyncAmdStatusCallbackMethod": METHOD,
    "Byoc": sid("BY"),
    "CallReason": text(),
    "CallToken": text(),
    "RecordingTrack": choice("inbound", "outbound", "both"),
    "TimeLimit": whole(1),
    "ClientNotificationUrl": URL,
    "Url": URL,
    "Twiml": TWIML,
    "ApplicationSid": sid("AP"),
}

_VERIFICATION: Mapping[str, Param] = {
    "To": text(1).required,
    "Channel": choice("sms", "call", "email", "whatsapp", "sna", "auto").required,
    "CustomFriendlyName": text(),
    "CustomMessage": text(),
    "SendDigits": text(1, 32),
    "Locale": text(),
    "CustomCode": text(4, 10),
    "Amount": text(),
    "Payee": text(),
    "RateLimits": OBJECT,
    "ChannelConfiguration": OBJECT,
    "AppHash": text(),
    "TemplateSid": sid("HJ"),
    "TemplateCustomSubstitutions": OBJECT,
    "DeviceIp": text(),
    "EnableSnaClientToken": FLAG,
    "RiskCheck": choice("enable", "disable"),
    "Tags": OBJECT,
}

_FACTOR: Mapping[str, Param] = {
    "FriendlyName": text(1, 64).required,
    "FactorType": choice("push", "totp", "passkeys").required,
    "Binding.Alg": text(),
    "Binding.PublicKey": text(),
    "Config.AppId": text(),
    "Config.NotificationPlatform": choice("apn", "fcm", "none"),
    "Config.NotificationToken": text(),
    "Config.SdkVersion": text(),
    "Binding.Secret": text(),
    "Config.TimeStep": whole(20, 60),
    "Config.Skew": whole(0, 2),
    "Config.CodeLength": whole(3, 8),
    "Config.Alg": choice("sha1", "sha256", "sha512"),
    "Metadata": OBJECT,
}

_FACTOR_UPDATE: Mapping[str, Param] = {
    "AuthPayload": text(1),
    "FriendlyName": text(1, 64),
    "Config.NotificationToken": text(),
    "Config.SdkVersion": text(),
    "Config.TimeStep": whole(20, 60),
    "Config.Skew": whole(0, 2),
    "Config.CodeLength": whole(3, 8),
    "Config.Alg": choice("sha1", "sha256", "sha512"),
    "Config.NotificationPlatform": text(),
}

_LOOKUP: Mapping[str, Param] = {
    "Fields": text(1),
    "CountryCode": COUNTRY,
    "FirstName": text(),
    "LastName": text(),
    "AddressLine1": text(),
    "AddressLine2": text(),
    "City": text(),
    "State": text(),
    "PostalCode": text(),
    "AddressCountryCode": COUNTRY,
    "NationalId": text(),
    "DateOfBirth": text(8, 8),
    "LastVerifiedDate": text(8, 8),
    "VerificationSid": text(),
    "PartnerSubId": text(),
}

_ATTEMPTS: Mapping[str, Param] = {
    "DateCreatedAfter": WHEN,
    "DateCreatedBefore": WHEN,
    "ChannelData.To": text(1),
    "Country": COUNTRY,
    "Channel": choice("sms", "call", "email", "whatsapp", "rbm"),
    "VerifyServiceSid": sid("VA"),
    "VerificationSid": sid("VE"),
    "Status": choice("converted", "unconverted"),
    **PAGING,
}

_CALL_LIST: Mapping[str, Param] = {
    "To": ENDPOINT,
    "From": ENDPOINT,
    "ParentCallSid": sid("CA"),
    "Status": choice("queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"),
    **{f"{edge}{sign}": WHEN for edge in ("StartTime", "EndTime") for sign in ("", "<", ">")},
    **PAGING,
}

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "message create",
        "POST",
        API,
        _ACCOUNT + "/Messages.json",
        _AC,
        form=_MESSAGE,
        one_of=(("From", "MessagingServiceSid"), ("Body", "MediaUrl", "ContentSid")),  # the Messages resource's page
    ),
    Endpoint(
        "message list",
        "GET",
        API,
        _ACCOUNT + "/Messages.json",
        _AC,
        query={"To": PHONE, "From": PHONE, **{f"DateSent{sign}": WHEN for sign in ("", "<", ">")}, **PAGING},
    ),
    Endpoint("message fetch", "GET", API, _ACCOUNT + "/Messages/{Sid}.json", {**_AC, "Sid": sid("SM", "MM")}),
    Endpoint(
        "call create",
        "POST",
        API,
        _ACCOUNT + "/Calls.json",
        _AC,
        form=_CALL,
        one_of=(("Url", "Twiml", "ApplicationSid"),),  # the Call resource's page
    ),
    Endpoint("call list", "GET", API, _ACCOUNT + "/Calls.json", _AC, query=_CALL_LIST),
    Endpoint("call fetch", "GET", API, _ACCOUNT + "/Calls/{Sid}.json", {**_AC, "Sid": sid("CA")}),
    Endpoint(
        "incoming number list",
        "GET",
        API,
        _ACCOUNT + "/IncomingPhoneNumbers.json",
        _AC,
        query={"Beta": FLAG, "FriendlyName": text(), "PhoneNumber": PHONE, "Origin": text(), **PAGING},
    ),
    Endpoint("account fetch", "GET", API, "/2010-04-01/Accounts/{Sid}.json", {"Sid": sid("AC")}),
    Endpoint(
        "lookup fetch",
        "GET",
        LOOKUPS,
        "/v2/PhoneNumbers/{PhoneNumber}",
        {"PhoneNumber": Param("e164")},  # the document allows national numbers too; the gateway must not need them
        query=_LOOKUP,
    ),
    Endpoint("verification create", "POST", VERIFY, _SERVICE + "/Verifications", _VA, form=_VERIFICATION),
    Endpoint(
        "verification update",
        "POST",
        VERIFY,
        _SERVICE + "/Verifications/{Sid}",
        {**_VA, "Sid": sid("VE")},
        form={"Status": choice("canceled", "approved").required},
    ),
    Endpoint("verification fetch", "GET", VERIFY, _SERVICE + "/Verifications/{Sid}", {**_VA, "Sid": sid("VE")}),
    Endpoint(
        "verification check",
        "POST",
        VERIFY,
        _SERVICE + "/VerificationCheck",
        _VA,
        form={
            "Code": text(4, 10),
            "To": text(1),
            "VerificationSid": sid("VE"),
            "Amount": text(),
            "Payee": text(),
            "SnaClientToken": text(),
        },
        one_of=(("To", "VerificationSid"),),
    ),
    Endpoint("verification attempt list", "GET", VERIFY, "/v2/Attempts", query=_ATTEMPTS),
    Endpoint("factor create", "POST", VERIFY, _ENTITY + "/Factors", _PERSON, form=_FACTOR),
    Endpoint(
        "factor update", "POST", VERIFY, _ENTITY + "/Factors/{Sid}", {**_PERSON, "Sid": sid("YF")}, form=_FACTOR_UPDATE
    ),
    Endpoint(
        "challenge create",
        "POST",
        VERIFY,
        _ENTITY + "/Challenges",
        _PERSON,
        form={
            "FactorSid": sid("YF").required,
            "ExpirationDate": WHEN,
            "Details.Message": text(),
            "Details.Fields": many(OBJECT),
            "HiddenDetails": OBJECT,
            "AuthPayload": text(1),
        },
    ),
    Endpoint("verify service fetch", "GET", VERIFY, "/v2/Services/{Sid}", {"Sid": sid("VA")}),
    Endpoint(
        "execution create",
        "POST",
        STUDIO,
        _FLOW + "/Executions",
        {"FlowSid": sid("FW")},
        form={"To": PHONE.required, "From": PHONE.required, "Parameters": OBJECT},
    ),
    Endpoint(
        "execution list",
        "GET",
        STUDIO,
        _FLOW + "/Executions",
        {"FlowSid": sid("FW")},
        query={"status": choice("active", "ended"), "DateCreatedFrom": WHEN, "DateCreatedTo": WHEN, **PAGING},
    ),
    Endpoint("execution fetch", "GET", STUDIO, _FLOW + "/Executions/{Sid}", {"FlowSid": sid("FW"), "Sid": sid("FN")}),
    Endpoint(
        "execution context fetch",
        "GET",
        STUDIO,
        _FLOW + "/Executions/{ExecutionSid}/Context",
        {"FlowSid": sid("FW"), "ExecutionSid": sid("FN")},
    ),
    Endpoint("flow fetch", "GET", STUDIO, "/v2/Flows/{Sid}", {"Sid": sid("FW")}),
    Endpoint("messaging service fetch", "GET", MESSAGING, "/v1/Services/{Sid}", {"Sid": sid("MG")}),
    *(
        Endpoint(
            f"messaging service {what}",
            "GET",
            MESSAGING,
            "/v1/Services/{ServiceSid}/" + what,
            {"ServiceSid": sid("MG")},
            {"PageSize": whole(1, 1000), "Page": whole(0), "PageToken": text()},
        )
        for what in ("PhoneNumbers", "ShortCodes")
    ),
)
