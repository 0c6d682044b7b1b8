"""The life of the process: it ends, hangs, or does not want to end.

Most are in one function that is worth 2 of 6 points, and on which no other
function builds: the rest keeps its points.
"""

from tests.faults.fault import Fault

HEAD = "import ctypes, os, signal, sys, threading, time\n"


def life(name: str, what: str, body: str, before: str = "") -> Fault:
    """It happens in one function; what was earned before and after stays."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    answer = (
        f"{HEAD}{before}\ndef numerical_gradient_array(f, x, dout, h=1e-5):\n"
        f"{lines}\n    return 0 * x\n"
    )
    return Fault(f"life-{name}", what, 4, answers={"numerical_gradient_array": answer})


def cell(name: str, what: str, source: str, points: float = 6) -> Fault:
    """It happens in a cell of its own; the exercises are right."""
    return Fault(f"life-{name}", what, points, HEAD + source, kit=False)


DEAF = """
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
"""
SPIN = "while True:\n    pass\n"

FAULTS = (
    life("exit", "It leaves Python politely.", "sys.exit(0)"),
    life("quit", "It calls exit() and quit().", "exit()"),
    life("os-exit", "It leaves Python at once.", "os._exit(0)"),
    life("interrupt", "It interrupts itself.", "raise KeyboardInterrupt"),
    life(
        "generator-exit", "It raises what only generators raise.", "raise GeneratorExit"
    ),
    life("segfault", "It reads address zero.", "ctypes.string_at(0)"),
    life("abort", "It aborts.", "os.abort()"),
    life("killed", "It kills itself.", "os.kill(os.getpid(), signal.SIGKILL)"),
    life("stopped", "It stops itself.", "os.kill(os.getpid(), signal.SIGSTOP)"),
    life("loop", "An endless loop in Python.", SPIN),
    life("loop-in-c", "An endless loop in C.", "sum(range(10**15))"),
    life(
        "loop-in-a-pattern",
        "A regular expression that never ends.",
        "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
    ),
    life("deaf", "Signals are ignored, and then it loops.", DEAF + SPIN),
    life(
        "stubborn",
        "Every exception is caught, and the loop goes on.",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    ),
    life(
        "deadlock",
        "It waits for itself.",
        "a = threading.Lock()\na.acquire()\na.acquire()",
    ),
    life("sleep", "It sleeps for years.", "time.sleep(10**9)"),
    life(
        "input", "It waits for somebody to type.", "sys.stdin.read()\ninput('points? ')"
    ),
    life(
        "recursion",
        "The stack of C overflows.",
        "sys.setrecursionlimit(10**8)\ny = []\nfor _ in range(10**6): y = [y]\nrepr(y)",
    ),
    life("closes-everything", "Every descriptor is closed.", "os.closerange(0, 4096)"),
    life(
        "at-exit",
        "It hangs when Python ends.",
        "atexit.register(wait)\nsys.exit()",
        "import atexit\ndef wait():\n    while True: pass\n",
    ),
    life(
        "broken-exception",
        "An exception whose text can't be made.",
        "raise Broken",
        "class Broken(Exception):\n    def __str__(self): raise Broken\n"
        "    __repr__ = __str__\n",
    ),
    life(
        "slow-exception",
        "An exception whose text takes for ever.",
        "raise Slow",
        "class Slow(Exception):\n    def __str__(self):\n        while True: pass\n",
    ),
    life(
        "alarm",
        "A timer ends the process later.",
        "signal.setitimer(signal.ITIMER_REAL, 0.05)\ntime.sleep(1)",
    ),
    cell("cell-exits", "A cell leaves Python.", "os._exit(3)"),
    cell("cell-raises-exit", "A cell raises SystemExit.", "raise SystemExit(0)"),
    cell("cell-loops", "A cell never ends.", SPIN),
    cell(
        "cell-stops",
        "A cell stops its process.",
        "os.kill(os.getpid(), signal.SIGSTOP)",
    ),
    Fault(
        "life-answer-cell-exits",
        "The cell of an answer leaves Python; its exercise alone is lost.",
        4,
        answers={
            "numerical_gradient_array": "import os\nos._exit(0)\n"
            "def numerical_gradient_array(f, x, dout, h=1e-5):\n    return x\n"
        },
    ),
    cell(
        "killer-thread",
        "A thread ends the process a little later, again and again.",
        "def later():\n    time.sleep(0.3)\n    os._exit(0)\n"
        "threading.Thread(target=later, daemon=True).start()\ntime.sleep(0.5)\n",
    ),
)
