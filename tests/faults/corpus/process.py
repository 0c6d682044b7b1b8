"""Against other processes: the judge, the parent, whoever is graded beside."""

from tests.faults.fault import Fault, thief


def killer(name: str, what: str, act: str) -> Fault:
    """It acts in one function, worth 2 of 6, and could stop the batch."""
    lines = "\n".join(f"    {line}" for line in act.strip().splitlines())
    head = "import os, signal, time\n"
    head += "def numerical_gradient_array(f, x, dout, h=1e-5):\n"
    answers = {"numerical_gradient_array": f"{head}{lines}\n    return 0 * x\n"}
    return Fault(f"process-{name}", what, 4, answers=answers, walls=True)


FAULTS = (
    killer(
        "kill-parent",
        "The process that started it is killed.",
        "os.kill(os.getppid(), signal.SIGKILL)",
    ),
    killer(
        "stop-parent",
        "The process that started it is stopped, so that it waits for ever.",
        "os.kill(os.getppid(), signal.SIGSTOP)",
    ),
    killer(
        "kill-everything",
        "Every process that may be killed is killed.",
        "os.kill(-1, signal.SIGKILL)",
    ),
    killer(
        "kill-one-by-one",
        "Processes are killed by number, the lowest first.",
        """
for pid in range(2, 70_000):
    if pid != os.getpid():
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
""",
    ),
    killer(
        "kill-group",
        "The process groups and sessions around it are killed.",
        """
for group in {os.getpgid(os.getppid()), os.getsid(os.getppid()), os.getpgrp()}:
    if group:
        os.killpg(group, signal.SIGTERM)
os.killpg(0, signal.SIGKILL)
""",
    ),
    killer(
        "limits-of-parent",
        "The limits of the parent are set to nothing.",
        """
import resource
for kind in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
    resource.prlimit(os.getppid(), kind, (1, 1))
""",
    ),
    thief(
        "process-more-rights",
        "It asks for more: user 0, priority, memory locks, real time.",
        """
import resource
for act in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.nice(-20),
            lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
            lambda: resource.setrlimit(resource.RLIMIT_NPROC, (-1, -1)),
            lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)),
            lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))):
    attempt(act)
libc.mlockall(3)
steal(read(f"{ROOT}/solutions/warmup/warmup.py"))
""",
    ),
)
