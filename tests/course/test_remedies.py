"""The one step that helps, for machines that are made up."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from autograder.course.doctor.machine import Machine, this_machine
from autograder.course.doctor.remedies import remedy

REFUSED = "bwrap: setting up uid map: Permission denied"
UBUNTU = {"distribution": "ubuntu", "version": "24.04", "apparmor_restricts": True}
HERE = "Run: "

CASES = {
    "Debian": (
        Machine(distribution="debian", bwrap=""),
        "sudo apt-get update && sudo apt-get install -y bubblewrap",
    ),
    "Debian, as root": (
        Machine(distribution="debian", bwrap="", root=True),
        "Run: apt-get update && apt-get install -y bubblewrap",
    ),
    "Fedora": (
        Machine(distribution="fedora", bwrap=""),
        "Run: sudo dnf install -y bubblewrap",
    ),
    "no libseccomp": (Machine(distribution="debian", libseccomp=""), "libseccomp2"),
    "Debian 10": (
        Machine(distribution="debian", version="10", userns_allowed=False),
        "kernel.unprivileged_userns_clone=1",
    ),
    "no namespaces": (Machine(most_userns=0), "user.max_user_namespaces=10000"),
    "Ubuntu 24.04": (Machine(**UBUNTU), "flags=(unconfined)"),
    "Ubuntu 25.04": (
        Machine(**UBUNTU, restricting_profile=True),
        "apparmor_parser -R /etc/apparmor.d/bwrap-userns-restrict",
    ),
    "GitHub Actions": (
        Machine(**UBUNTU, github=True),
        "- run: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    "a container of GitHub Actions": (
        Machine(github=True, container="docker", root=True, rights=()),
        "options: --security-opt seccomp=unconfined --security-opt "
        "apparmor=unconfined --cap-add NET_ADMIN --cap-add SYS_ADMIN",
    ),
    "Docker, root": (
        Machine(container="docker", root=True, rights=("SYS_ADMIN",)),
        "docker run --security-opt seccomp=unconfined --security-opt "
        "apparmor=unconfined --cap-add NET_ADMIN",
    ),
    "Docker, a user": (Machine(container="docker"), "systempaths=unconfined"),
    "Docker on Ubuntu 24.04": (
        Machine(**UBUNTU, container="docker"),
        "--user root --cap-add NET_ADMIN --cap-add SYS_ADMIN",
    ),
    "Podman": (Machine(container="podman"), "podman run --security-opt seccomp"),
    "rootless Podman": (
        Machine(container="podman", root=True, users=65536),
        "--user 1000 --security-opt unmask=ALL",
    ),
    "Kubernetes": (Machine(container="kubernetes", root=True), "privileged: true"),
    "another container": (Machine(container="oci"), "--sandbox landlock"),
    "WSL 1": (
        Machine(kernel="4.4.0-19041-Microsoft", wsl=1, bwrap=""),
        "wsl --set-version NAME 2",
    ),
    "WSL 2": (
        Machine(distribution="ubuntu", wsl=2, bwrap=""),
        "sudo apt-get install -y bubblewrap",
    ),
    "macOS": (Machine(system="Darwin", bwrap="", libseccomp=""), "lima"),
    "Windows": (Machine(system="Windows", bwrap=""), "wsl --install"),
    "root without rights": (Machine(root=True, rights=()), "sudo -u USER"),
    "who knows": (Machine(), "--sandbox landlock"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_machine_has_its_own_step(case: str) -> None:
    machine, step = CASES[case]
    said = remedy(machine, "bwrap", REFUSED)
    assert step in said
    assert "\n" not in said


@pytest.mark.parametrize("case", [c for c, (m, _) in CASES.items() if m.bwrap])
def test_what_is_to_be_typed_is_a_command(case: str) -> None:
    said = remedy(CASES[case][0], "bwrap", REFUSED)
    if said.startswith(HERE):
        command = said.removeprefix(HERE)
        subprocess.run(["bash", "-n", "-c", command], check=True)


def test_the_profile_is_inherited_by_what_bubblewrap_starts(tmp_path: Path) -> None:
    machine = Machine(**UBUNTU, bwrap_path="/opt/bin/bwrap")
    command = remedy(machine, "bwrap", REFUSED).removeprefix(HERE)
    printing = command.partition(" | ")[0]
    done = subprocess.run(
        ["bash", "-c", printing], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [
        "abi <abi/4.0>,",
        "include <tunables/global>",
        "profile autograder-bwrap /opt/bin/bwrap flags=(unconfined) {",
        "  userns,",
        "}",
    ]


@pytest.mark.parametrize(
    ("machine", "sandbox", "problem", "step"),
    [
        (Machine(), "none", "", "--sandbox bwrap"),
        (Machine(), "landlock", "", "--sandbox bwrap"),
        (Machine(), "landlock", "no Landlock", "--sandbox bwrap"),
        (Machine(container="docker"), "landlock", "no", "seccomp=unconfined"),
        (Machine(), "bwrap", "", "report this table"),
        (Machine(), "bwrap", "x; first: pip uninstall autograder", "pip uninstall -y"),
    ],
)
def test_other_walls_and_other_problems(
    machine: Machine, sandbox: str, problem: str, step: str
) -> None:
    assert step in remedy(machine, sandbox, problem)


def write(top: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)


def test_facts_are_read_from_where_systems_keep_them(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "etc/os-release": 'ID=ubuntu\nVERSION_ID="24.04"\nNAME="Ubuntu"\n',
            "proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n",
            "proc/sys/kernel/unprivileged_userns_clone": "0\n",
            "proc/sys/user/max_user_namespaces": "77\n",
            "proc/self/status": "Name:\tx\nCapEff:\t0000000000200000\n",
            "proc/self/uid_map": "0 1000 1\n1 100000 65536\n",
            "etc/apparmor.d/bwrap-userns-restrict": "",
            "run/.containerenv": "",
        },
    )
    found = this_machine(tmp_path, {"PATH": "", "GITHUB_ACTIONS": "true"})
    assert (found.distribution, found.version) == ("ubuntu", "24.04")
    assert found.apparmor_restricts
    assert found.userns_allowed is False
    assert found.most_userns == 77
    assert found.rights == ("SYS_ADMIN",)
    assert found.users == 65537
    assert found.restricting_profile
    assert found.container == "podman"
    assert found.github
    assert found.bwrap == ""
    assert ("bubblewrap", "missing") in found.facts()


def test_a_machine_that_tells_nothing_is_no_error(tmp_path: Path) -> None:
    found = this_machine(tmp_path, {})
    assert found.most_userns is None
    assert ("user namespaces", "not known") in found.facts()


@pytest.mark.parametrize(
    ("groups", "environment", "container"),
    [
        ("0::/kubepods/besteffort/pod1", {}, "kubernetes"),
        ("1:name=x:/docker/abc", {}, "docker"),
        ("0::/machine.slice/libpod-1.scope", {}, "podman"),
        ("0::/init.scope", {"container": "lxc"}, "lxc"),
        ("0::/init.scope", {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubernetes"),
        ("0::/init.scope", {}, ""),
    ],
)
def test_containers_are_recognised(
    groups: str, environment: dict[str, str], container: str, tmp_path: Path
) -> None:
    write(tmp_path, {"proc/1/cgroup": groups})
    assert this_machine(tmp_path, environment).container == container


@pytest.mark.parametrize(
    ("kernel", "wsl"),
    [
        ("4.4.0-19041-Microsoft", 1),
        ("5.15.153.1-microsoft-standard-WSL2", 2),
        ("6.1.0-21-amd64", 0),
    ],
)
def test_both_kinds_of_wsl_are_recognised(
    kernel: str, wsl: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.release", lambda: kernel)
    assert this_machine(tmp_path, {}).wsl == wsl
