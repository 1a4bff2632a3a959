"""The books as a table: what every run of kills prints, short or long."""

from __future__ import annotations

from rich.table import Table

from tests.chaos.reckoning import Summary


def table_of(seed: int, summary: Summary) -> Table:
    table = Table("what", "how many", title=f"Seed {seed}")
    kills = ", ".join(f"{count} × {what}" for what, count in sorted(summary.kills.items()))
    rows = (
        ("accepted (202)", summary.accepted),
        ("requests repeated until then", summary.repeats),
        ("killed with -9", kills),
        ("create calls at the sandbox", summary.creates),
        ("intents that ended by a call", summary.by_call),
        ("attempts without an answer", summary.unknown),
        ("… found again", summary.found_by_search),
        ("… never created, and sent again", summary.never_created),
        ("searches", summary.searches),
        ("lost", summary.lost),
        ("doubled", summary.doubled),
        ("not in an end state", summary.unfinished),
        ("booked otherwise than it was", summary.misbooked),
        ("longest after a kill with work due and no send", f"{summary.idle_seconds} s"),
        ("longest from a 202 to its own first send", f"{summary.wait_seconds} s"),
        ("whole run", f"{summary.seconds} s"),
    )
    for what, value in rows:
        table.add_row(what, str(value))
    return table
