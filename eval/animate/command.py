"""What `rigmill animate` asks this room for."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from eval.animate.fit import as_the_model_likes, check_fit, frames_to_make
from eval.animate.steps import Animation, OnProgress
from eval.checkpoint import open_checkpoint
from rigmill.blender.client import Limits
from rigmill.one_file.animate_options import AnimateOrder
from rigmill.one_file.gate import open_asset
from rigmill.one_file.steps import Target, at_bench, deliver
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout

_OURS = re.compile(
    r"animated\.(glb|fbx|bvh)|joints\.(npz|csv)|preview\.(mp4|png)|(rgb|pose|mesh)\.\d+\.mp4|"
    r"template_(rgb|pose)\.\d+\.png|info\.json"
)


def animate(
    order: AnimateOrder, *, views: Sequence[View], limits: Limits, max_file_bytes: int, on_progress: OnProgress
) -> tuple[dict[str, Any], float]:
    """Do the order: what info.json holds, and the seconds it took. A UserError leaves the folder as it was.

    `views` show the profile's tables, where its checkpoints are.
    """
    started = time.monotonic()
    opened = open_asset(order.asset, max_file_bytes)
    checkpoint = open_checkpoint(order.checkpoint, Layout(order.output), views, profile=order.profile)
    order = as_the_model_likes(order, checkpoint)
    num_frames = frames_to_make(order, checkpoint)
    check_fit(checkpoint, order, num_frames)
    target = Target(order.out, order.force, _OURS, "animation")
    drawn = checkpoint.config.span(num_frames) * len(order.sentences) + 1  # the rest pose as well
    with at_bench(opened, target, fps=order.fps, render=order.render, num_frames=drawn, limits=limits) as bench:
        info, files = Animation(order, checkpoint, bench, on_progress).make(num_frames)
        folder = bench.scratch / "finished"
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        deliver(target, info, folder)
    return info, time.monotonic() - started
