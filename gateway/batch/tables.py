"""Reading and writing tables row by row: CSV by the standard library, Parquet by duckdb where it is installed.

No more than a few rows are held. Bytes that are not UTF-8 come out as they went in.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from gateway.errors import FieldError, InvalidRequest

LONGEST_FIELD = 1 << 20
PARQUET = ".parquet"
_FETCHED = 10_000
Row = list[str]


def read_table(path: Path) -> tuple[Row, Iterator[Row]]:
    """The names of the columns, and the rows. Raises InvalidRequest for a table without columns."""
    rows = _parquet(path) if path.suffix == PARQUET else _csv(path)
    columns = next(rows, [])
    if not columns:
        raise InvalidRequest(FieldError("in", f"{path.name} has no columns"))
    return columns, rows


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        yield from (row for row in csv.reader(file) if row)


def _parquet(path: Path) -> Iterator[Row]:
    with _duckdb() as database:
        found = database.execute("SELECT * FROM read_parquet(?)", [str(path)])
        columns = [column[0] for column in found.description]
        # As text, whatever the type: a number read as an integer has lost its plus and its zeros.
        texts = ", ".join(f'CAST("{name.replace(chr(34), chr(34) * 2)}" AS VARCHAR)' for name in columns)
        yield columns
        found = database.execute(f"SELECT {texts} FROM read_parquet(?)", [str(path)])  # noqa: S608 - quoted names
        while rows := found.fetchmany(_FETCHED):
            yield from (["" if value is None else value for value in row] for row in rows)


def fitted(row: Row, width: int) -> tuple[Row, str]:
    """The row as wide as the table, nothing lost, and what was wrong with it."""
    if len(row) == width:
        return row, ""
    reason = f"malformed_row: {len(row)} columns instead of {width}"
    if len(row) < width:
        return row + [""] * (width - len(row)), reason
    return [*row[: width - 1], ",".join(row[width - 1 :])], reason


class Sink:
    """Appends rows to a file that a killed run may have left longer than its checkpoint says."""

    def __init__(self, path: Path, length: int) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(descriptor, length)
        self._file: IO[str] = open(  # noqa: SIM115 - closed by close()
            descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="", buffering=1 << 16
        )
        self._file.seek(length)
        self._writer = csv.writer(self._file, lineterminator="\n")

    def write(self, row: Sequence[str]) -> None:
        self._writer.writerow(row)

    def durable(self) -> int:
        """Everything written is on disk; its length."""
        self._file.flush()
        os.fdatasync(self._file.fileno())
        return os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        self._file.close()


def finish(part: Path, out: Path) -> None:
    """The finished rows take the name, and the form, that was asked for."""
    if out.suffix == PARQUET:
        with _duckdb() as database:
            copied = out.with_name(f"{out.name}.copy")
            rows = "SELECT * FROM read_csv(?, all_varchar=true, header=true)"
            database.execute(
                f"COPY ({rows}) TO '{str(copied).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)", [str(part)]
            )
        copied.replace(out)
        part.unlink()
    else:
        part.replace(out)


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError as err:
        raise InvalidRequest(FieldError("in", "Parquet needs duckdb: install the extra `warehouse`")) from err
    return duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
