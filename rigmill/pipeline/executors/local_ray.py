"""Ray on this machine alone: nobody outside the machine can reach its ports."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

# What Ray reads while it is imported and started. Nothing is told to anybody; a machine's GPUs stay as they are.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
# Without clusters Ray takes the loopback address as its own and listens on that alone, whatever its name says of
# operating systems; with them it listens on every interface, and an address that is asked for changes nothing there.
# Ray's processes read the variable, ours has read it when it imported Ray.
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


@contextmanager
def _without_clusters() -> Iterator[None]:
    """For the time of a block: what is started in it inherits it, and what this process starts later does not."""
    from ray._private import ray_constants

    before, known = os.environ.get(LOOPBACK), ray_constants.ENABLE_RAY_CLUSTER
    os.environ[LOOPBACK], ray_constants.ENABLE_RAY_CLUSTER = "0", False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = known
        if before is None:
            del os.environ[LOOPBACK]
        else:
            os.environ[LOOPBACK] = before


def import_ray() -> ModuleType:
    """The module, with our settings in the environment; it takes a second, and many commands need none of it."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    return ray


def start_local_ray(*, num_cpus: int, object_store_bytes: int) -> ModuleType:
    """A Ray of our own, started and connected to. Raises what Ray raises, which is bare Exceptions."""
    ray = import_ray()
    with _without_clusters():
        ray.init(
            address="local",
            num_cpus=num_cpus,
            object_store_memory=object_store_bytes,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
        )
    return ray
