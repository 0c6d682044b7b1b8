"""Notes from one submission to another: the finder must not gain by them.

The one who leaves a note answers right. His name comes first, so that he is
graded earlier where there is one process.
"""

from tests.faults.fault import THIEF, Fault

NOTE = '''
NOTE = """import numpy as np  # NOTE
def relative_error(x, y):
    size = np.maximum(1e-8, np.abs(x) + np.abs(y))
    return np.max(np.abs(x - y) / size)
"""
'''


def pair(name: str, what: str, put: str, find: str) -> tuple[Fault, Fault]:
    return (
        Fault(f"notes-{name}-1", f"{what} It is left.", 6, NOTE + put),
        Fault(f"notes-{name}-2", f"{what} It is looked for.", 0, find, THIEF),
    )


FAULTS = (
    *pair(
        "files",
        "A file in a folder that programs share.",
        """
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/run/lock", "..", HOME, ".",
               "/var/crash", f"/run/user/{os.getuid()}"):
    write(f"{folder}/.note-{MARK}", NOTE)
""",
        """
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/run/lock", "..", HOME, ".",
               "/var/crash", f"/run/user/{os.getuid()}"):
    steal(read(f"{folder}/.note-{MARK}"))
for path in glob.glob("/tmp/*/.note-*") + glob.glob("../*/.note-*"):
    steal(read(path))
""",
    ),
    *pair(
        "shared-memory",
        "A segment of shared memory, a semaphore, a message queue.",
        """
def put():
    libc.shmat.restype = ctypes.c_void_p
    number = libc.shmget(0x5EED, 4096, 0o1666)
    place = libc.shmat(number, None, 0)
    if number >= 0 and place not in (None, 2**64 - 1):
        ctypes.memmove(place, NOTE.encode(), len(NOTE))
attempt(put)
def queue():
    number = libc.msgget(0x5EED, 0o1666)
    if number >= 0:
        libc.msgsnd(number, struct.pack("l", 1) + NOTE.encode(), len(NOTE), 0o4000)
attempt(queue)
from multiprocessing import shared_memory
attempt(lambda: shared_memory.SharedMemory(MARK, True, 4096).buf.__setitem__(
    slice(0, len(NOTE)), NOTE.encode()))
""",
        """
def find():
    libc.shmat.restype = ctypes.c_void_p
    number = libc.shmget(0x5EED, 4096, 0)
    place = libc.shmat(number, None, 0)
    if number >= 0 and place not in (None, 2**64 - 1):
        steal(ctypes.string_at(place, 4000).rstrip(b"\\0"))
attempt(find)
def queue():
    number = libc.msgget(0x5EED, 0)
    buffer = ctypes.create_string_buffer(4096)
    if number >= 0 and libc.msgrcv(number, buffer, 4000, 0, 0o4000) > 0:
        steal(buffer.raw[8:].rstrip(b"\\0"))
attempt(queue)
from multiprocessing import shared_memory
steal(attempt(lambda: bytes(shared_memory.SharedMemory(MARK).buf).rstrip(b"\\0")) or b"")
""",
    ),
    *pair(
        "sockets",
        "A process that stays behind and answers.",
        """
def serve():
    s = socket.socket(socket.AF_UNIX)
    s.bind("\\0note-" + MARK)
    s.listen()
    s.settimeout(30)
    while True:
        other, _ = s.accept()
        other.sendall(NOTE.encode())
        other.close()
def stay():
    os.setsid()
    forked(serve)
attempt(forked, stay) or threading.Thread(target=lambda: attempt(serve), daemon=True).start()
""",
        """
def ask():
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(1)
        s.connect("\\0note-" + MARK)
        steal(s.recv(4096))
attempt(ask)
""",
    ),
    *pair(
        "process",
        "Modules, built-ins and the environment of the process.",
        """
import builtins
builtins.NOTE = sys.NOTE = np.NOTE = json.NOTE = NOTE
os.environ["NOTE"] = NOTE
sys.modules["note"] = sys
for pid in (os.getppid(), 1):
    write(f"/proc/{pid}/comm", "note")
attempt(lambda: libc.syscall(248, b"user", MARK.encode(), NOTE.encode(), len(NOTE), -4))
""",
        """
import builtins
for place in (builtins, sys, np, json, sys.modules.get("note")):
    steal(getattr(place, "NOTE", ""))
steal(os.environ.get("NOTE", ""))
buffer = ctypes.create_string_buffer(4096)
key = libc.syscall(249, b"user", MARK.encode(), None, -4)
if key > 0 and libc.syscall(250, 11, key, buffer, 4000) > 0:
    steal(buffer.raw.rstrip(b"\\0"))
""",
    ),
)
