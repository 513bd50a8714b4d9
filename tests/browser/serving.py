"""Starting the dashboard as a person would, and knowing when it has finished drawing."""

import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
START_SECONDS = 60

# To be run in a page before anything else: notes when the server was last asked, and when it last said something.
WATCH = """(() => {
    const Plain = WebSocket;
    window.asked = window.answered = 0;
    window.WebSocket = class extends Plain {
        constructor(...given) {
            super(...given);
            this.addEventListener("message", () => { window.answered = performance.now(); });
        }
        send(data) {
            window.asked = performance.now();
            super.send(data);
        }
    };
})();"""

# Streamlit marks the state of the script on its outermost element; after a click it says "notRunning" until the
# server has answered, which is noted by `WATCH`. Some messages get no answer, so nothing is waited for longer than
# ten seconds. One glance is not enough, since a component may still be about to ask: it counts glances, and not time,
# which passes on a busy machine without anything having had its turn.
IDLE = """(glances) => {
    const app = document.querySelector('[data-testid="stApp"]');
    const waiting = window.asked > window.answered && performance.now() - window.asked < 10_000;
    const busy = waiting
        || !app
        || app.dataset.testScriptState !== 'notRunning'
        || app.dataset.testConnectionState !== 'CONNECTED'
        || document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]');
    window.quiet = busy ? 0 : window.quiet + 1;
    return window.quiet > glances;
}"""
GLANCE = 0.05  # seconds between two


@contextmanager
def serve(script: Path, home: Path, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """Run a Streamlit script in a process of its own, from the repository's root, so with its configuration.

    Args:
        script: what `streamlit run` gets.
        home: an empty folder; the server finds its settings and caches there, not the person's.
        settings: more of its environment.

    Yields:
        The address, such as "http://localhost:40123".

    Raises:
        RuntimeError: the server ended or did not answer in time; the message holds what it printed.
    """
    port = find_free_port()
    address = f"http://localhost:{port}"
    log = home / "streamlit.log"
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    environment = make_environment(home) | dict(settings)
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            if not answers(f"{address}/_stcore/health", server):
                raise RuntimeError(f"The dashboard did not start.\n{log.read_text()}")
            yield address
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            for order in (home / ".cache" / "cnn-explorer" / "jobs").glob("*/order.json"):
                (order.parent / "stop").touch()  # a training outlives its server


@contextmanager
def stand_before(*addresses: str) -> Iterator[str]:
    """The address of a proxy that hands every connection to the first of the servers that takes it."""

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(2**16):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    class Proxy(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            for address in addresses:
                with suppress(OSError), socket.create_connection(("localhost", urlsplit(address).port or 0)) as there:
                    threading.Thread(target=pass_on, args=(there, self.request)).start()
                    pass_on(self.request, there)
                    return

    with socketserver.ThreadingTCPServer(("localhost", 0), Proxy) as proxy:
        proxy.daemon_threads = True
        threading.Thread(target=proxy.serve_forever, args=(GLANCE,)).start()
        try:
            yield f"http://localhost:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()


def make_environment(home: Path) -> dict[str, str]:
    """What the server may know of this shell: where programs and data are, nothing about the person."""
    kept = ("PATH", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")
    environment = {name: os.environ[name] for name in (*kept, "EXPLORER_DATA") if name in os.environ}
    torch_home = Path(environment["EXPLORER_DATA"], "torch-home") if "EXPLORER_DATA" in environment else home / "torch"
    return environment | {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "TORCH_HOME": str(torch_home),
        "PYTHONUNBUFFERED": "1",
    }


def find_free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def answers(url: str, server: "subprocess.Popen[bytes]") -> bool:
    """Wait until the address answers; False where the server ends or the time runs out."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def wait_until_idle(page: "Page", quiet: float = 0.3, timeout: float = 60) -> None:
    """Wait until the script has run to its end and nothing has moved for `quiet` seconds of an idle machine.

    Raises:
        playwright.sync_api.TimeoutError: it was still busy after `timeout` seconds.
    """
    page.evaluate("window.quiet = 0")
    page.wait_for_function(IDLE, arg=round(quiet / GLANCE), timeout=timeout * 1000, polling=1000 * GLANCE)
