"""How fast training is fed from shards, and against what.

    python -m benchmarks.loading [--json] [--tiny]

`loader_vs_plain`: CPU seconds a sample of the pipeline that everybody writes (webdataset and PyAV: decode a sample, cut
the window, bring to size) by those of the shard loader, which redraws pose maps, in one process by turns. By number of
frames, 4 views, RGB and pose, and of windows of 33 of 81 frames with one view; at the clips' own size, then at 256
lines. `two_processes`: samples a second of wall time of two processes side by side, of both, one after the other. Also
megabytes a second of `verify`, gigabytes a second of cached latents at Wan's size, and of an index of 161,023 samples
what opening, planning and a draw cost.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.common.figures import lines, rounded
from benchmarks.loading.latents import latents
from benchmarks.loading.made import Size, index_table
from benchmarks.loading.parts import index, loading, one_thread, ours
from shards.index import INDEX

PAPER_ROWS = 161_023


def first_batch_s(scratch: Path, folder: Path, *, num_rows: int) -> float:
    """From opening an index of so many samples, all of which are one sample of `folder`, to the first batch of one."""
    real = pq.read_table(folder / INDEX).to_pylist()[0]
    many = index_table(num_rows)
    for name in ("clip_id", "num_frames", "offset", "num_bytes", "sample_sha256", "shard"):
        place = many.column_names.index(name)
        many = many.set_column(place, many.schema.field(name), [[real[name]] * num_rows])
    every = scratch / "first"
    every.mkdir()
    pq.write_table(many, every / INDEX)
    (every / "shard-000000.tar").symlink_to(folder / "shard-000000.tar")
    started = time.perf_counter()
    ours(every, num_frames=real["num_frames"], num_views=4, size_px=480)[[0]]
    return time.perf_counter() - started


def measured(*, tiny: bool) -> dict[str, Any]:
    """All figures."""
    size = Size(96, 64) if tiny else Size()
    num_rows, lengths = (2000, (5, 9)) if tiny else (PAPER_ROWS, (33, 81))
    sizes_px = (size.height_px, 32) if tiny else (size.height_px, 256)
    one_thread()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        how = {"num_clips": 2, "rounds": 2 if tiny else 5, "seconds": 1 if tiny else 20}
        result = loading(scratch, lengths=lengths, size=size, sizes_px=sizes_px, **how)
        result |= index(scratch, num_rows=num_rows)
        result["first_batch_s"] = first_batch_s(scratch, scratch / str(lengths[0]) / "shards", num_rows=num_rows)
        result |= latents(scratch, tiny=tiny)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tiny", action="store_true", help="small pictures and a short index, to see that it runs")
    arguments = parser.parse_args()
    result = rounded(measured(tiny=arguments.tiny))
    print(json.dumps(result) if arguments.json else "\n".join(lines(result)))


if __name__ == "__main__":
    main()
