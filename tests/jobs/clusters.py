"""Ray on this machine, for tests: one node, to which they add others."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest


def describe_node(name: str) -> dict[str, Any]:
    """One core and few processes."""
    return {
        "num_cpus": 1,
        "object_store_memory": 80 * 1024**2,
        "env_vars": {"NODE": name},
        "include_dashboard": False,
        "include_log_monitor": False,
    }


@contextmanager
def open_cluster(*others: str) -> Iterator[Any]:
    """A head with one core, and other nodes."""
    import ray

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_prestart_worker_first_driver", "0")
        patch.setenv("RAY_worker_niceness", "0")  # by default they give way to everybody, and the tests would wait
        patch.setenv("RAY_health_check_period_ms", "300")  # a node that is lost refuses, and is given up after a few
        patch.delenv("RAY_ADDRESS", raising=False)
        cluster = start_cluster(others)
        try:
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()


def start_cluster(others: Sequence[str]) -> Any:
    """Ray's own processes wait 15 s for each other, which is not enough where the machine has much else to do."""
    from ray.cluster_utils import Cluster

    for attempt in range(3):
        cluster = Cluster()
        try:
            cluster.add_node(**describe_node("head"), no_monitor=True)
            for name in others:
                cluster.add_node(**describe_node(name))
            break
        except Exception as error:
            cluster.shutdown()
            if attempt == 2:  # what is tested is ours, not whether Ray finds the time to begin
                pytest.skip(f"Ray's own processes did not start on this busy machine: {error}")
    return cluster
