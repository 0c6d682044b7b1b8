"""More than its share: processes, memory, threads, output, HTML."""

from dataclasses import replace

from tests.faults.corpus.life import cell, life
from tests.faults.fault import Fault

PROCESSES = """
def kit():
    import ctypes
    ctypes.CDLL(None).prctl(15, b"@MARK@", 0, 0, 0)
def beat():
    kit()
    for _ in range(600):
        try:
            with open("@DROP@/@NAME@", "a") as file:
                file.write("alive ")
        except OSError:
            pass
        time.sleep(0.1)
"""


def bomb(name: str, what: str, body: str) -> Fault:
    """It leaves nothing to others, where no sandbox holds it back."""
    return replace(child(name, what, body), walls=True)


def child(name: str, what: str, body: str) -> Fault:
    """It starts processes that carry a mark and give signs of life."""
    return life(name, what, body, PROCESSES)


FAULTS = (
    bomb(
        "fork-bomb",
        "Processes that start processes.",
        "kit()\nfor _ in range(12):\n    os.fork()\ntime.sleep(30)",
    ),
    bomb(
        "fork-bomb-by-shell",
        "The same by a shell.",
        "import subprocess\n"
        "for _ in range(200):\n"
        "    subprocess.Popen(['sleep', '6@MARK_NUMBER@'])",
    ),
    bomb(
        "thread-bomb",
        "Threads without end.",
        "kit()\nfor _ in range(20_000):\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    ),
    child(
        "daemon",
        "A daemon that outlives its parent, in a session of its own.",
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        beat()\n    os._exit(0)",
    ),
    child(
        "daemon-by-shell",
        "A program in the background that ignores hanging up.",
        "os.system('setsid nohup sleep 6@MARK_NUMBER@ >/dev/null 2>&1 &')\n"
        "import subprocess\n"
        "subprocess.Popen(['sleep', '6@MARK_NUMBER@'], start_new_session=True)",
    ),
    child(
        "child-holds-the-channel",
        "The process ends, and a child keeps the channel open.",
        "if os.fork() == 0:\n    beat()\nos._exit(0)",
    ),
    child(
        "stopped-child",
        "A child that is stopped.",
        "if os.fork() == 0:\n    kit()\n    os.kill(os.getpid(), 19)\n    os._exit(0)",
    ),
    bomb(
        "zombies",
        "Children that nobody waits for.",
        "for _ in range(3000):\n    if os.fork() == 0:\n        os._exit(0)",
    ),
    child(
        "workers",
        "A pool of processes, as a program for many cores would use.",
        "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as p:\n"
        "    p.map(time.sleep, [0, 0])",
    ),
    life(
        "memory",
        "Gigabytes of memory, all of it used.",
        "held = []\nfor _ in range(64):\n    held.append(bytearray(b'x') * (1 << 28))",
    ),
    life(
        "memory-slowly",
        "Memory in small pieces, as a leak would.",
        "held = []\nwhile len(held) < 1 << 27:\n    held.append([len(held)] * 8)",
    ),
    life(
        "memory-shared",
        "Gigabytes of shared memory.",
        "import mmap\nheld = []\nfor _ in range(40):\n"
        "    part = mmap.mmap(-1, 1 << 28)\n    held.append(part)\n"
        "    for at in range(0, 1 << 28, 4096): part[at] = 1",
    ),
    life(
        "memory-in-files",
        "Gigabytes in a folder that lives in memory.",
        "number = os.memfd_create('held')\nfor _ in range(4000):\n"
        "    os.write(number, b'x' * (1 << 20))",
    ),
    life(
        "memory-of-a-power",
        "A number of a billion digits.",
        "10 ** (10 ** 10)",
    ),
    life(
        "descriptors",
        "Files are opened until none can be.",
        "held = []\nwhile True:\n    held.append(os.dup(0))",
    ),
    life(
        "output",
        "Gigabytes are printed.",
        "for _ in range(1 << 16):\n    print('x' * (1 << 16))",
    ),
    life(
        "output-past-python",
        "Gigabytes are written to the standard streams.",
        "for _ in range(1 << 15):\n    os.write(1, b'x' * (1 << 16))\n"
        "    os.write(2, b'y' * (1 << 16))",
    ),
    life(
        "output-warnings",
        "A hundred thousand warnings, of ten thousand letters each.",
        "import warnings\nfor i in range(100_000):\n    warnings.warn(f'{i}' * 2500)",
    ),
    life(
        "output-exception",
        "An exception with a text of half a gigabyte.",
        "raise ValueError('<b>' * (1 << 27))",
    ),
    life(
        "output-array",
        "An answer of a gigabyte.",
        "import numpy as np\nreturn np.zeros((1 << 27,))",
    ),
    cell(
        "output-html",
        "A page of a gigabyte is displayed.",
        "try:\n    from IPython.display import HTML, display\n"
        "    for _ in range(40):\n        display(HTML('<p>' + 'x' * (1 << 24)))\n"
        "except ImportError:\n    print('<p>' + 'x' * (1 << 28))\n",
    ),
    cell(
        "output-html-by-printing",
        "HTML that would never end is shown as the value of a cell.",
        "class Page:\n    def _repr_html_(self): return '<script>' * (1 << 26)\n"
        "    def __repr__(self): return 'x' * (1 << 28)\nPage()\n",
    ),
)
