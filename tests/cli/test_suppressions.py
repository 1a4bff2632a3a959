"""`gateway suppressions`: by hand and in bulk; a bad row is told with its line and loses no other."""

from __future__ import annotations

import csv
import json

from tests.cli.conftest import Shell

MIXED = """to,country,scope,reason
+14155550100,,all,a letter
020 7946 0018,GB,voice,
ann@example.com,,email,
12,US,all,
+14155550101,,fax,
+14155550102,,sms,"two
lines"
+14155550103,,sms
+14155550104,,,
"""


def test_added_listed_and_removed(shell: Shell) -> None:
    assert shell.run("suppressions", "add", "+14155550100", "--scope", "sms", "--reason", "a letter").exit_code == 0
    (row,) = json.loads(shell.run("suppressions", "list", "--json").stdout)
    assert (row["to"], row["scope"], row["source"], row["why"]) == ("+1415555****", "sms", "cli", "a letter")
    assert row["who"].startswith("cli:")
    assert shell.run("suppressions", "remove", "+14155550100").exit_code == 0
    assert shell.run("suppressions", "remove", "+14155550100").exit_code == 1
    assert shell.gateway.suppressions.count() == 0


def test_good_rows_come_in_and_bad_ones_are_told_with_their_line(shell: Shell) -> None:
    file, rejects = shell.home / "in.csv", shell.home / "rejects.csv"
    file.write_text(MIXED)
    done = shell.run("suppressions", "import", str(file), "--rejects", str(rejects))
    assert done.exit_code == 1
    assert "8 rows: 5 new, 3 rejected" in done.stderr
    lines = {row["line"]: row["rejected_because"] for row in csv.DictReader(rejects.read_text().splitlines())}
    assert set(lines) == {"5", "6", "9"}
    assert "scope" in lines["6"]
    assert "fields" in lines["9"]
    entries = shell.gateway.suppressions.entries
    assert [(e.scope, e.source) for e in entries("+442079460018")] == [("voice", "import")]
    assert entries("+14155550102")[0].why == "two\nlines"
    assert entries("+14155550104")[0].scope == "all"
    assert "0101" not in done.stderr, "no number in what is told"


def test_a_file_without_faults_ends_well_and_again_adds_nothing(shell: Shell) -> None:
    file = shell.home / "in.csv"
    file.write_bytes(b"\xef\xbb\xbfto\r\n+14155550100\r\n\r\n+14155550101\r\n")
    assert (shell.run("suppressions", "import", str(file)).exit_code, shell.gateway.suppressions.count()) == (0, 2)
    again = shell.run("suppressions", "import", str(file))
    assert (again.exit_code, "0 new, 0 rejected" in again.stderr) == (0, True)


def test_a_file_without_a_header_is_refused_whole(shell: Shell) -> None:
    file = shell.home / "in.csv"
    file.write_text("+14155550100\n+14155550101\n")
    done = shell.run("suppressions", "import", str(file))
    assert (done.exit_code, shell.gateway.suppressions.count()) == (1, 0)
    assert "first line" in done.stderr


def test_what_is_exported_comes_back_as_it_was(shell: Shell) -> None:
    file = shell.home / "in.csv"
    file.write_text("to,scope,source,at,who,why\n+14155550100,sms,keyword,2026-01-02T03:04:05Z,recipient,STOP\n")
    shell.run("suppressions", "import", str(file))
    before = shell.gateway.suppressions.entries("+14155550100")
    out = shell.home / "out.csv"
    shell.run("suppressions", "export", "-o", str(out))
    shell.gateway.client.flushall()
    assert shell.run("suppressions", "import", str(out)).exit_code == 0
    assert shell.gateway.suppressions.entries("+14155550100") == before
    assert before[0].source == "keyword"


def test_a_thousand_rows_from_a_pipe(shell: Shell) -> None:
    rows = "to\n" + "".join(f"+1415555{n:04d}\n" for n in range(1000))
    done = shell.run("suppressions", "import", "-", given=rows)
    assert (done.exit_code, shell.gateway.suppressions.count()) == (0, 1000)
