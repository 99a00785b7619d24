"""CPU seconds of one Cycles picture with all cores in sight of Blender's scheduler, and with one; one run, as a ratio.

python -m benchmarks.rendering.cycles_threads [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

PICTURES = 12
SCRIPT = """
import os, sys, time, tempfile
cores = os.sched_getaffinity(0)
if sys.argv[1] == "one":
    os.sched_setaffinity(0, {min(cores)})
import bpy
os.sched_setaffinity(0, cores)
bpy.ops.wm.read_factory_settings(use_empty=False)
bpy.ops.object.modifier_add(type="SUBSURF")
scene = bpy.context.scene
scene.render.engine, scene.cycles.samples = "CYCLES", 4
scene.cycles.denoising_prefilter, scene.cycles.denoising_quality = "NONE", "FAST"
scene.render.use_persistent_data = True
scene.render.threads_mode, scene.render.threads = "FIXED", 1
scene.render.resolution_x = scene.render.resolution_y = 256
scene.render.filepath = os.path.join(tempfile.mkdtemp(), "x.png")
bpy.ops.render.render(write_still=True)
started, wall = time.process_time(), time.monotonic()
for _ in range(int(sys.argv[2])):
    bpy.ops.render.render(write_still=True)
print("MEASURED", time.process_time() - started, time.monotonic() - wall, flush=True)
os._exit(0)
"""


def measure(cores: str) -> tuple[float, float]:
    """CPU and wall milliseconds per picture."""
    command = [sys.executable, "-c", SCRIPT, cores, str(PICTURES)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    line = next(line for line in answer.splitlines() if line.startswith("MEASURED"))
    cpu, wall = (1000 * float(value) / PICTURES for value in line.split()[1:])
    return cpu, wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    rounds = [(measure("all"), measure("one")) for _ in range(3)]
    all_cores = sorted(pair[0] for pair in rounds)[1]
    one_core = sorted(pair[1] for pair in rounds)[1]
    result = {
        "cores": os.cpu_count(),
        "cpu_ms_all_cores": round(all_cores[0], 1),
        "cpu_ms_one_core": round(one_core[0], 1),
        "wall_ms_all_cores": round(all_cores[1], 1),
        "wall_ms_one_core": round(one_core[1], 1),
        "cpu_ratio": round(all_cores[0] / one_core[0], 2),
    }
    print(json.dumps(result) if as_json else "\n".join(f"{key}: {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
