"""The sandbox's index page: the scenarios and the control endpoints, self-contained, for a phone or a desk."""

from html import escape
from typing import Any

from gateway.sandbox.scenarios import SCENARIOS

ENDPOINTS = (
    ("GET /_sandbox/requests", "what came: product, operation, method, path, to, since, limit; DELETE clears"),
    ("GET /_sandbox/counts", "counts by operation and status, messages by recipient, paid lookups by number"),
    ("GET /_sandbox/outbox?to=", "what a person would have received: texts, calls, e-mails, codes"),
    ("GET /_sandbox/callbacks", "every webhook that was sent, and how it went: sid, product, limit"),
    ("POST /_sandbox/inbound", "play a person's text: from, to, body, opt_out_type, whatsapp, webhook_url"),
    ("POST /_sandbox/faults", "set faults; GET lists, DELETE clears"),
    ("POST /_sandbox/senders", "add a sender, set where its inbound texts go; GET lists"),
    ("POST /_sandbox/inbound_url", "webhook_url for inbound texts of all senders"),
    ("POST /_sandbox/events", "destination of all events, or null"),
    ("POST /_sandbox/sendgrid", "webhook_url of the Event Webhook, or null"),
    ("POST /_sandbox/verify", "webhook_url of factor and challenge events, or null"),
    ("GET /_sandbox/scenarios", "this table as JSON"),
    ("GET /_sandbox/health", "up, and how full"),
    ("POST /_sandbox/reset", "forget everything"),
)
STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--line:#d8dee4;--paper:#fff;--tint:#f4f6f8;--mark:#0b62d6}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa5b1;--line:#30363d;--paper:#0f1318;--tint:#181d24;
--mark:#6cb1ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 3rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);
background:var(--paper)}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p{margin:.25rem 0;color:var(--soft)}
code{font:.9em ui-monospace,monospace;color:var(--mark);overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;font-size:.95rem}
th{text-align:left;font-weight:600;color:var(--soft);font-size:.85rem}
th,td{padding:.4rem .6rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td:first-child{font-variant-numeric:tabular-nums;white-space:nowrap}
tr:hover td{background:var(--tint)}
dl{margin:0}dt{margin-top:.6rem}dd{margin:0;color:var(--soft)}
@media(max-width:32rem){thead{display:none}tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}
td{display:inline;border:0;padding:0 .5rem 0 0}td:last-child{display:block;color:var(--soft)}}
"""


def scenario_rows() -> list[dict[str, Any]]:
    """Digits, title, what happens, and a number to try, in the order of the digits."""
    return [
        {
            "digits": row.digits,
            "title": row.title,
            "happens": row.happens,
            "number": f"+141555501{row.digits}",
        }
        for row in SCENARIOS.values()
    ]


def page() -> str:
    rows = "".join(
        f"<tr><td><code>…01{row['digits']}</code></td><td>{escape(row['title'])}</td>"
        f"<td>{escape(row['happens'])}</td></tr>"
        for row in scenario_rows()
    )
    endpoints = "".join(f"<dt><code>{escape(call)}</code></dt><dd>{escape(what)}</dd>" for call, what in ENDPOINTS)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><title>Twilio sandbox</title>'
        f"<style>{STYLE}</style></head><body><main><h1>Twilio sandbox</h1>"
        "<p>A local Twilio and SendGrid. Nothing leaves this machine.</p>"
        "<h2>Scenarios</h2><p>The last two digits of a number for fiction choose: <code>+1 NXX 555 01</code>nn, "
        "<code>+44 7700 900</code>xnn, <code>+44 20 7946 0</code>xnn. All other digits are a mobile phone where "
        "everything arrives.</p><table><thead><tr><th>Digits</th><th>Scenario</th><th>What happens</th></tr></thead>"
        f"<tbody>{rows}</tbody></table><h2>Control</h2><dl>{endpoints}</dl></main></body></html>"
    )
