"""What a process holds."""

from __future__ import annotations

import re
from pathlib import Path


def memory() -> dict[str, float]:
    """Return what this process holds, in megabytes: all of it, and what is its own, not shared with its parent."""
    text = Path("/proc/self/smaps_rollup").read_text()
    found = {name: int(size) / 1024 for name, size in re.findall(r"(\w+): +(\d+) kB", text)}
    return {"all": found["Rss"], "own": found["Private_Clean"] + found["Private_Dirty"]}
