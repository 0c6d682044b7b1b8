"""The list of system calls: what is on it, and that nothing else goes through."""

from __future__ import annotations

import pyseccomp as seccomp
import pytest

from autograder.judge.process import WorkerLost, WorkerProcess
from autograder.sandbox import choose, parent, syscalls

FORBIDDEN = """
    fork vfork execve execveat clone3 socket connect bind listen accept
    accept4 sendmsg sendmmsg recvmmsg setsockopt ptrace process_vm_readv
    process_vm_writev process_madvise pidfd_open pidfd_getfd pidfd_send_signal
    rt_sigqueueinfo rt_tgsigqueueinfo kcmp unshare setns mount umount2 move_mount
    open_tree fsopen fsmount fsconfig mount_setattr pivot_root chroot bpf seccomp
    landlock_create_ruleset landlock_add_rule landlock_restrict_self
    io_uring_setup io_uring_enter io_uring_register io_setup io_submit keyctl
    add_key request_key perf_event_open userfaultfd memfd_create memfd_secret
    name_to_handle_at open_by_handle_at fanotify_init inotify_init inotify_init1
    signalfd signalfd4 vmsplice splice tee shmget shmat shmctl semget semctl
    msgget mq_open mknod mknodat chown fchown lchown fchownat setxattr lsetxattr
    fsetxattr removexattr setuid setgid setreuid setregid setresuid setresgid
    setgroups setfsuid setfsgid capset setsid setpgid setpriority
    sched_setscheduler sched_setparam sched_setattr ioprio_set migrate_pages
    move_pages modify_ldt personality quotactl acct swapon swapoff reboot
    sethostname setdomainname settimeofday clock_settime clock_adjtime adjtimex
    syslog init_module finit_module delete_module kexec_load kexec_file_load iopl
    ioperm openat2 lookup_dcookie uselib vhangup nfsservctl cachestat
"""
OTHERS_TOO = """
    kill tkill tgkill chmod fchmod fchmodat utime utimensat link linkat truncate
    sched_setaffinity
"""
"""Forbidden where there are other processes and other people's files."""

BY_ARGUMENT = """
    clone clone3 prctl ioctl fcntl open openat prlimit64 socketpair
"""


def on_the_list(alone: bool) -> set[str]:
    groups = (
        syscalls.READING_WRITING,
        syscalls.FILES,
        syscalls.MEMORY,
        syscalls.THREADS_TIME,
        syscalls.ITSELF,
    )
    names = " ".join(groups).split()
    return {*names, *(syscalls.ALONE.split() if alone else [])}


def number(name: str) -> int:
    return int(seccomp.resolve_syscall(seccomp.Arch.NATIVE, name))


@pytest.mark.parametrize("alone", [True, False])
def test_the_filter_is_whole_instructions_and_always_the_same(alone: bool) -> None:
    first = syscalls.compiled(alone)
    syscalls.compiled.cache_clear()
    assert syscalls.compiled(alone) == first
    code = bytes.fromhex(first)
    assert len(code) % 8 == 0
    assert 50 < len(code) // 8 < 4096  # the kernel's own limit


def test_alone_it_may_do_more() -> None:
    assert syscalls.compiled(True) != syscalls.compiled(False)


@pytest.mark.parametrize("name", sorted(on_the_list(True)))
def test_every_name_on_the_list_is_one(name: str) -> None:
    """Negative for a call of another architecture; -1 for none at all."""
    assert number(name) != -1


def test_nothing_that_reaches_further_is_on_the_list() -> None:
    assert on_the_list(True) & set(FORBIDDEN.split()) == set()
    assert on_the_list(True) & set(BY_ARGUMENT.split()) == set()
    assert on_the_list(False) & set(OTHERS_TOO.split()) == set()
    assert {n for n in FORBIDDEN.split() if number(n) == -1} <= {
        "cachestat",
        "memfd_secret",
    }


PROBES = {335, 336}
"""uretprobe and uprobe, which no filter of Linux sees; they end their caller."""

SWEEP = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
through = []
for number in range(600):
    if number not in ALLOWED:
        done = libc.syscall(number, *[ctypes.c_long(-1)] * 6)
        if done >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
            through.append(number)
raise Exception(through)
"""


@pytest.mark.parametrize("sandbox", ["bwrap", "landlock"])
def test_every_other_call_is_refused(sandbox: str) -> None:
    """With arguments that are wrong, so that one that is not does no harm."""
    names = on_the_list(alone=sandbox == "bwrap") | set(BY_ARGUMENT.split())
    allowed = {number(n) for n in names} | PROBES
    with WorkerProcess(parent(choose(sandbox))) as worker:
        fault = worker.run_cell(f"ALLOWED = {allowed}\n{SWEEP}", "cell 1", 20.0)
    assert fault is not None
    assert fault.message == "[]"


ARGUMENTS = {
    "a process by clone": "libc.syscall(CLONE, c(17), c(0), c(0), c(0), c(0))",
    "a process that shares": "libc.syscall(CLONE, c(0x4111), c(0), c(0), c(0), c(0))",
    "another's signals": "libc.fcntl(0, 8, 1)",
    "which signal": "libc.fcntl(0, 10, 9)",
    "who by a structure": "libc.fcntl(0, 15, 0)",
    "leases": "libc.fcntl(0, 1024, 0)",
    "news of a folder": "libc.fcntl(0, 1026, 1)",
    "sealing": "libc.fcntl(0, 1033, 0)",
    "dumps": "libc.prctl(4, 1, 0, 0, 0)",
    "who may trace": "libc.prctl(0x59616d61, -1, 0, 0, 0)",
    "the parent's death": "libc.prctl(1, 0, 0, 0, 0)",
    "typing": "libc.ioctl(0, 0x5412, b'x')",
    "pasting": "libc.ioctl(0, 0x541C, b'x')",
    "emptying by reading": "libc.open(b'/dev/null', 0o1000)",
    "a pair of messages": "libc.socketpair(1, 2, 0, (ctypes.c_int * 2)())",
    "a pair that is no pair": "libc.socketpair(2, 1, 0, (ctypes.c_int * 2)())",
    "a lock": "libc.fcntl(0, 6, 0)",
    "a lock of the open file": "libc.fcntl(0, 37, 0)",
    "another's limits": "libc.prlimit(1, 4, 0, 0)",
}


@pytest.mark.parametrize("sandbox", ["bwrap", "landlock"])
@pytest.mark.parametrize("act", ARGUMENTS.values(), ids=ARGUMENTS)
def test_a_call_is_judged_by_its_arguments(act: str, sandbox: str) -> None:
    source = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"c, CLONE = ctypes.c_long, {number('clone')}\n"
        f"raise Exception(({act}, ctypes.get_errno()))"
    )
    with WorkerProcess(parent(choose(sandbox))) as worker:
        fault = worker.run_cell(source, "cell 1", 10.0)
    assert fault is not None
    assert fault.message == "(-1, 1)"


@pytest.mark.skipif(number("fork") != 57, reason="not an x86-64 machine")
@pytest.mark.parametrize("sandbox", ["bwrap", "landlock"])
@pytest.mark.parametrize("other", ["x32", "i386"])
def test_the_calls_of_other_architectures_are_no_way_round(
    other: str, sandbox: str
) -> None:
    """int 0x80 with eax = 2, fork; and fork with the bit of x32."""
    code = "b8 02 00 00 00 cd 80 48 98 c3"
    source = {
        "x32": "done = libc.syscall(ctypes.c_long(0x40000000 | 57))",
        "i386": "import mmap\n"
        "m = mmap.mmap(-1, 4096, prot=7)\n"
        f"m.write(bytes.fromhex('{code}'))\n"
        "at = ctypes.addressof(ctypes.c_char.from_buffer(m))\n"
        "done = ctypes.CFUNCTYPE(ctypes.c_long)(at)()",
    }[other]
    source = f"import ctypes, os\nlibc = ctypes.CDLL(None)\n{source}\n"
    with WorkerProcess(parent(choose(sandbox))) as worker:
        try:
            fault = worker.run_cell(
                f"{source}if done == 0: os._exit(0)\n"
                "raise Exception('refused' if done < 0 else 'a child')",
                "cell 1",
                10.0,
            )
        except WorkerLost as lost:
            fault = lost.fault
    assert fault is not None
    assert fault.kind == "crashed" or fault.message == "refused"
