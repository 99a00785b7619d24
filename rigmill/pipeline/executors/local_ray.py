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
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """One variable for the time of a block: Ray's processes inherit it, later ones of ours do not."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def import_ray() -> ModuleType:
    """The module, with our settings in the environment; it takes a second, and many commands need none of it."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    return ray


def start_local_ray(*, num_cpus: int, object_store_bytes: int) -> ModuleType:
    """A Ray of our own, started and connected to. Raises what Ray raises, which is bare Exceptions."""
    with _environment(LOOPBACK, "0"):
        ray = import_ray()
        ray.init(
            address="local",
            num_cpus=num_cpus,
            object_store_memory=object_store_bytes,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
        )
    return ray
