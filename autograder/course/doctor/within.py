"""Canaries that start processes, or reach the kernel or another submission."""

from __future__ import annotations

from autograder.course.doctor.canary import Canary, Planted, Way
from autograder.course.doctor.outside import MEMORY_OF


def _running(planted: Planted, told: str | None) -> bool:
    return bool(planted.marked())


def _secret(planted: Planted, told: str | None) -> bool:
    return told is not None and planted.read(told)


def _neighbour_stopped(planted: Planted, told: str | None) -> bool:
    return told is not None and any(planted.is_stopped(p.pid) for p in planted.marked())


SPAWN = """
command = [AT["python"], "-I", "-S", "-c", "import time; time.sleep(8)", AT["mark"]]
"""
START_PROCESSES = Canary(
    "start processes",
    (
        Way("fork", "for _ in range(5):\n    child(os.fork)\nreached()", _running),
        Way(
            "clone",
            "number, kind = (220 if ARM else 56), int(signal.SIGCHLD)\n"
            "child(lambda: LIBC.syscall(number, kind, 0, 0, 0, 0))\nreached()",
            _running,
        ),
        Way(
            "clone3",
            """
words = (ctypes.c_uint64 * 8)(0, 0, 0, 0, int(signal.SIGCHLD), 0, 0, 0)
child(lambda: LIBC.syscall(435, ctypes.byref(words), ctypes.c_size_t(64)))
reached()
""",
            _running,
        ),
        Way(
            "spawn",
            f"{SPAWN}\nos.posix_spawn(command[0], command, dict(os.environ))\n"
            "reached()",
            _running,
        ),
        Way(
            "a program",
            f"{SPAWN}\nimport subprocess\nit = subprocess.Popen(command)\nreached()",
            _running,
        ),
        Way(
            "a program in its own place",
            """
try:
    os.execv("/nowhere/at/all", ["x"])
except FileNotFoundError:
    reached()
""",
        ),
    ),
)
CALLS = {
    "a user namespace": "LIBC.unshare(0x10000000)",
    "a mount namespace": "LIBC.unshare(0x00020000)",
    "a mount": "LIBC.mount(None, None, None, 0, None)",
    "another's namespace": "LIBC.setns(-1, 0)",
    "another root": "LIBC.chroot(b'')",
    "being traced": "LIBC.ptrace(0, 0, None, None)",
    "the key ring": "LIBC.syscall(219 if ARM else 250, 0, -3, 0)",
    "io_uring": "LIBC.syscall(425, 1, None)",
    "bpf": "LIBC.syscall(280 if ARM else 321, 0, None, 0)",
    "perf": "LIBC.syscall(241 if ARM else 298, None, 0, -1, -1, 0)",
    "userfaultfd": "LIBC.syscall(282 if ARM else 323, -1)",
    "a file by its number": "LIBC.open_by_handle_at(-1, None, 0)",
}
OLD_CALLS = """
code = b"\\x53\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\x5b\\xc3"  # getpid, 32 bits
if not ARM:
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(code)
    start = ctypes.addressof(ctypes.c_char.from_buffer(page))
    if ctypes.CFUNCTYPE(ctypes.c_int)(start)() == os.getpid():
        reached()
"""
REACH_KERNEL = Canary(
    "reach deep into the kernel",
    (
        *(Way(n, f"ctypes.set_errno(0)\ngets_through({c})") for n, c in CALLS.items()),
        Way("calls of 32 bits", OLD_CALLS),
    ),
)
NOTE = """
put_mark()
NOTE = ctypes.create_string_buffer(AT["token"].encode())
open("note", "w").write(AT["token"])
reached(f"{os.getcwd()} {ctypes.addressof(NOTE)}")
"""
"""What the neighbour leaves; where that is, and its number, are then in ``AT``."""

REACH_ANOTHER = Canary(
    "reach another submission",
    (
        Way(
            "its files",
            "first(lambda: open(AT['their_folder'] + '/note').read())",
            _secret,
            NOTE,
        ),
        Way(
            "its memory",
            f"{MEMORY_OF}\n"
            "first(lambda: memory_of(AT['them'], AT['their_note'], len(AT['token'])))",
            _secret,
            NOTE,
        ),
        Way(
            "a signal to it",
            "os.kill(AT['them'], signal.SIGSTOP)\nreached()",
            _neighbour_stopped,
            NOTE,
        ),
    ),
)
LOCK = """
import fcntl, numpy
file = open(numpy.__file__)
fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
"""
AGREE = Canary(
    "agree with another by locks",
    (
        Way(
            "on a file that both read",
            f"try:\n    {LOCK.strip().replace(chr(10), chr(10) + '    ')}\n"
            "except BlockingIOError:\n    reached()",
            neighbour=f"{NOTE.replace('reached', 'told = str')}{LOCK}\nreached(told)",
        ),
    ),
)
