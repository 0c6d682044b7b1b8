"""Writing where a student may not: gradebook, configuration, start-up, others."""

from tests.faults.fault import Fault, thief


def spoiler(name: str, what: str, first: str) -> Fault:
    """It harms somebody else; without a sandbox it would reach him."""
    return thief(f"writing-{name}", what, first, walls=True)


def in_scratch(name: str, what: str, body: str) -> Fault:
    """It fills or spoils its own folder inside one function, worth 2 of 6."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    head = "def numerical_gradient_array(f, x, dout, h=1e-5):\n"
    answer = f"import os\n{head}{lines}\n    return 0 * x\n"
    return Fault(
        f"writing-{name}", what, 4, answers={"numerical_gradient_array": answer}
    )


FAULTS = (
    spoiler(
        "gradebook-points",
        "Full marks are written into the gradebook.",
        """
import sqlite3
def act():
    base = sqlite3.connect(f"{CLASS}/gradebook.db", timeout=2)
    base.execute("update grade set manual_score = 6, auto_score = 6")
    base.execute("update student set last_name = ? where id = 'canary'", (MARK,))
    base.commit()
attempt(act)
""",
    ),
    spoiler(
        "gradebook-gone",
        "The gradebook is deleted, cut short, or locked.",
        """
path = f"{CLASS}/gradebook.db"
attempt(os.truncate, path, 100)
attempt(os.rename, path, path + ".old")
attempt(os.unlink, path)
attempt(os.symlink, "/dev/full", path)
""",
    ),
    spoiler(
        "configuration",
        "The configuration of nbgrader is extended.",
        'write(f"{ROOT}/nbgrader_config.py")\nwrite(f"{CLASS}/nbgrader_config.py")\n'
        'write("nbgrader_config.py")\nwrite(f"{HOME}/.jupyter/nbgrader_config.py")',
    ),
    spoiler(
        "jupyter-configuration",
        "Jupyter's and IPython's start-up files are written.",
        """
for name in ("config/jupyter_config.py", ".jupyter/jupyter_server_config.py",
             ".ipython/profile_default/startup/00.py", ".config/matplotlib/matplotlibrc"):
    write(f"{HOME}/{name}")
""",
    ),
    spoiler(
        "start-up-of-python",
        "Files that Python runs when it starts are written.",
        """
for name in ("sitecustomize.py", "usercustomize.py", "conftest.py"):
    write(f"{ROOT}/{name}")
    write(f"{HOME}/.local/lib/python3.11/site-packages/{name}")
write(f"{HOME}/.local/lib/python3.11/site-packages/a.pth", f"import os # was-here {MARK}\\n")
""",
    ),
    spoiler(
        "start-up-of-the-shell",
        "Files that a shell runs when it starts are written.",
        """
for name in (".bashrc", ".profile", ".bash_profile", ".ssh/authorized_keys",
             ".config/autostart/a.desktop"):
    write(f"{HOME}/{name}")
""",
    ),
    spoiler(
        "classmates-submission",
        "What a classmate has handed in is overwritten.",
        """
for path in glob.glob(f"{CLASS}/submitted/*/*/*.ipynb"):
    if "mate" in path or "canary" in path:
        write(path, f'{{"cells": [], "was-here": "{MARK}"}}', "w")
""",
    ),
    spoiler(
        "classmates-grades",
        "Graded notebooks and feedback of classmates are overwritten.",
        """
for path in glob.glob(f"{CLASS}/autograded/*/*/*") + glob.glob(f"{CLASS}/feedback/*/*/*"):
    write(path)
""",
    ),
    spoiler(
        "own-submission",
        "While it is graded, the submission and its time are changed.",
        """
for path in glob.glob(f"{CLASS}/submitted/{NAME}/*/*"):
    write(path, "2001-01-01 00:00:00 UTC", "w")
""",
    ),
    spoiler(
        "release",
        "The released notebook is changed, which every rebuild starts from.",
        """
path = f"{ROOT}/assignments/warmup/warmup.ipynb"
write(path, (read(path).decode() or "{}").replace("points", "was-here"), "w")
""",
    ),
    spoiler(
        "judge",
        "The judge's own program is changed.",
        """
for path in glob.glob(f"{ROOT}/autograder/judge/*.py"):
    write(path, f"# was-here {MARK}\\n")
""",
    ),
    spoiler(
        "solutions",
        "The reference is made wrong, so that wrong answers are right.",
        'write(f"{ROOT}/solutions/warmup/warmup.py", '
        'f"# was-here {MARK}\\ndef relative_error(x, y): return 0.25\\n")',
    ),
    spoiler(
        "the-worker",
        "The program of the worker is changed, for whoever is graded next.",
        """
import zipfile
for path in {*sys.path, *sys.argv, *glob.glob("/tmp/*.pyz")}:
    if path.endswith(".pyz") and os.path.isfile(path):
        def act(path=path):
            with zipfile.ZipFile(path, "a") as archive:
                archive.writestr("__main__.py", f"# was-here {MARK}")
            leave("the program of the worker was changed")
        attempt(act)
""",
    ),
    thief(
        "writing-link-out",
        "Links out of the scratch folder are written through.",
        """
for target in (f"{CLASS}/gradebook.db", f"{HOME}/.bashrc", f"{ROOT}/nbgrader_config.py"):
    for link in (os.symlink, os.link):
        attempt(os.unlink, "out")
        attempt(link, target, "out")
        write(os.path.abspath("out"))
attempt(os.symlink, DROP, "drop")
write(f"{os.getcwd()}/drop/{NAME}")
attempt(os.symlink, "/", "root")
""",
        walls=True,
    ),
    thief(
        "writing-drop",
        "A file is left in a folder that everybody may write to.",
        'write(f"{DROP}/{NAME}")\nleave("a file")',
    ),
    in_scratch(
        "scratch-bytes",
        "The scratch folder is filled with bytes.",
        """
with open("full", "wb") as file:
    for _ in range(3000):
        file.write(b"x" * (1 << 20))
""",
    ),
    in_scratch(
        "scratch-files",
        "The scratch folder is filled with small files.",
        """
for i in range(200_000):
    open(f"{i}-{x.size}", "w").close()
""",
    ),
    in_scratch(
        "scratch-sparse",
        "A file of a terabyte that holds nothing.",
        """
with open("sparse", "wb") as file:
    os.truncate(file.fileno(), 1 << 40)
os.posix_fallocate(os.open("solid", os.O_RDWR | os.O_CREAT), 0, 1 << 33)
""",
    ),
    in_scratch(
        "scratch-deep",
        "Folders in folders, deeper than a program descends.",
        """
for i in range(3000):
    os.mkdir("a")
    os.chdir("a")
""",
    ),
    in_scratch(
        "scratch-locked",
        "Folders that nobody may enter or empty.",
        """
import fcntl
os.makedirs("locked/inner", exist_ok=True)
open("locked/inner/file", "w").close()
fd = os.open("locked/inner/file", os.O_RDONLY)
try:
    fcntl.ioctl(fd, 0x40086602, b"\\x10\\0\\0\\0\\0\\0\\0\\0")
except OSError:
    pass
os.chmod("locked/inner", 0)
os.chmod("locked", 0)
os.chmod(".", 0)
""",
    ),
    in_scratch(
        "scratch-names",
        "File names with line ends, bytes that are no text, and 255 letters.",
        """
for name in (b"a\\nb", b"\\xff\\xfe", b"-rf", b"x" * 255, b"$(id)", b"*"):
    open(name, "w").close()
    os.makedirs(name + b"d" if len(name) < 200 else b"d", exist_ok=True)
""",
    ),
    in_scratch(
        "scratch-devices",
        "Pipes, sockets and devices in the scratch folder.",
        """
import socket, stat
os.mkfifo("pipe")
socket.socket(socket.AF_UNIX).bind("door")
os.mknod("memory", stat.S_IFCHR | 0o666, os.makedev(1, 1))
""",
    ),
)
