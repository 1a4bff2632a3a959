"""Twilio's refusals: HTTP status, code and text, in the shape of its error body.

Source: Twilio's error dictionary; the texts are the sandbox's own.
"""

from abc import abstractmethod
from collections.abc import Mapping

from gateway.sandbox.ask import Reply

WORDS: dict[int, tuple[int, str]] = {
    20001: (400, "Invalid parameter"),
    20003: (401, "Authentication failed: unknown account, key or secret"),
    20004: (405, "Method not allowed"),
    20009: (409, "The message is still on its way, so it cannot be changed"),
    20404: (404, "The requested resource was not found"),
    20409: (409, "An execution is already active for this contact"),
    20429: (429, "Too many requests in flight"),
    20500: (500, "Internal server error"),
    20503: (503, "Service unavailable"),
    21201: (400, "No 'To' number is specified"),
    21202: (400, "The 'To' number is a premium number"),
    21205: (400, "Invalid Url"),
    21210: (400, "The 'From' number is neither owned nor verified"),
    21211: (400, "Invalid 'To' phone number"),
    21212: (400, "Invalid 'From' number"),
    21213: (400, "No 'From' number is specified"),
    21216: (400, "This call is blocked"),
    21217: (400, "The phone number does not look valid"),
    21220: (400, "The call is not in a state that allows this"),
    21266: (400, "'To' and 'From' are the same number"),
    21408: (400, "Sending to this region is not permitted for the account"),
    21602: (400, "A body, media or a content SID is required"),
    21603: (400, "A 'From' number or a Messaging Service is required"),
    21604: (400, "A 'To' number is required"),
    21606: (400, "The 'From' number cannot send messages"),
    21609: (400, "Invalid StatusCallback"),
    21610: (400, "The recipient has unsubscribed from this sender"),
    21611: (400, "The sender's queue is full"),
    21612: (400, "This combination of 'To' and 'From' is not possible"),
    21614: (400, "The 'To' number is not a mobile number"),
    21617: (400, "The body is longer than 1600 characters"),
    21620: (400, "Invalid media URL"),
    21623: (400, "More than ten media URLs"),
    21624: (400, "ValidityPeriod must lie between 1 and 36000 seconds"),
    21626: (400, "Invalid StatusCallbackEvent"),
    21635: (400, "The 'To' number is a landline"),
    21654: (400, "ContentVariables need a ContentSid"),
    21655: (400, "Invalid ContentSid"),
    21656: (400, "ContentVariables are not a JSON object of texts"),
    21659: (400, "The 'From' number does not belong to the account"),
    21705: (400, "Unknown Messaging Service"),
    21910: (400, "'To' and 'From' are of different channels"),
    12100: (400, "The TwiML is not well-formed XML"),
    12102: (400, "The root of the TwiML is not Response"),
    12200: (400, "Unknown verb or attribute in the TwiML"),
    13243: (400, "Invalid SIP URI"),
    30409: (409, "The message can no longer be canceled"),
    32018: (400, "The TwiML is longer than 4000 characters"),
    35111: (400, "A scheduled message needs SendAt"),
    35114: (400, "SendAt must lie between 15 minutes and 35 days ahead"),
    35118: (400, "Scheduling needs a Messaging Service"),
    60200: (400, "Invalid parameter"),
    60202: (429, "Max check attempts reached"),
    60203: (429, "Max send attempts reached"),
    60205: (403, "SMS is not supported by this landline"),
    60212: (429, "Too many concurrent requests for this phone number"),
    60301: (409, "The entity already exists"),
    60308: (429, "Max challenge attempts reached"),
    60310: (429, "Max factor verification attempts reached"),
    60311: (403, "The factor could not be verified with this code"),
    60312: (429, "Max challenges for this factor reached"),
    60315: (403, "Max factors for this entity reached"),
    60318: (403, "The factor is not verified"),
    60322: (403, "The challenge has been answered"),
    60323: (403, "The challenge has expired"),
    60324: (403, "The challenge could not be approved with this code"),
    60390: (404, "Entity not found"),
    60391: (404, "Factor not found"),
    60392: (404, "Challenge not found"),
    60410: (403, "The destination is blocked for suspected fraud"),
    81023: (400, "'To' and 'From' together are longer than 300 bytes"),
}


class Declined(Exception):
    """A product says no, in its own shape of answer."""

    @abstractmethod
    def reply(self) -> Reply: ...


class Refusal(Declined):
    """Twilio says no. `detail` is added to the code's own words."""

    def __init__(self, code: int, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, words = WORDS[code]
        self.code = code
        self.message = f"{words}: {detail}" if detail else words
        self.headers = dict(headers or {})

    def reply(self) -> Reply:
        body = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return Reply(self.status, body, self.headers)
