"""A gradebook on a PostgreSQL server that these tests start."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.course.batches import free_port, small_class
from tests.course.gradebooks import files, of_class, rows
from tests.course.test_cluster import refused

PROGRAMS = Path("/usr/lib/postgresql")
PASSWORD = "of the tests"


def _as_other_than_root() -> list[str]:
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _programs() -> Path:
    found = sorted(PROGRAMS.glob("*/bin/initdb"))
    if not found:
        pytest.skip(f"no PostgreSQL under {PROGRAMS}: apt-get install postgresql")
    return found[-1].parent


@dataclass(frozen=True)
class Server:
    """A running server with one role, ``course``."""

    port: int

    def url(self, name: str, password: str = PASSWORD) -> str:
        password = password.replace(" ", "%20")
        return f"postgresql+psycopg://course:{password}@127.0.0.1:{self.port}/{name}"

    def new_database(self, name: str) -> str:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'create database "{name}"'))
        engine.dispose()
        return self.url(name)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    programs, alter = _programs(), _as_other_than_root()
    folder = Path(tempfile.mkdtemp(prefix="course-postgres-"))
    (folder / "password").write_text(PASSWORD)
    if alter:
        user = pwd.getpwnam("postgres")
        for path in (folder, folder / "password"):
            os.chown(path, user.pw_uid, user.pw_gid)

    def call(name: str, *arguments: str | Path) -> None:
        command: Sequence[str | Path] = [*alter, programs / name, *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    data, port = folder / "data", free_port()
    call("initdb", "-D", data, "-U", "course", "-A", "scram-sha-256",
         f"--pwfile={folder / 'password'}", "--encoding=UTF8", "--no-sync")  # fmt: skip
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -F"
    call("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield Server(port)
    finally:
        call("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


class OnServer:
    """A course whose commands find the gradebook at an address."""

    def __init__(self, one: Any, url: str) -> None:
        self.url = url
        kind = type(one)

        class Course(kind):  # type: ignore[misc, valid-type]
            @property
            def environment(self) -> dict[str, str]:
                return {**super().environment, "COURSE_DB": url}

        self.course = Course(one.root, one.class_name)


def by_name(export: list[dict[str, str]]) -> list[list[str]]:
    """A database gives rows in an order of its own."""
    return sorted(list(row.values()) for row in export)


def test_the_same_as_with_sqlite(own_course: Any, server: Server) -> None:
    """Release, batch, feedback, nbgrader's own autograde and export."""
    small_class(own_course)
    own_course.autograder("grade", "warmup", "--jobs", "2")
    folder = own_course.class_folder
    expected = of_class(folder)
    written = files(folder / "autograded")
    export = by_name(own_course.export())
    for name in ("gradebook.db", "autograded", "journal"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    url = server.new_database("course")
    one = OnServer(own_course, url).course
    said = refused(one, "warmup")
    assert said.endswith("as it is released; run: autograder release")
    one.autograder("release")
    done = one.autograder("grade", "warmup", "--jobs", "2")
    assert "12 graded, 0 unchanged, 0 failed" in done.stdout
    assert rows(url) == expected
    assert files(folder / "autograded") == written
    assert by_name(one.export()) == export
    assert "0 graded, 12 unchanged" in one.autograder("grade", "warmup").stdout
    one.nbgrader("generate_feedback", "warmup")
    assert len(list((folder / "feedback").glob("*/warmup/warmup.html"))) == 12
    one.nbgrader("autograde", "warmup", "--force")
    assert rows(url) == expected
    assert by_name(one.export()) == export
    assert not (folder / "gradebook.db").exists()


def test_what_the_server_refuses_is_said(own_course: Any, server: Server) -> None:
    small_class(own_course)
    for url, why in (
        (server.url("course", "wrong"), "password authentication failed"),
        (server.url("nowhere"), 'database "nowhere" does not exist'),
    ):
        said = refused(OnServer(own_course, url).course, "warmup")
        assert why in said
        assert "***" in said
        assert "wrong" not in said.replace("wrong password", "")
        assert PASSWORD not in said
