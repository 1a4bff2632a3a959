"""A list is cleaned: free checks, then the cache, then what is paid for, in the order of the rows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from gateway import sandbox
from gateway.batch.tally import Tally
from gateway.errors import InvalidRequest
from tests.batch.lists import paid, read_csv, write_csv

Enrich = Callable[..., Tally]


def test_each_row_gets_its_columns_and_keeps_its_own(
    enrich: Enrich, twilio: sandbox.RunningSandbox, tmp_path: Path
) -> None:
    rows = [
        ["name", "phone", "valid"],
        ["Ann", "+14155550100", "x"],
        ["Bob, jr.", "(415) 555-0110", ""],
        ["Cy", "+14155550120", ""],
        ["Di", "+14155550100", ""],
        ["Ed", "not a number", ""],
        ["Flo", "+14155550130", ""],
        ["Gil", "+442079460100", ""],
    ]
    tally = enrich(write_csv(tmp_path / "in.csv", rows), country="US")
    found = read_csv(tmp_path / "out.csv")
    assert [row["name"] for row in found] == [row[0] for row in rows[1:]]
    said = [(r["lookup_valid"], r["line_type"], r["route"], r["source"], r["cost"]) for r in found]
    assert said == [
        ("true", "mobile", "sms>voice", "live", "0.008"),
        ("true", "landline", "voice", "live", "0.008"),
        ("true", "nonFixedVoip", "verify>sms>voice", "live", "0.008"),
        ("true", "mobile", "sms>voice", "cache", ""),
        ("false", "", "", "", ""),
        ("false", "unknown", "", "live", "0"),
        ("", "", "", "", ""),
    ]
    assert [row["error"].partition(":")[0] for row in found[4:]] == [
        "invalid_number", "invalid_number", "country_not_allowed",
    ]  # fmt: skip
    assert (found[0]["valid"], found[1]["phone_number"], found[0]["carrier"]) == (
        "x", "+14155550110", "T-Mobile USA, Inc.",
    )  # fmt: skip
    assert paid(twilio.url) == {"+14155550100": 1, "+14155550110": 1, "+14155550120": 1}
    assert (tally.rows, tally.spent, tally.spared) == (7, Decimal("0.024"), Decimal("0.008"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_second_run_pays_nothing(enrich: Enrich, twilio: sandbox.RunningSandbox, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [["phone"], ["+14155550100"], ["+14155550101"]])
    enrich(source)
    tally = enrich(source, "again.csv")
    assert (tally.spent, tally.spared) == (0, Decimal("0.016"))
    assert sum(paid(twilio.url).values()) == 2


def test_the_budget_ends_buying_and_the_rows_say_so(
    enrich: Enrich, twilio: sandbox.RunningSandbox, tmp_path: Path
) -> None:
    rows = [["phone"], *([f"+141555501{n:02d}"] for n in range(8))]
    tally = enrich(write_csv(tmp_path / "in.csv", rows), budget="0.024")
    found = read_csv(tmp_path / "out.csv")
    assert [row["source"] for row in found] == ["live"] * 3 + ["offline"] * 5
    assert {row["error"] for row in found[3:]} == {"budget_exhausted"}
    assert tally.spent == Decimal("0.024")
    enrich(tmp_path / "in.csv", "more.csv", budget="2lookups")
    assert [row["source"] for row in read_csv(tmp_path / "more.csv")] == ["cache"] * 3 + ["live"] * 2 + ["offline"] * 3
    assert sum(paid(twilio.url).values()) == 5


def test_rows_that_do_not_fit_are_kept_with_their_reason(enrich: Enrich, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b'phone,note\n+14155550100\n+14155550101,a,b\n"+14155550102","\xff\n"\n\n+14155550103,\n')
    enrich(source)
    found = (tmp_path / "out.csv").read_bytes().split(b"\n")
    assert found[1].startswith(b"+14155550100,,,") and b"malformed_row: 1 columns instead of 2" in found[1]
    assert found[2].startswith(b'+14155550101,"a,b",') and b"malformed_row: 3 columns" in found[2]
    assert found[3] == b'+14155550102,"\xff' and found[5].startswith(b"+14155550103,,+14155550103,true")


def test_each_row_may_have_its_own_country(enrich: Enrich, tmp_path: Path) -> None:
    rows = [["n", "land"], ["(415) 555-0100", "us"], ["020 7946 0100", "GB"], ["(415) 555-0101", ""], ["1", "USA"]]
    enrich(write_csv(tmp_path / "in.csv", rows), column="n", country_column="land", country="US")
    found = read_csv(tmp_path / "out.csv")
    assert [row["phone_number"] for row in found] == ["+14155550100", "+442079460100", "+14155550101", ""]
    assert found[3]["error"].startswith("invalid_request")


@pytest.mark.parametrize("header", [["a", "b"], []])
def test_a_table_without_a_column_of_numbers_is_refused(enrich: Enrich, tmp_path: Path, header: list[str]) -> None:
    with pytest.raises(InvalidRequest):
        enrich(write_csv(tmp_path / "in.csv", [header, ["1", "2"]]))


def test_a_lookup_that_fails_is_told_in_its_row_alone(enrich: Enrich, tmp_path: Path) -> None:
    rows = [["phone"], ["+14155550133"], ["+14155550100"]]
    enrich(write_csv(tmp_path / "in.csv", rows))
    found = read_csv(tmp_path / "out.csv")
    assert [row["source"] for row in found] == ["offline", "live"]
    assert found[0]["error"].startswith("lookup_unavailable: http_500")


def test_parquet_comes_in_and_goes_out(enrich: Enrich, tmp_path: Path) -> None:
    import duckdb

    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    duckdb.sql("SELECT 14155550100 AS phone, 'Ann' AS name").write_parquet(str(source))
    enrich(source, "out.parquet", country="US")
    (row,) = duckdb.sql(f"SELECT phone, name, line_type FROM read_parquet('{out}')").fetchall()
    assert row == ("14155550100", "Ann", "mobile")
