"""Ray of a local run: its ports are this machine's own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import listening_addresses, processes_below
from tests.support.toy_runs import LIMITS

pytestmark = pytest.mark.ray

# A pool as a run has it, where Ray was imported before: it reads its settings then, and they are its own afterwards.
START = f"""
import os, sys, ray
from pathlib import Path
from rigmill.blender.client import Limits
from rigmill.pipeline.executors.pool import Pool
pool = Pool(Path(sys.argv[1]), {LIMITS!r}, address="local", workers=1)
pool.start()
from ray._private.ray_constants import ENABLE_RAY_CLUSTER, ENABLE_RAY_CLUSTERS_ENV_VAR
assert ENABLE_RAY_CLUSTER and ENABLE_RAY_CLUSTERS_ENV_VAR not in os.environ
print("started with", os.environ["RAY_AUTH_MODE"], flush=True)
sys.stdin.read()
pool.stop()
"""


@pytest.mark.skipif(shutil.which("ss") is None, reason="asks the system with ss, of iproute2")
def test_a_local_run_listens_on_the_loopback_address_alone_and_asks_for_a_token(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin and process.stdout
    try:
        assert process.stdout.readline() == "started with token\n"
        addresses = listening_addresses([process.pid, *processes_below(process.pid)])
    finally:
        process.stdin.close()
        process.wait(60)
    assert addresses and addresses <= {"127.0.0.1", "[::ffff:127.0.0.1]"}
