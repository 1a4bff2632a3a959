"""`make bench`: the benchmarks of a few minutes, one after the other; names as arguments choose some of them."""

from __future__ import annotations

import subprocess
import sys

USUAL = ("send", "webhooks", "dispatch", "suppressions", "disorder", "lookups")


def main() -> int:
    """The highest status of them."""
    worst = 0
    for name in sys.argv[1:] or USUAL:
        print(f"\n== python -m benchmarks.{name}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode)
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
