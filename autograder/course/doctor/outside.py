"""Canaries that reach for what lies outside: files, processes, the network."""

from __future__ import annotations

from autograder.course.doctor.canary import Canary, Planted, Way


def _secret(planted: Planted, told: str | None) -> bool:
    return told is not None and planted.read(told)


def _changed(planted: Planted, told: str | None) -> bool:
    return planted.changed()


def _heard(planted: Planted, told: str | None) -> bool:
    return planted.heard()


def _stopped(planted: Planted, told: str | None) -> bool:
    return told is not None and planted.stopped()


def _altered(planted: Planted, told: str | None) -> bool:
    return told is not None and planted.altered()


READ = """
def text(path):
    return open(path).read()

def through_link(path):
    os.symlink(path, "link")
    return text("link")

def all_ways(path):
    first(
        lambda: text(path),
        lambda: text("../" * 30 + path),
        lambda: text("/proc/self/root" + path),
        lambda: text("/proc/1/root" + path),
        lambda: text(f"/proc/{AT['victim']}/root" + path),
        lambda: through_link(path),
    )
"""
DIGEST = """
import hashlib
first(lambda: hashlib.sha256(open(AT[{name!r}], "rb").read()).hexdigest())
"""
MEMORY_OF = """
class Piece(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))

def memory_of(pid, start, length):
    found = ctypes.create_string_buffer(length)
    here = Piece(ctypes.addressof(found), length)
    there = Piece(start, length)
    one = ctypes.c_ulong(1)
    size = LIBC.process_vm_readv(
        pid, ctypes.byref(here), one, ctypes.byref(there), one, ctypes.c_ulong(0)
    )
    return found.raw[: checked(size)].decode("latin-1")
"""
PTRACE = """
LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
first(lambda: str(checked(LIBC.ptrace(0x4206, {pid}, None, None))))
"""

READ_A_SECRET = Canary(
    "read a secret",
    (
        *(
            Way(
                name,
                f"{READ}\nif {name!r} in AT['secrets']:\n"
                f"    all_ways(AT['secrets'][{name!r}])",
                _secret,
            )
            for name in ("a shared folder", "the class folder", "your home")
        ),
        Way("the solutions", DIGEST.format(name="solution"), _secret),
        Way("the known mistakes", DIGEST.format(name="mistakes"), _secret),
        Way("its own environment", "first(lambda: os.environ[AT['variable']])"),
    ),
)
LOOK_INTO = Canary(
    "look into another process",
    (
        Way(
            "its environment",
            "text = open(f\"/proc/{AT['victim']}/environ\").read()\n"
            "first(lambda: text.partition(AT['variable'] + '=')[2].strip('\\0'))",
            _secret,
        ),
        Way(
            "any environment",
            """
for name in os.listdir("/proc"):
    with contextlib.suppress(OSError):
        text = open(f"/proc/{name}/environ", "rb").read().decode("latin-1")
        if AT["token"] in text:
            reached(AT["token"])
""",
            _secret,
        ),
        Way(
            "its memory",
            f"{MEMORY_OF}\n"
            "text = memory_of(AT['victim'], AT['environment'], 64)\n"
            "first(lambda: text.partition('=')[2].partition('\\0')[0])",
            _secret,
        ),
        Way("by tracing it", PTRACE.format(pid="AT['victim']")),
    ),
)
WHICH_FILES = Canary(
    "learn which files exist",
    (
        Way(
            "by their size and time",
            "first(*(lambda p=p: str(os.stat(p)) for p in AT['secrets'].values()))",
        ),
    ),
    not_covered=("landlock",),
)


def _door(name: str, family: str, kind: str, act: str) -> Way:
    made = f"door = socket.socket(socket.{family}, socket.{kind})\ndoor.settimeout(1)"
    return Way(name, f"{made}\n{act}\nreached()", _heard)


CONNECT = Canary(
    "connect",
    (
        _door(
            "TCP",
            "AF_INET",
            "SOCK_STREAM",
            "door.connect(('127.0.0.1', AT['ports']['tcp']))",
        ),
        _door(
            "TCP over IPv6",
            "AF_INET6",
            "SOCK_STREAM",
            "door.connect(('::1', AT['ports']['tcp6']))",
        ),
        _door(
            "UDP, as names are asked for",
            "AF_INET",
            "SOCK_DGRAM",
            "door.sendto(b'x', ('127.0.0.1', AT['ports']['udp']))",
        ),
        _door(
            "a Unix socket",
            "AF_UNIX",
            "SOCK_STREAM",
            "door.connect(AT['doors'] + '/stream')",
        ),
        _door(
            "a Unix datagram",
            "AF_UNIX",
            "SOCK_DGRAM",
            "door.sendto(b'x', AT['doors'] + '/datagram')",
        ),
        _door(
            "an abstract socket",
            "AF_UNIX",
            "SOCK_STREAM",
            "door.connect('\\0' + AT['mark'])",
        ),
        Way(
            "a server of its own",
            "door = socket.socket()\ndoor.bind(('', 0))\ndoor.listen()\nreached()",
        ),
        Way(
            "a socket of another kind",
            "kinds = ((16, 3, 0), (17, 3, 0), (38, 5, 0), (40, 1, 0), (1, 1, 0))\n"
            "first(*(lambda k=k: str(socket.socket(*k)) for k in kinds))",
        ),
    ),
)
WRITE_OUTSIDE = Canary(
    "write outside",
    (
        *(
            Way(name, f"{act}\nreached()", _changed)
            for name, act in (
                ("a new file", "open(AT['open'] + '/new', 'w').write('x')"),
                ("a new folder", "os.mkdir(AT['open'] + '/new')"),
                ("a pipe", "os.mkfifo(AT['open'] + '/new')"),
                ("a symbolic link", "os.symlink('nowhere', AT['open'] + '/new')"),
                ("a hard link", "os.link(AT['file'], AT['open'] + '/new')"),
                ("over a file", "open(AT['file'], 'w').write('x')"),
                ("at the end of a file", "open(AT['file'], 'a').write('x')"),
                ("cutting a file", "os.truncate(AT['file'], 1)"),
                ("renaming a file", "os.rename(AT['file'], AT['file'] + '2')"),
                ("removing a file", "os.unlink(AT['file'])"),
                ("the rights of a file", "os.chmod(AT['file'], 0o600)"),
                ("the times of a file", "os.utime(AT['file'], (1, 1))"),
                ("an attribute", "os.setxattr(AT['file'], 'user.x', b'x')"),
                (
                    "through a link",
                    "os.symlink(AT['file'], 'link')\nopen('link', 'a').write('x')",
                ),
            )
        ),
        Way(
            "folders that everybody has",
            """
for folder in (*AT["everybodys"], AT["home"]):
    with contextlib.suppress(OSError):
        open(f"{folder}/{AT['mark']}-was-here", "w").close()
reached()
""",
            _changed,
        ),
    ),
)
STOP_ANOTHER = Canary(
    "stop another process",
    (
        Way("a signal", "os.kill(AT['victim'], signal.SIGSTOP)\nreached()", _stopped),
        Way(
            "a signal with a value",
            "checked(LIBC.sigqueue(AT['victim'], int(signal.SIGSTOP), None))\n"
            "reached()",
            _stopped,
        ),
        Way(
            "a signal through a descriptor",
            "fd = os.pidfd_open(AT['victim'])\n"
            "signal.pidfd_send_signal(fd, signal.SIGSTOP)\nreached()",
            _stopped,
        ),
        Way(
            "a signal to its thread",
            "checked(LIBC.tgkill(AT['victim'], AT['victim'], int(signal.SIGSTOP)))\n"
            "reached()",
            _stopped,
        ),
        Way(
            "its priority",
            "os.setpriority(os.PRIO_PROCESS, AT['victim'], 15)\nreached()",
            _altered,
        ),
        Way(
            "its limits",
            "resource.prlimit(AT['victim'], resource.RLIMIT_CORE, (4096, 4096))\n"
            "reached()",
            _altered,
        ),
    ),
)
