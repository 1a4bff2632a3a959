"""The scenarios, in one table: the last two digits of a number for fiction choose what happens to it.

Every number that the table does not name is a mobile phone where everything arrives.
"""

from dataclasses import replace

from gateway.sandbox.numbers import digits_of, subscriber
from gateway.sandbox.plans import CallPlan, LookupPlan, MessagePlan, Mishap, Scenario, StudioPlan, VerifyPlan

LANDLINE = LookupPlan("landline", "Example Telephone Company")
NO_TEXTS = MessagePlan("undelivered", 30006)
NO_SMS_CODES = VerifyPlan(sms_refusal=60205)


def _landline(digits: str, title: str, happens: str, call: CallPlan) -> Scenario:
    return Scenario(digits, title, happens, LANDLINE, NO_TEXTS, call=call, verify=NO_SMS_CODES)


def _line(digits: str, line_type: str, happens: str, carrier: str | None = None, texts: bool = False) -> Scenario:
    lookup = LookupPlan(line_type, carrier, ("310", "835") if carrier else None)
    return Scenario(digits, line_type, happens, lookup, MessagePlan() if texts else NO_TEXTS)


def _refused(digits: str, code: int, happens: str, title: str = "create refused") -> Scenario:
    return Scenario(digits, f"{title}: {code}", happens, message=MessagePlan(refusal=code))


def _ends(digits: str, ends: str, code: int, happens: str) -> Scenario:
    return Scenario(digits, f"{ends}: {code}", happens, message=MessagePlan(ends, code))


def _lookup(digits: str, title: str, happens: str, plan: LookupPlan) -> Scenario:
    return Scenario(digits, title, happens, plan)


def _mishap(digits: str, title: str, happens: str, mishap: Mishap) -> Scenario:
    return Scenario(digits, title, happens, on_create=mishap)


def _callbacks(digits: str, fault: str, happens: str) -> Scenario:
    return Scenario(digits, f"callbacks: {fault}", happens, message=MessagePlan(callbacks=fault))


def _verify(digits: str, title: str, happens: str, plan: VerifyPlan) -> Scenario:
    return Scenario(digits, title, happens, verify=plan)


def _whatsapp(digits: str, title: str, happens: str, plan: MessagePlan) -> Scenario:
    return Scenario(digits, title, happens, whatsapp=plan)


def _studio(digits: str, title: str, happens: str, plan: StudioPlan) -> Scenario:
    return Scenario(digits, title, happens, studio=plan)


_ROWS = (
    *(Scenario(f"0{n}", "mobile", "Everything arrives; calls are answered by a person.") for n in range(10)),
    _landline("10", "landline", "Texts fail with 30006; a person answers calls.", CallPlan()),
    _landline("11", "landline, busy", "Calls end as busy.", CallPlan("busy")),
    _landline("12", "landline, no answer", "Calls end as no-answer.", CallPlan("no-answer")),
    _landline("13", "landline, machine", "A machine answers calls.", CallPlan(answered_by="machine")),
    _landline("14", "landline, presses 9", "A person presses 9 at the Gather.", CallPlan(presses="9")),
    _landline("15", "landline, presses 1", "A person presses 1 at the Gather.", CallPlan(presses="1")),
    _landline("16", "landline, failed", "Calls end as failed, SIP 404.", CallPlan("failed")),
    _landline("17", "landline, silent", "A person answers and presses nothing.", CallPlan()),
    _landline("18", "landline, blocked", "Creating a call is refused with 21216.", CallPlan(refusal=21216)),
    _landline(
        "19", "landline, busy once", "The first call is busy, the next is answered.", CallPlan("busy", only_first=True)
    ),
    _line("20", "nonFixedVoip", "An online number; texts arrive.", "Example Voice over IP, Inc.", texts=True),
    _line("21", "fixedVoip", "A VoIP line at an address; texts arrive.", "Example Cable, LLC", texts=True),
    _line("22", "tollFree", "Texts fail with 30006."),
    replace(_line("23", "premium", "Texts fail; calls are refused with 21202."), call=CallPlan(refusal=21202)),
    _line("24", "sharedCost", "Texts fail with 30006."),
    _line("25", "personal", "Texts arrive.", texts=True),
    _line("26", "uan", "Texts fail with 30006."),
    _line("27", "voicemail", "Texts fail with 30006."),
    _line("28", "pager", "Texts fail with 30006."),
    _line("29", "unknown", "Lookup knows the number and not its type; texts arrive.", texts=True),
    _lookup("30", "not valid", "Lookup: 200, valid false, TOO_SHORT.", LookupPlan(not_valid="TOO_SHORT")),
    _lookup("31", "lookup 404", "Lookup: 404 20404.", LookupPlan(missing=True)),
    Scenario("32", "lookup 429", "Lookup: 429 20429 every time.", on_lookup=Mishap("429")),
    Scenario("33", "lookup 500", "Lookup: 500 every time.", on_lookup=Mishap("5xx_before")),
    Scenario("34", "lookup times out", "Lookup never answers.", on_lookup=Mishap("timeout_before")),
    _lookup("35", "package error 60600", "Line type null with error_code 60600.", LookupPlan(package_code=60600)),
    _lookup("36", "package missing", "The asked package is null.", LookupPlan(package_absent=True)),
    _lookup("37", "package error 60601", "Line type null, as for Canada unapproved.", LookupPlan(package_code=60601)),
    _lookup("38", "SIM swapped", "sim_swap says: within the last day.", LookupPlan(swapped_lately=True)),
    _lookup(
        "39", "not assigned", "Lookup: valid false, INVALID_BUT_POSSIBLE.", LookupPlan(not_valid="INVALID_BUT_POSSIBLE")
    ),
    _refused("40", 21610, "The recipient has opted out of this sender."),
    _refused("41", 21614, "Not a mobile number."),
    _refused("42", 21211, "Invalid number."),
    _refused("43", 21408, "The region is not permitted."),
    _refused("44", 21635, "A landline, known at creation."),
    _refused("45", 21611, "The sender's queue is full."),
    _refused("46", 20003, "The account's credentials are refused."),
    _ends("47", "undelivered", 30003, "Unreachable handset."),
    _ends("48", "undelivered", 30005, "Unknown handset."),
    _ends("49", "undelivered", 30006, "Landline or unreachable carrier, though Lookup says mobile."),
    _ends("50", "undelivered", 30007, "Filtered by the carrier."),
    _ends("51", "undelivered", 30008, "Unknown error."),
    Scenario(
        "52",
        "opted out: 21610 later",
        "With a Messaging Service failed with 21610; with a From refused at creation.",
        message=MessagePlan("failed", 21610, with_sender_refusal=21610),
    ),
    _ends("53", "failed", 30450, "Blocked as message pumping."),
    _ends("54", "undelivered", 39999, "A code that no list has."),
    Scenario("55", "sent, then silence", "No delivery report ever comes.", message=MessagePlan("sent")),
    Scenario(
        "56",
        "queue overflow once",
        "The first text fails with 30001, later ones are delivered.",
        message=MessagePlan("failed", 30001, only_first=True),
    ),
    _mishap("57", "accepted, no answer", "The answer never comes; the text is delivered.", Mishap("timeout_after")),
    _mishap("58", "accepted, then 500", "Answers 500; the text is delivered.", Mishap("5xx_after")),
    _mishap("59", "500, not accepted", "Answers 500 and does nothing.", Mishap("5xx_before")),
    _mishap("60", "accepted, then reset", "The connection breaks; the text is delivered.", Mishap("reset_after")),
    _mishap("61", "429 twice", "Refused with 20429 twice, then accepted.", Mishap("429", times=2)),
    Scenario(
        "62", "delivered very late", "Sent at once, delivered 200 steps later.", message=MessagePlan(last_pause=200.0)
    ),
    _ends("63", "failed", 30023, "The carrier's daily cap is used up."),
    _ends("64", "failed", 30036, "The validity period ran out."),
    _callbacks("65", "early", "The first callback comes before the create call returns."),
    _callbacks("66", "duplicate", "Every callback comes twice."),
    _callbacks("67", "reorder", "Callbacks change places: delivered may come before sent."),
    _callbacks("68", "drop", "No callback comes; only asking shows that it was delivered."),
    _verify("70", "Verify 60410", "Starting is refused: fraud guard.", VerifyPlan(60410)),
    _verify("71", "Verify 60205", "Starting by SMS is refused: a landline.", NO_SMS_CODES),
    _verify("72", "Verify 60203", "Starting is refused: too many sends.", VerifyPlan(60203)),
    _verify("73", "Verify 60200", "Starting is refused: invalid parameter.", VerifyPlan(60200)),
    _landline("74", "landline, Verify by call", "By SMS 60205; a call reads the code out.", CallPlan()),
    _verify(
        "75",
        "Verify, code lost",
        "The code's SMS is undelivered with 30008.",
        VerifyPlan(ends="undelivered", code=30008),
    ),
    _studio("80", "flow delivers", "The flow calls back with outcome delivered.", StudioPlan()),
    _studio("81", "flow fails", "The flow calls back with outcome failed.", StudioPlan("failed")),
    _studio("82", "flow stays active", "The flow never ends and never calls back.", StudioPlan("active")),
    _studio(
        "83",
        "flow is slow",
        "Active for 100 steps; a second execution is refused with 20409.",
        StudioPlan(pauses=100.0),
    ),
    _studio("84", "flow busy at first", "The first execution is refused with 20409.", StudioPlan(busy_at_first=True)),
    _whatsapp("90", "WhatsApp: 63003", "Not on WhatsApp; SMS arrives.", MessagePlan("undelivered", 63003)),
    _whatsapp("91", "WhatsApp: read", "Delivered and read.", MessagePlan("read")),
    _whatsapp("92", "WhatsApp: 63016", "Outside the window, template or not.", MessagePlan("failed", 63016)),
    _whatsapp("93", "WhatsApp: 63033", "Opted out of marketing.", MessagePlan("undelivered", 63033)),
    _whatsapp("94", "WhatsApp: 63014", "The user blocked the sender.", MessagePlan("undelivered", 63014)),
)
SCENARIOS: dict[str, Scenario] = {row.digits: row for row in _ROWS}
PLAIN = Scenario("", "mobile", "A number outside the ranges for fiction.")
_TOLL_FREE = Scenario("", "tollFree", "A toll-free number.", LookupPlan("tollFree"), NO_TEXTS)
_UK_LANDLINE = _landline("", "landline", "Texts fail with 30006; a person answers calls.", CallPlan())
_BY_KIND = {"mobile": PLAIN, "tollFree": _TOLL_FREE, "landline": _UK_LANDLINE}


def scenario_for(number: str) -> Scenario:
    """The scenario of a number in E.164; where its digits say `mobile`, the kind of the number decides."""
    digits = digits_of(number)
    row = SCENARIOS.get(digits) if digits is not None else None
    if row is not None and row.title != "mobile":
        return row
    return _BY_KIND[subscriber(number).kind if number.startswith("+") else "mobile"]
