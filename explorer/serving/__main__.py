"""`python -m explorer.serving`: put the zoo's forward passes on the Ray cluster that RAY_ADDRESS names."""

from __future__ import annotations

import argparse
import os
import sys

from explorer.jobs import JobRefused
from explorer.jobs.ray_cluster import describe_code, import_ray, reach


def main() -> None:
    """Deploy, or change the number of replicas; what is there stays when this process ends."""
    parser = argparse.ArgumentParser(prog="python -m explorer.serving", description=__doc__)
    parser.add_argument("--replicas", type=int, help="processes; else one a GPU, or one a machine where there is none")
    parser.add_argument("--host", default="0.0.0.0", help="address that every machine listens on (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="of it (%(default)s)")
    options = parser.parse_args()
    address = os.environ.get("RAY_ADDRESS", "auto")
    try:
        ray = import_ray()
        reach(address)
        ray.init(address=address, runtime_env=describe_code(ship=True), log_to_driver=False)
        from explorer.serving.service import deploy
    except (JobRefused, ImportError, ConnectionError) as error:
        sys.exit(f"Nothing is served: {error}")
    machines = [node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]]
    gpus = int(ray.cluster_resources().get("GPU", 0))
    deploy(options.replicas or gpus or len(machines), min(gpus, 1), options.host, options.port)
    print("EXPLORER_SERVE=" + ",".join(sorted({f"{machine}:{options.port}" for machine in machines})))


if __name__ == "__main__":
    main()
