"""Canaries that take more than their share: memory, threads, disk, time."""

from __future__ import annotations

from autograder.course.doctor.canary import Canary, Planted, Way


def _running(planted: Planted, told: str | None) -> bool:
    return bool(planted.marked())


def _left(planted: Planted, told: str | None) -> bool:
    return planted.left()


def _changed(planted: Planted, told: str | None) -> bool:
    return planted.changed()


TAKE_MEMORY = Canary(
    "take memory without end",
    (
        Way("one array", "it = bytearray(AT['memory'] + (64 << 20))\nreached()"),
        Way(
            "shared memory",
            "it = mmap.mmap(-1, AT['memory'] + (64 << 20))\nreached()",
        ),
        Way(
            "stacks of threads",
            """
threading.stack_size(256 << 20)
wait = threading.Event()
for _ in range(AT["memory"] // (256 << 20) + 2):
    threading.Thread(target=wait.wait, daemon=True).start()
reached()
""",
        ),
        Way(
            "files in memory",
            """
kept = [os.memfd_create("x") for _ in range(AT["memory"] // (32 << 20) + 2)]
for fd in kept:
    os.ftruncate(fd, 32 << 20)
reached()
""",
        ),
        Way(
            "System V",
            """
LIBC.shmget.argtypes = (ctypes.c_int, ctypes.c_size_t, ctypes.c_int)
number = checked(LIBC.shmget(0, AT["memory"] + (64 << 20), 0o1600))
LIBC.shmctl(number, 0, None)
reached()
""",
        ),
        Way(
            "in two processes",
            """
def hold():
    pid = os.fork()
    if pid == 0:
        global it
        it = mmap.mmap(-1, AT["memory"] * 3 // 4)
    return pid

child(hold), child(hold)
reached()
""",
            _running,
        ),
        Way(
            "without its limits",
            """
for name in ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NOFILE"):
    soft, hard = resource.getrlimit(getattr(resource, name))
    resource.setrlimit(getattr(resource, name), (soft, hard + 1))
reached()
""",
        ),
    ),
)
START_THREADS = Canary(
    "start threads without end",
    (
        Way(
            "small ones",
            """
threading.stack_size(64 << 10)
wait = threading.Event()
for _ in range(AT["threads"] * 2):
    threading.Thread(target=wait.wait, daemon=True).start()
reached()
""",
        ),
    ),
    not_covered=("landlock",),
)
FILL = """
def fill(folder, name, size, number):
    for i in range(number):
        with open(f"{folder}/{name}{i}", "wb") as file:
            file.write(bytes(size))

def wait():
    time.sleep(5)  # where somebody looks from time to time, it ends here
    reached()
"""
FILL_A_DISK = Canary(
    "fill a disk",
    (
        Way(
            "many bytes",
            f"{FILL}\nfill('.', 'x', 1 << 20, AT['disk'] // (1 << 20) + 8)\nwait()",
        ),
        Way("many files", f"{FILL}\nfill('.', 'x', 0, AT['files'] + 50)\nwait()"),
        Way(
            "one long file",
            "file = open('x', 'wb')\nfile.truncate(AT['file_size'] + 1)\nreached()",
        ),
        Way(
            "another folder",
            f"{FILL}\nfill(AT['open'], 'x', 1 << 20, AT['disk'] // (1 << 20) + 8)",
            _changed,
        ),
    ),
)
FILL_UNSEEN = Canary(
    "fill a disk with removed files",
    (
        Way(
            "still open",
            """
kept = []
for i in range(AT["disk"] // (1 << 20) + 8):
    kept.append(open("x", "wb"))
    os.unlink("x")
    kept[-1].write(bytes(1 << 20))
    kept[-1].flush()
time.sleep(1)
reached()
""",
        ),
    ),
    not_covered=("landlock",),
)
FOREVER = """
def forever():
    while True:
        time.sleep(0.05)
"""
DAEMON = """
def daemon():
    os.setsid()
    for number in range(1, 32):
        with contextlib.suppress(OSError):
            signal.signal(number, signal.SIG_IGN)
    return os.fork()

def leave():
    here, there = os.pipe()
    if os.fork() == 0:
        child(daemon)
        os.write(there, b".")
        os._exit(0)
    os.read(here, 1)
"""
OUTLIVE = Canary(
    "outlive the deadline",
    tuple(
        Way(name, f"{FOREVER}{source}\nforever()", _left, seconds=seconds, ended=True)
        for name, seconds, source in (
            (
                "deaf to signals",
                0.5,
                """
put_mark()
for number in range(1, 32):
    with contextlib.suppress(OSError):
        signal.signal(number, signal.SIG_IGN)
""",
            ),
            (
                "a thread",
                0.5,
                "put_mark()\nthreading.Thread(target=forever, daemon=True).start()",
            ),
            ("a daemon", 1.0, f"{DAEMON}\nleave()"),
            (
                "a daemon that ends its guard",
                10.0,  # it ends with its guard, long before
                f"{DAEMON}\nleave()\n"
                "guard = os.getppid()\n"
                "if guard > 1:\n    os.kill(guard, signal.SIGKILL)",
            ),
        )
    ),
)
