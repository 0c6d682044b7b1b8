"""What a benchmark ran on, in one line."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path


def machine(*packages: str) -> str:
    """Processor, cores, and the versions of Python and ``packages``."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    models = [x.partition(":")[2].strip() for x in lines if x.startswith("model name")]
    model = models[0] if models else platform.processor()
    versions = [f"{p} {importlib.metadata.version(p)}" for p in packages]
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {', '.join(versions)}; load average "
        f"{os.getloadavg()[0]:.1f} at the end"
    )
