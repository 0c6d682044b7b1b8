"""The warm parent: it has imported what takes long, and forks per submission.

It runs no code of a student and holds no secret: all that its children find
in their memory is this program and the packages it imported.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
import threading
from typing import Any

from autograder.worker.supervise import supervise
from autograder.worker.walls import Walls

LONGEST = 1 << 20


def main(descriptor: int) -> None:
    """Serve on an inherited socket of messages until the other side goes."""
    control = socket.socket(fileno=descriptor)
    setting = json.loads(control.recv(LONGEST))
    readable = setting["walls"].pop("landlock")
    if readable is not None:
        readable = (*readable, sys.argv[0])  # modules that are imported later
    walls = Walls(**setting["walls"], landlock=readable)
    for module in setting["modules"]:
        # What is missing here is missed by the code that imports it.
        with contextlib.suppress(ModuleNotFoundError):
            name, _, function = module.partition(":")
            imported = importlib.import_module(name)
            if function:
                getattr(imported, function)()
    if "torch" in sys.modules:
        # It looks at the processor once, in /proc, where children have nothing.
        sys.modules["torch"].zeros(1).half().float()
    gc.collect()
    gc.freeze()  # children that collect garbage copy no page of this heap
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.send(json.dumps({"threads": threading.active_count()}).encode())
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, LONGEST, 2)
        if not message:
            with contextlib.suppress(ChildProcessError):
                os.wait()  # until the last submission has been let go
            return
        if os.fork() == 0:
            _be_supervisor(walls, json.loads(message), *descriptors)
        for fd in descriptors:
            os.close(fd)


def _be_supervisor(
    walls: Walls, request: dict[str, Any], channel: int, leash: int
) -> None:
    scratch = request["scratch"]
    os.environ |= {
        "HOME": scratch,
        "TMPDIR": scratch,
        "TRITON_CACHE_DIR": f"{scratch}/triton",
    }
    tempfile.tempdir = None
    try:
        supervise(walls, request, channel, leash)
    except OSError as error:
        os.write(leash, json.dumps({"error": str(error)}).encode())
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
