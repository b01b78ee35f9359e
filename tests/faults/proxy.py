"""A TCP proxy whose line can be cut: closed, or silent with every connection left half open."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path


class Proxy:
    """Forwards connections on a free port of loopback to a Unix socket, while the line is whole."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._dead: set[socket.socket] = set()
        self._is_down = False
        self.freeze_behind: bytes | None = None
        """What is forwarded to the server as the last before `freeze`, once."""
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Close every connection."""
        for pair in self._pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def freeze(self) -> None:
        """Forward nothing any more on the connections that there are, and close none: they stay half open."""
        for pair in self._pairs:
            self._dead.update(pair)

    def go_down(self) -> None:
        """Close every connection, and every new one as soon as it is made."""
        self._is_down = True
        self.cut()

    def come_back(self) -> None:
        """Forward again."""
        self._is_down = False

    def close(self) -> None:
        """End."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_down:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(str(self._target))
            except OSError:
                client.close()
                continue
            self._pairs.append((client, server))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if source in self._dead:
                    continue
                sink.sendall(data)
                if self.freeze_behind is not None and self.freeze_behind in data:
                    self.freeze_behind = None
                    self.freeze()
        if source not in self._dead:
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def proxied(target: Path) -> Iterator[Proxy]:
    """A proxy before the Unix socket `target`."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
