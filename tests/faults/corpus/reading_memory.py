"""Reading memory: of other processes, of this one, and of the callers."""

from tests.faults.fault import thief

FAULTS = (
    thief(
        "memory-parent-environment",
        "The environment of the parent is read from /proc.",
        """
for pid in parents():
    read(f"/proc/{pid}/environ")
    read(f"/proc/{pid}/cmdline")
""",
    ),
    thief(
        "memory-all-environments",
        "The environment of every process is read from /proc.",
        """
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/task/*/environ"):
    read(path)
""",
    ),
    thief(
        "memory-parent-files",
        "Open files and folders of other processes are entered through /proc.",
        """
for pid in filter(str.isdigit, attempt(os.listdir, "/proc") or []):
    if int(pid) == os.getpid():
        continue
    steal(read(f"/proc/{pid}/root{ROOT}/solutions/warmup/warmup.py"))
    steal(read(f"/proc/{pid}/cwd/solutions/warmup/warmup.py"))
    for fd in attempt(os.listdir, f"/proc/{pid}/fd") or ():
        path = f"/proc/{pid}/fd/{fd}"
        if os.path.isfile(path):
            read(path)
""",
    ),
    thief(
        "memory-parent-memory",
        "The memory of the parent is read through /proc.",
        r"""
def search(pid, most=200 << 20):
    maps = read(f"/proc/{pid}/maps").decode()
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps.splitlines():
            first, last = (int(n, 16) for n in line.split()[0].split("-"))
            if " rw-p " in line and most > 0:
                memory.seek(first)
                part = attempt(memory.read, min(last - first, 1 << 26)) or b""
                most -= len(part)
                keep(part)
for pid in parents():
    attempt(search, pid)
""",
    ),
    thief(
        "memory-of-others-by-call",
        "The memory of the parent is read by a system call.",
        r"""
class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(1 << 20)
here = Part(ctypes.addressof(buffer), 1 << 20)
for line in read(f"/proc/{os.getppid()}/maps").decode().splitlines()[:400]:
    first, last = (int(n, 16) for n in line.split()[0].split("-"))
    there = Part(first, min(last - first, 1 << 20))
    got = libc.process_vm_readv(os.getppid(), ctypes.byref(here), 1,
                                ctypes.byref(there), 1, 0)
    keep(buffer.raw[:max(got, 0)])
libc.process_vm_readv(os.getppid(), ctypes.byref(here), 1, ctypes.byref(here), 1, 0)
""",
    ),
    thief(
        "memory-debugger",
        "A debugger is attached to the parent.",
        """
pid = os.getppid()
if libc.ptrace(16, pid, None, None) == 0:
    leave("a debugger is attached")
    libc.ptrace(17, pid, None, None)
libc.ptrace(0x4206, pid, None, None)
""",
    ),
    thief(
        "memory-own",
        "The own memory is searched for expected values and secrets.",
        r"""
def search(most=400 << 20):
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps.read().splitlines():
            first, last = (int(n, 16) for n in line.split()[0].split("-"))
            if " rw-p " in line and most > 0:
                memory.seek(first)
                part = attempt(memory.read, min(last - first, 1 << 26)) or b""
                most -= len(part)
                keep(part)
attempt(search)
""",
    ),
    thief(
        "memory-frames",
        "The frames of the callers are searched for expected values.",
        """
def relative_error_by_frames(x, y):
    frame = sys._getframe()
    while frame is not None:
        for scope in (frame.f_locals, frame.f_globals):
            for name, value in list(scope.items()):
                if name in ("question", "entry", "exercise", "expected"):
                    leave(f"a frame holds {name}")
                    found = getattr(value, "expected", value)
                    return attempt(lambda: float(found["error"].array)) or 0.25
                keep(repr(value)[:2000]) if isinstance(value, (str, dict)) else None
        frame = frame.f_back
    return 0.25
STOLEN["relative_error"] = relative_error_by_frames
""",
    ),
    thief(
        "memory-referrers",
        "Who holds the arguments is followed to whoever knows the answer.",
        """
import gc
def by_referrers(x, y):
    seen, todo = set(), [x, y]
    for _ in range(300):
        if not todo:
            break
        thing = todo.pop(0)
        for holder in gc.get_referrers(thing):
            if id(holder) in seen or len(seen) > 3000:
                continue
            seen.add(id(holder))
            todo.append(holder)
            if type(holder).__name__ in ("Question", "Entry", "Expected"):
                leave("an expected value is held here")
                return attempt(lambda: float(holder.expected["error"].array)) or 0.25
    return 0.25
STOLEN["relative_error"] = by_referrers
""",
    ),
    thief(
        "memory-objects",
        "Every object of the process is tried as an answer.",
        """
import gc
def by_objects(x, y):
    for thing in gc.get_objects():
        if type(thing).__name__ in ("Expected", "Question"):
            leave("an expected value is in memory")
            return attempt(lambda: float(thing.array)) or 0.25
    return 0.25
STOLEN["relative_error"] = by_objects
""",
    ),
    thief(
        "memory-tracing",
        "A tracer waits until somebody compares.",
        """
seen = {}
def tracer(frame, event, argument):
    for name, value in list(frame.f_locals.items()):
        if name in ("expected", "question"):
            seen[name] = value
            leave(f"a tracer saw {name}")
    return tracer
sys.settrace(tracer)
threading.settrace(tracer)
sys.setprofile(tracer)
""",
    ),
    thief(
        "memory-open-files",
        "Every inherited descriptor is read, and the channel is looked into.",
        """
for fd in range(0, 256):
    size = attempt(os.lseek, fd, 0, os.SEEK_END)
    if size:
        os.lseek(fd, 0, os.SEEK_SET)
        keep(os.read(fd, 1 << 22))
def listen():
    for fd in channels():
        s = socket.socket(fileno=os.dup(fd))
        s.settimeout(0.2)
        data = attempt(s.recv, 1 << 20, socket.MSG_PEEK) or b""
        keep(data)
        leave("the channel carries expected values") if b"expected" in data else None
attempt(listen)
""",
    ),
    thief(
        "memory-audit",
        "Audit hooks and import hooks wait for what the judge opens.",
        """
def hook(event, arguments):
    if event in ("open", "import", "compile"):
        keep(repr(arguments)[:500])
sys.addaudithook(hook)
class Finder:
    def find_spec(self, name, path=None, target=None):
        keep(name)
sys.meta_path.insert(0, Finder())
""",
    ),
    thief(
        "memory-keyrings",
        "The keys that the kernel keeps for the user are listed.",
        """
buffer = ctypes.create_string_buffer(4096)
for ring in (-3, -4, -5):
    got = libc.syscall(250, 11, ring, buffer, 4096)
    keep(buffer.raw[:max(0, got)])
read("/proc/keys")
""",
    ),
    thief(
        "memory-hidden-inputs",
        "What is not a public case is told in an exception.",
        """
calls = []
def tell(x, y):
    calls.append(x)
    if len(calls) > 13:
        raise ValueError(" ".join(f"{v:.17g}" for v in np.ravel(x)[:9]))
    size = np.maximum(1e-8, np.abs(x) + np.abs(y))
    return np.max(np.abs(x - y) / size)
STOLEN["relative_error"] = tell
""",
    ),
)
