"""Doors outside of the sandbox: whoever comes through one has got out."""

from __future__ import annotations

import selectors
import socket
import threading
from pathlib import Path


class Doors:
    """TCP, UDP and two Unix sockets that note what they are told."""

    def __init__(self, drop: Path, abstract: str) -> None:
        self.heard: list[str] = []
        self.abstract = abstract
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.local = socket.socket(socket.AF_UNIX)
        self.local.bind(f"\0{abstract}")
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(str(drop / "door"))
        (drop / "door").chmod(0o777)
        for server in (self.local, self.door):
            server.listen(64)
        self.open = True
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as found:
            servers = (self.tcp, self.udp, self.local, self.door)
            for server in servers:
                found.register(server, selectors.EVENT_READ)
            while self.open:
                for key, _ in found.select(0.2):
                    self._hear(key.fileobj)
            for server in servers:
                server.close()

    def _hear(self, server: object) -> None:
        assert isinstance(server, socket.socket)
        try:
            if server is self.udp:
                self.heard.append(server.recv(4096).decode("utf-8", "replace"))
                return
            other, _ = server.accept()
            with other:
                other.settimeout(0.5)
                said = other.recv(4096).decode("utf-8", "replace")
                self.heard.append(said or "(nothing was said)")
        except OSError as error:
            self.heard.append(f"(a caller hung up: {error})")

    def close(self) -> list[str]:
        """Shut them, and tell what was heard."""
        self.open = False
        self.thread.join(5)
        return self.heard
