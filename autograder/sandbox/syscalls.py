"""The system calls that a student's process may make; all others fail.

Computing needs memory, files, threads, time, and the channel it already has.
It needs no new process, no program, no socket, and nothing that looks into
another process. What is not named fails with "Operation not permitted".
"""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from functools import cache

READING_WRITING = """
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2
    close close_range creat lseek dup dup2 dup3 pipe pipe2 eventfd2
    sendfile copy_file_range fsync fdatasync ftruncate fallocate
    fadvise64 poll ppoll select pselect6
    epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
    sendto recvfrom recvmsg shutdown getsockopt getsockname getpeername
"""
FILES = """
    stat lstat fstat newfstatat statx statfs fstatfs access faccessat faccessat2
    getdents getdents64 getcwd chdir fchdir mkdir mkdirat rmdir unlink unlinkat
    rename renameat renameat2 readlink readlinkat symlink symlinkat umask
    getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
"""
MEMORY = """
    mmap munmap mremap mprotect madvise brk msync mincore membarrier
"""
THREADS_TIME = """
    futex futex_waitv set_robust_list get_robust_list set_tid_address rseq
    sched_yield sched_getaffinity sched_getparam
    sched_getscheduler sched_get_priority_max sched_get_priority_min getcpu
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend
    rt_sigtimedwait sigaltstack restart_syscall pause alarm getitimer setitimer
    nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times
    timer_create timer_settime timer_gettime timer_delete timer_getoverrun
    timerfd_create timerfd_settime timerfd_gettime
"""
ITSELF = """
    getpid gettid getppid getpgrp getpgid getsid getuid geteuid getgid getegid
    getresuid getresgid getgroups getrusage getrlimit setrlimit getpriority
    capget uname sysinfo getrandom arch_prctl wait4 waitid exit exit_group
"""
ALONE = """
    kill tkill tgkill chmod fchmod fchmodat utime utimes utimensat futimesat
    link linkat truncate sched_setaffinity
"""
"""Only where the process sees no other one, and no file of anybody else."""

PROGRAMS = """
    execve vfork
"""
"""Only for the assembler, in a process that runs no code of a student."""

CLONE_THREAD, CLONE_NAMESPACES = 0x00010000, 0x7E020000
PR_SET_NAME, PR_GET_NAME, PR_SET_VMA = 15, 16, 0x53564D41
TERMINAL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""``ioctl`` requests that opening a file makes: is it a terminal, how wide."""

FCNTL = (*range(5), 1030)
"""Copies and flags. No locks: by those on a file that all may read, two
submissions could agree. Not who gets a signal when something arrives."""


@cache
def compiled(alone: bool, programs: bool = False) -> str:
    """The filter as the kernel takes it, in hexadecimal.

    Parameters
    ----------
    alone : whether the process has mounts and processes of its own
    programs : whether it may start programs; for no process of a student

    Raises
    ------
    RuntimeError, ImportError : when libseccomp is not on this machine
    """
    import pyseccomp as seccomp  # looks for the library when it is imported

    groups = [READING_WRITING, FILES, MEMORY, THREADS_TIME, ITSELF]
    groups += [ALONE] if alone else []
    groups += [PROGRAMS] if programs else []
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for name in " ".join(groups).split():
        # Some have no such call on another architecture.
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) >= 0:
            rules.add_rule(seccomp.ALLOW, name)
    flags = CLONE_NAMESPACES | (0 if programs else CLONE_THREAD)
    threads = seccomp.Arg(0, seccomp.MASKED_EQ, flags, flags & CLONE_THREAD)
    rules.add_rule(seccomp.ALLOW, "clone", threads)
    # The C library then uses clone, whose flags can be looked at.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    for option in (PR_SET_NAME, PR_GET_NAME, PR_SET_VMA):
        rules.add_rule(seccomp.ALLOW, "prctl", seccomp.Arg(0, seccomp.EQ, option))
    # An event loop wakes itself through such a pair; it leads nowhere else.
    pair = (
        seccomp.Arg(0, seccomp.EQ, socket.AF_UNIX),
        seccomp.Arg(1, seccomp.MASKED_EQ, 0xF, socket.SOCK_STREAM),
    )
    rules.add_rule(seccomp.ALLOW, "socketpair", *pair)
    for call, position in (("open", 1), ("openat", 2)):
        # Old kernels let a file be emptied by who may read it: not that.
        for mask, value in (
            (os.O_TRUNC, 0),
            (os.O_ACCMODE, os.O_WRONLY),
            (os.O_ACCMODE, os.O_RDWR),
        ):
            how = seccomp.Arg(position, seccomp.MASKED_EQ, mask, value)
            rules.add_rule(seccomp.ALLOW, call, how)
    for command in FCNTL:
        which = seccomp.Arg(1, seccomp.EQ, command)
        rules.add_rule(seccomp.ALLOW, "fcntl", which)
    for request in TERMINAL:
        rules.add_rule(seccomp.ALLOW, "ioctl", seccomp.Arg(1, seccomp.EQ, request))
    rules.add_rule(seccomp.ALLOW, "prlimit64", seccomp.Arg(0, seccomp.EQ, 0))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read().hex()
