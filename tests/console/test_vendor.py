"""The files of others are what was reviewed, each with its licence."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "gateway" / "console" / "static" / "vendor", ROOT / "tests" / "browser" / "vendor")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.parent.name)
def test_every_vendored_file_has_the_digest_that_is_listed(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").split("\n")
    listed = {line.split()[1]: line.split()[0] for line in lines if line}
    found = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir() if p.name != "SHA256SUMS"}
    assert found == listed
    assert any("LICENSE" in name for name in found)
