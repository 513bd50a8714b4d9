"""How the server gets to a Ray cluster, and what it says where it does not."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from explorer.jobs.order import JobRefused

NAMESPACE = "cnn-explorer"
_PROJECT = Path(__file__).resolve().parents[2]
_SENT = ("explorer", "models")  # folders of the project that the cluster is sent
_CONNECT = 5.0  # seconds for the head of a cluster to answer


def connect(address: str, ship: bool) -> Any:
    """Ray, connected; not to be called from several threads at once.

    Args:
        address: of the cluster, or "local" for one of this process.
        ship: whether the code and models are sent; else they must lie at the same path on every machine.

    Raises:
        JobRefused: the cluster does not answer.
    """
    ray = import_ray()
    if ray.is_initialized():
        return ray
    _reach(address)
    try:
        ray.init(
            address=address,
            namespace=NAMESPACE,
            runtime_env=_describe_code(ship),
            log_to_driver=False,
            configure_logging=False,
            **({"include_dashboard": False} if address == "local" else {}),
        )
    except Exception as error:  # where its processes are too slow to start, it is nothing more special
        here = "Ray does not start on this machine now."
        raise JobRefused(here if address == "local" else f"The Ray cluster at {address} does not answer.") from error
    return ray


def import_ray() -> Any:
    """Ray.

    Raises:
        JobRefused: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to anybody
    try:
        import ray
    except ImportError as error:
        raise JobRefused("Ray is not installed: pip install -r requirements-extra.txt brings it.") from error
    return ray


def explain_broken(error: Exception) -> str:
    """Why a keeper can never be; "" where it is only away."""
    ray = import_ray()
    if isinstance(error, ray.exceptions.RuntimeEnvSetupError):
        return "The code could not be brought to the machines of the Ray cluster."
    if not getattr(error, "actor_init_failed", False):
        return ""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if any(line.startswith("FileNotFoundError") for line in lines):
        return "The head of the Ray cluster does not see the storage: all machines must see the same one."
    return f"The head of the Ray cluster could not begin: {lines[-1]}"


def _describe_code(ship: bool) -> dict[str, Any]:
    if ship:
        others = [f"/{path.name}" for path in _PROJECT.iterdir() if path.name not in _SENT]
        return {"working_dir": str(_PROJECT), "excludes": others}
    paths = [str(_PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"env_vars": {"PYTHONPATH": os.pathsep.join(paths)}}


def _reach(address: str) -> None:
    """Raise JobRefused where nobody listens: Ray itself would wait for minutes, and then end this process."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdecimal():
        try:
            socket.create_connection((host, int(port)), timeout=_CONNECT).close()
        except OSError as error:
            raise JobRefused(f"The Ray cluster at {address} does not answer.") from error
