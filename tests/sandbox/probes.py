"""What is tried from inside the walls. A name, and code that runs to its end.

Where it is refused, it raises. ``call`` makes a system call by its name.
@ROOT@ is the course, @HOME@ the home of who grades, with a ``canary`` in it,
@TEMPORARY@ a file of theirs in /tmp, and @JUDGE@ the judge's process.
"""

from __future__ import annotations

BEGINNING = """
import ctypes, fcntl, json, os, resource, signal, socket, stat, subprocess, sys
import threading
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    done = libc.syscall(NUMBERS.get(name, name), *map(ctypes.c_long, arguments))
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return done
"""

READING = {
    "the course": "open('@ROOT@/autograder/mistakes/__init__.py').read()",
    "the list of the course": "os.listdir('@ROOT@/autograder')",
    "the configuration": "open('@ROOT@/pyproject.toml').read()",
    "a file at home": "open('@HOME@/canary').read()",
    "the list of home": "os.listdir('@HOME@')",
    "home by a link": "os.symlink('@HOME@/canary', 'l'); open('l').read()",
    "home by a handle": (
        "h = os.open('@HOME@', os.O_PATH); os.open('canary', os.O_RDONLY, dir_fd=h)"
    ),
    "users": "open('/etc/passwd').read()",
    "hosts": "open('/etc/hosts').read()",
    "a temporary file": "open('@TEMPORARY@').read()",
    "its own process": "open('/proc/self/status').read()",
    "its own memory": "open('/proc/self/mem', 'rb').read(0)",
    "its own mounts": "open('/proc/self/mountinfo').read()",
    "the judge": "open('/proc/@JUDGE@/cmdline').read()",
    "the judge's environment": "open('/proc/@JUDGE@/environ').read()",
    "the judge's memory": "open('/proc/@JUDGE@/mem', 'rb').read(0)",
    "the judge's files": "os.listdir('/proc/@JUDGE@/cwd/')",
    "the machine": "os.listdir('/sys')",
    "processors": "open('/proc/cpuinfo').read()",
    "shared memory": "os.listdir('/dev/shm')",
    "a program": "open('/bin/sh', 'rb').read(1)",
}

STDLIB = "import json; f = json.__file__; s = os.stat(f); "
WRITING = {
    "home": "open('@HOME@/left', 'w').write('x')",
    "onto a file at home": "open('@HOME@/canary', 'a').write('')",
    "a file at home to nothing": "os.truncate('@HOME@/canary', 0)",
    "nothing by reading": "os.open('@HOME@/canary', os.O_RDONLY | os.O_TRUNC)",
    "a new folder at home": "os.mkdir('@HOME@/new')",
    "a link at home": "os.symlink('x', '@HOME@/link')",
    "a device at home": "os.mknod('@HOME@/node')",
    "a pipe at home": "os.mkfifo('@HOME@/pipe')",
    "a file out": "open('x', 'w'); os.rename('x', '@HOME@/x')",
    "a file in": "open('@HOME@/in', 'w'); os.rename('@HOME@/in', 'in')",
    "a second name": "os.link('@HOME@/canary', 'canary')",
    "a second name out": "open('x', 'w'); os.link('x', '@HOME@/second')",
    "the mode of a file": "os.chmod('@HOME@/canary', 0o600)",
    "the times of a file": "os.utime('@HOME@/canary')",
    "the owner of a file": "os.chown('@HOME@/canary', os.getuid(), os.getgid())",
    "the end of a file": "os.remove('@HOME@/canary')",
    "temporary files": "p = '/tmp/.@JUDGE@'; open(p, 'w'); os.remove(p)",
    "shared memory": "p = '/dev/shm/.@JUDGE@'; open(p, 'w'); os.remove(p)",
    "a pipe in scratch": "os.mkfifo('pipe')",
    "a socket in scratch": "socket.socket(socket.AF_UNIX).bind('socket')",
    "an attribute": "os.setxattr(__import__('tempfile').gettempdir(), 'user.a', b'1')",
}
WRITING_PACKAGES = {
    "the interpreter": f"{STDLIB}open(f, 'a')",
    "NumPy": "import numpy; open(numpy.__file__, 'a')",
    "its mode": f"{STDLIB}os.chmod(f, stat.S_IMODE(s.st_mode))",
    "its times": f"{STDLIB}os.utime(f, ns=(s.st_atime_ns, s.st_mtime_ns))",
    "a file beside it": (
        f"{STDLIB}p = os.path.dirname(f) + '/.@JUDGE@'; open(p, 'w'); os.remove(p)"
    ),
}
"""Possible without walls for who owns the packages."""

NETWORK = {
    "TCP": "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    "UDP": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "IPv6": "socket.socket(socket.AF_INET6, socket.SOCK_STREAM)",
    "a listener": "socket.create_server(('127.0.0.1', 0))",
    "UNIX": "socket.socket(socket.AF_UNIX)",
    "an abstract address": "socket.socket(socket.AF_UNIX).bind('\\0@JUDGE@')",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "the judge through the channel": "os.pidfd_open(@JUDGE@)",
}
NETWORK_UNSEEN = {
    "a raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "packets": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "a virtual machine's host": "socket.socket(socket.AF_VSOCK)",
    "names": "socket.getaddrinfo('example.org', 80)",
    "a page": "__import__('urllib.request').request.urlopen('http://192.0.2.1')",
}
"""Needs rights or a network also where there are no walls."""

CHILD = "child = {}\nif child == 0: os._exit(0)\nos.waitpid(child, 0)"
PROCESSES = {
    "fork": CHILD.format("os.fork()"),
    "fork with a terminal": CHILD.format("os.forkpty()[0]"),
    "clone": CHILD.format("call('clone', signal.SIGCHLD, 0, 0, 0, 0)"),
    "subprocess": "subprocess.run([sys.executable, '-V'], check=True)",
    "spawn": (
        "os.waitpid(os.posix_spawn(sys.executable, [sys.executable, '-V'], {}), 0)"
    ),
    "a shell": "if os.system('exit 0'): raise PermissionError",
    "multiprocessing": (
        "import multiprocessing as m\n"
        "p = m.get_context('fork').Process(target=int); p.start(); p.join()"
    ),
    "a pool": (
        "from concurrent.futures import ProcessPoolExecutor as Pool\n"
        "with Pool(1) as pool: pool.submit(int).result()"
    ),
}
PROCESSES_UNSEEN = {
    "vfork": "call('vfork')",
    "clone3": "call('clone3', 0, 88)",
    "another program": "os.execv(sys.executable, [sys.executable, '-V'])",
    "a program by its handle": (
        "os.execve(os.open(sys.executable, os.O_PATH), ['x', '-V'], {})"
    ),
    "a thread with namespaces": "call('clone', 0x10000 | 0x40000000, 0, 0, 0, 0)",
}
"""The process would be another one afterwards."""

OTHERS = {
    "a signal to the judge": "os.kill(@JUDGE@, 0)",
    "a signal to all": "os.kill(-1, 0)",
    "a signal by another call": (
        "a = ctypes.addressof(ctypes.create_string_buffer(128))\n"
        "call('rt_sigqueueinfo', os.getpid(), 0, a)"
    ),
    "a signal when data arrive": ("fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, @JUDGE@)"),
    "the judge's limits": "resource.prlimit(@JUDGE@, resource.RLIMIT_CORE)",
    "the judge's processors": (
        "os.sched_setaffinity(@JUDGE@, os.sched_getaffinity(@JUDGE@))"
    ),
    "the judge's priority": "os.setpriority(0, @JUDGE@, os.getpriority(0, @JUDGE@))",
}
KERNEL = {
    "namespaces": "call('unshare', 0x40000000 | 0x10000000)",
    "memory as a file": "call('memfd_create', id(b'x') + 32, 0)",
    "more walls": "call('landlock_create_ruleset', 0, 0, 1)",
    "a personality": "call('personality', 0xffffffff)",
    "dumps": "call('prctl', 4, 1, 0, 0, 0)",
    "shared memory": "call('shmctl', call('shmget', 0, 1, 0o600), 0, 0)",
    "semaphores": "call('semctl', call('semget', 0, 1, 0o600), 0, 0, 0)",
    "messages": "call('msgctl', call('msgget', 0, 0o600), 0, 0)",
    "locked memory": "call('mlock', id(b''), 1)",
    "watching files": "call('inotify_init1', 0)",
    "signals as a file": "call('signalfd4', -1, id(bytes(64)) + 32, 8, 0)",
    "a key": "call('keyctl', 0, -3, 0)",
}
KERNEL_UNSEEN = {
    "tracing": "call('ptrace', 0x4206, @JUDGE@, 0, 0)",
    "reading memory of others": "call('process_vm_readv', @JUDGE@, 0, 0, 0, 0, 0)",
    "writing memory of others": "call('process_vm_writev', @JUDGE@, 0, 0, 0, 0, 0)",
    "comparing with others": "call('kcmp', @JUDGE@, @JUDGE@, 0, 0, 0)",
    "files of others": "call('pidfd_getfd', 3, 0, 0)",
    "mounting": "call('mount', 0, id(b'/') + 32, 0, 1 << 18, 0)",
    "unmounting": "call('umount2', id(b'/proc') + 32, 2)",
    "a new root": "call('chroot', id(b'.') + 32)",
    "other namespaces": "call('setns', 3, 0)",
    "a program in the kernel": "call('bpf', 0, 0, 0)",
    "a ring": "call('io_uring_setup', 1, 0)",
    "counters": "call('perf_event_open', 0, 0, -1, -1, 0)",
    "page faults": "call('userfaultfd', 0)",
    "a key of its own": "call('add_key', 0, 0, 0, 0, -2)",
    "a filter": "call('seccomp', 1, 0, 0)",
    "a filter of sockets": "call('setsockopt', 3, 1, 26, 0, 0)",
    "a file by its number": "call('open_by_handle_at', -100, 0, 0)",
    "a user": "os.setuid(0)",
    "groups": "os.setgroups([])",
    "rights": "call('capset', 0, 0)",
    "a session": "os.setsid()",
    "the host's name": "socket.sethostname('x')",
    "the clock": "call('settimeofday', 0, 0)",
    "a module": "call('init_module', 0, 0, 0)",
    "swap": "call('swapon', 0, 0)",
    "a restart": "call('reboot', 0, 0, 0)",
    "the log": "call('syslog', 10, 0, 0)",
    "more memory": (
        "resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)"
    ),
    "more files": "resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))",
    "larger files": "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 40))",
    "typing for the terminal": "fcntl.ioctl(os.pipe()[0], 0x5412, b'x')",
}
"""Needs rights, or would do harm, also where there are no walls."""

SEEN = {
    "read": READING,
    "write": WRITING,
    "reach": NETWORK,
    "start": PROCESSES,
    "touch": OTHERS,
    "use": KERNEL,
}
"""Each of them runs through where there are no walls, as a test shows."""

UNSEEN = {
    "write": WRITING_PACKAGES,
    "reach": NETWORK_UNSEEN,
    "start": PROCESSES_UNSEEN,
    "use": KERNEL_UNSEEN,
}


def named(groups: dict[str, dict[str, str]]) -> dict[str, str]:
    """Probes by a name that is theirs alone."""
    return {
        f"{g} {n}": text for g, probes in groups.items() for n, text in probes.items()
    }
