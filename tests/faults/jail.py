"""A jail around a whole batch, for graders that have no walls of their own.

Stock nbgrader runs hostile code as the instructor. Here it runs as a user who
owns nothing but the folder of its batch, without network, with limits.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

USER = 77_001
LIMITS = (
    "--nproc=400",
    f"--as={6 << 30}",
    f"--fsize={1 << 30}",
    "--nofile=1024",
    "--core=0",
)


def jailed(
    base: Path, command: Sequence[str], python_path: Path, seconds: int = 900
) -> list[str]:
    """The command line that runs ``command`` with ``base`` alone to write to."""
    give(base)
    inside = [
        *("prlimit", *LIMITS),
        *("timeout", "--kill-after=5", str(seconds)),
        *command,
    ]
    if os.geteuid() == 0:
        user = str(USER)
        rights = ("--inh-caps=-all", "--bounding-set=-all", "--no-new-privs")
        inside = [
            *("setpriv", "--reuid", user, "--regid", user, "--clear-groups", *rights),
            *inside,
        ]
    apart = ["--unshare-pid", "--unshare-ipc", "--unshare-net", "--unshare-uts"]
    if os.geteuid() != 0:
        apart.append("--unshare-user")
    binds = [*("--tmpfs", "/root"), *("--tmpfs", "/home")]
    for path in (python_path, Path(sys.prefix), Path(sys.base_prefix)):
        for parent in reversed(path.parents):
            binds += ["--perms", "0755", "--dir", str(parent)]
        binds += ["--ro-bind", str(path), str(path)]
    binds += ["--bind", str(base), str(base)]
    return [
        *("bwrap", *apart, "--die-with-parent", "--new-session"),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *("--perms", "1777", "--size", str(1 << 30), "--tmpfs", "/tmp"),
        *("--perms", "1777", "--size", str(1 << 28), "--tmpfs", "/var/tmp"),
        *binds,
        *("--setenv", "PYTHONPATH", str(python_path)),
        *("--chdir", str(python_path), "--", *inside),
    ]


def give(base: Path) -> None:
    """Let the jail's user own the folder."""
    if os.geteuid() == 0:
        subprocess.run(["chown", "-Rh", f"{USER}:{USER}", str(base)], check=True)


def remove(base: Path) -> None:
    """Remove a folder, however deep and locked."""
    subprocess.run(["chmod", "-R", "u+rwx", str(base)], capture_output=True)
    subprocess.run(["rm", "-rf", str(base)], check=False)
    shutil.rmtree(base, ignore_errors=True)
