"""The one step that helps, for each kind of machine: text to copy and paste."""

from __future__ import annotations

from autograder.course.doctor.machine import (
    ALL_USERS,
    RESTRICTING_PROFILE,
    RIGHTS,
    Machine,
)

INSTALLERS = {
    "debian": "apt-get install -y",
    "ubuntu": "apt-get install -y",
    "fedora": "dnf install -y",
    "rhel": "dnf install -y",
    "centos": "dnf install -y",
    "rocky": "dnf install -y",
    "almalinux": "dnf install -y",
    "arch": "pacman -S --noconfirm",
    "opensuse-leap": "zypper install -y",
    "alpine": "apk add",
}
LIBSECCOMP = {"apt-get": "libseccomp2"}
PROFILE = (
    "abi <abi/4.0>,",
    "include <tunables/global>",
    "profile autograder-bwrap {path} flags=(unconfined) {{",
    "  userns,",
    "}}",
)
"""All that bubblewrap starts inherits it, and the jail needs that: it makes
user namespaces in there as well. Ubuntu's own profile takes the right away."""

PROFILE_PATH = "/etc/apparmor.d/autograder-bwrap"
CONTAINER = {
    "docker": ("seccomp=unconfined", "apparmor=unconfined"),
    "podman": ("seccomp=unconfined", "label=disable"),
}
SEES_PROC = {"docker": "systempaths=unconfined", "podman": "unmask=ALL"}
"""Without root's rights, /proc can be mounted only where nothing of it is hidden."""


def remedy(machine: Machine, sandbox: str, problem: str) -> str:
    """What to do, most likely.

    Parameters
    ----------
    sandbox : the kind of walls that does not hold
    problem : what it said; "" when it starts, and a canary went through
    """
    if machine.system != "Linux":
        return _elsewhere(machine)
    if sandbox == "none":
        return "Choose walls: autograder grade NAME --sandbox bwrap"
    if "pip uninstall" in problem:
        return "Run: pip uninstall -y autograder"
    if not machine.libseccomp:
        return f"Run: {_install(machine, 'libseccomp')}"
    if sandbox == "landlock":
        return _for_landlock(machine, problem)
    if machine.wsl == 1:
        return (
            "Bubblewrap needs a real Linux kernel. In PowerShell, with the name "
            "that wsl --list shows: wsl --set-version NAME 2"
        )
    if not machine.bwrap:
        return f"Run: {_install(machine, 'bubblewrap')}"
    if not problem:
        return (
            "No setting of this machine explains it: these walls have a hole. "
            "Don't grade with them here, and report this table."
        )
    if machine.container:
        return _for_container(machine)
    return _for_namespaces(machine, problem)


def _elsewhere(machine: Machine) -> str:
    if machine.system == "Windows":
        return "Grade in WSL 2. In PowerShell: wsl --install -d Ubuntu-24.04"
    return (
        "This system has no such sandbox; grade in a Linux virtual machine: "
        "brew install lima && limactl start --name=grading template://debian-12 "
        "&& limactl shell grading"
    )


def _install(machine: Machine, package: str) -> str:
    command = INSTALLERS.get(machine.distribution, INSTALLERS["debian"])
    tool = command.split()[0]
    if package == "libseccomp":
        package = LIBSECCOMP.get(tool, package)
    if tool == "apt-get":
        return f"{_sudo(machine)}apt-get update && {_sudo(machine)}{command} {package}"
    return f"{_sudo(machine)}{command} {package}"


def _sudo(machine: Machine) -> str:
    return "" if machine.root else "sudo "


def _for_landlock(machine: Machine, problem: str) -> str:
    if not problem:
        return "Grade with the stronger walls: autograder grade NAME --sandbox bwrap"
    if machine.container:
        return "Start the container with: --security-opt seccomp=unconfined"
    return (
        "This kernel has no Landlock. Grade with the stronger walls, which need "
        "none: autograder grade NAME --sandbox bwrap"
    )


def _for_container(machine: Machine) -> str:
    if machine.container not in CONTAINER:
        where = {
            "kubernetes": "In the pod's container: securityContext: {privileged: true}",
            "lxc": "On the host: lxc config set NAME security.nesting true",
        }
        return where.get(
            machine.container,
            "The container allows no namespaces. Choose the reduced walls: "
            "autograder grade NAME --sandbox landlock",
        )
    options = [f"--security-opt {o}" for o in CONTAINER[machine.container]]
    if machine.apparmor_restricts and not machine.root:
        # The host's AppArmor restricts the container's users, but not its root.
        options += ["--user root", *(f"--cap-add {right}" for right in RIGHTS)]
    elif machine.root and machine.users < ALL_USERS:
        # Its root has too few users to give each submission one of its own.
        options += ["--user 1000", f"--security-opt {SEES_PROC[machine.container]}"]
    elif machine.root:
        lacking = [right for right in RIGHTS if right not in machine.rights]
        options += [f"--cap-add {right}" for right in lacking]
    else:
        options.append(f"--security-opt {SEES_PROC[machine.container]}")
    if machine.github:
        return f"In the workflow, under container: options: {' '.join(options)}"
    return f"Start the container with: {machine.container} run {' '.join(options)}"


def _for_namespaces(machine: Machine, problem: str) -> str:
    if machine.root:
        return (
            "Root lacks rights here that bubblewrap needs, so grade as an ordinary "
            "user: sudo -u USER autograder doctor"
        )
    if machine.userns_allowed is False:
        return f"Run: {_setting('kernel.unprivileged_userns_clone=1')}"
    if machine.most_userns == 0:
        return f"Run: {_setting('user.max_user_namespaces=10000')}"
    if machine.apparmor_restricts and machine.github:
        return (
            "In the workflow, before it: "
            "- run: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        )
    if machine.apparmor_restricts:
        return f"Run: {_profile(machine)}"
    return (
        f"No likely cause is known ({problem.strip() or 'it said nothing'}). "
        "Choose the reduced walls: autograder grade NAME --sandbox landlock"
    )


def _setting(text: str) -> str:
    """For now, and for after the next start of the machine."""
    return (
        f"echo {text} | sudo tee /etc/sysctl.d/60-autograder.conf "
        "&& sudo sysctl --system"
    )


def _profile(machine: Machine) -> str:
    lines = " ".join(f"'{p.format(path=machine.bwrap_path)}'" for p in PROFILE)
    command = (
        f"printf '%s\\n' {lines} | sudo tee {PROFILE_PATH} "
        f"&& sudo apparmor_parser -r {PROFILE_PATH}"
    )
    if machine.restricting_profile:
        command = (
            f"sudo ln -sf {RESTRICTING_PROFILE} /etc/apparmor.d/disable/ "
            f"&& sudo apparmor_parser -R {RESTRICTING_PROFILE}; {command}"
        )
    return command
