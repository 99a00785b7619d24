"""The joint model and `rigmill animate`: figures of trained, held-out and strangers' rigs.

    python -m benchmarks.animating --json [--data FOLDER] [--demo FOLDER] [--model FOLDER] [--parts heldout demo ...]

- heldout: clips of the world that training never saw (`--data`: a run that made shards; without it 60 assets of other
  seeds are made), from rest pose and caption. `heldout_usable_share` of drawn joints and frames, `heldout_reproject_px`
  and `heldout_bone_drift_pct` of what was found, `heldout_verb_share` of clips whose motion is, by its own facts, what
  the caption says, `static_verb_share` the same of meshes at rest, `true_verb_share` of the recorded motions.
  `heldout_told_drift_pct`: of bones as the model tells them, before those of bodies are as long as they are;
  `heldout_slides_pct` of bodies' joints are pulled out of their place in what is reconstructed.
- demo: the clips that the last checkpoint of `--demo` was trained on, sampled as its profile says and its report shows.
  `demo_usable_share`, `demo_mpjpe_pct` per cent of the height, against the nearest window of the recorded clip.
- rigs: twelve files of $RIGMILL_CORPUS through the command. `real_rigs_readable`: readable and moving.
- animate: `animate_s` of one file in a fresh process, and `weights_mb` of the model.

What cannot be measured here is null.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from benchmarks.animating.held_out import HeldOut, by_group, figures_of, look_at, true_verb_share
from benchmarks.animating.picture import beside
from benchmarks.animating.real_rigs import RIGS, animated
from benchmarks.common.figures import lines, rounded
from benchmarks.common.paths import ROOT
from benchmarks.world.through import through
from eval.checkpoint import SHIPPED, Checkpoint, open_checkpoint
from rigmill.clips.pictures import jpeg
from rigmill.config.load import load
from rigmill.pipeline.view import View
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from train.clips import Clips
from train.finished import WEIGHTS
from train.inputs import TrainingClip, usable_rows
from train.sampling.sampler import Sampling
from train.small.world import WorldClips, read_world
from train.watching.readability import generated, mean_reading
from train.watching.strips import prompt_of

PARTS = ("heldout", "demo", "rigs", "animate")
_MADE_CLIPS, _MADE_SEED = 240, 90_001  # four of an asset; seeds that no training is made from
_SHOWN_CLIPS = 4
_FOX = ROOT / "tests" / "assets" / "Fox.glb"


def sampling_of(checkpoint: Checkpoint, seed: int, asked: Mapping[str, float] = MappingProxyType({})) -> Sampling:
    """As `animate` does it by default, or as `asked`: its `steps`, its `guidance`, its `text_guidance`."""
    told = {"steps": 20, "guidance": 3.0, "text_guidance": 1.0} | dict(checkpoint.sampling) | dict(asked)
    return Sampling(
        checkpoint.num_frames,
        seed,
        int(told["steps"]),
        float(told["guidance"]),
        text_guidance=float(told["text_guidance"]),
    )


def held_out_part(
    checkpoint: Checkpoint, world: WorldClips, *, clips: int, offset: int, asked: Mapping[str, float]
) -> tuple[dict[str, Any], list[HeldOut]]:
    """The figures, and every clip."""
    model = checkpoint.load()
    step = max(1, len(world.held_out) // clips)
    chosen = world.held_out[offset::step][:clips]
    pictures = Clips(chosen, store=Store(world.store_root), config=checkpoint.config, keep_views=4)
    found = []
    for index, clip in enumerate(chosen):
        group = world.groups.get(clip.place.clip_id, "")
        found.append(look_at(model, pictures, index, group=group, sampling=sampling_of(checkpoint, index, asked)))
    true = true_verb_share(pictures, range(len(chosen)))
    return figures_of(found) | {"true_verb_share": true, "heldout": by_group(found)}, found


def demo_part(output: Path, picture: Path | None = None) -> dict[str, Any]:
    """The clips that the last checkpoint of a profile was trained on; some of them as a JPEG in `picture`."""
    profile = load("demo", overrides=(f"output={output}",)).profile
    view = View(Layout(output).tables, profile)
    checkpoint = open_checkpoint(None, Layout(output), [view], profile="demo")
    if checkpoint.shipped:
        return {}
    model, config, asked = checkpoint.load(), checkpoint.config, profile.train
    as_the_profile = {"steps": asked.sampling_steps, "guidance": asked.guidance, "text_guidance": asked.text_guidance}
    rows = usable_rows(view.products("shards"), num_frames=config.span(checkpoint.num_frames))
    clips = [TrainingClip.from_row(row) for row in rows]
    pictures = Clips(clips, store=Layout(output).store, config=config, keep_views=4)
    found = [
        generated(
            model, prompt_of(pictures, index), pictures.geometry(index), sampling_of(checkpoint, index, as_the_profile)
        )
        for index in range(len(clips))
    ]
    if picture is not None and config.pose_map is not None:
        radius_px, stride = config.pose_map.radius_px, config.frame_stride
        chosen = range(0, len(clips), max(1, len(clips) // _SHOWN_CLIPS))[:_SHOWN_CLIPS]
        shown = [beside(pictures, at, found[at], radius_px=radius_px, stride=stride) for at in chosen]
        picture.write_bytes(jpeg(np.concatenate(shown), quality=85))
    mean = mean_reading([each.reading for each in found])
    return {"demo_usable_share": mean.usable_share, "demo_mpjpe_pct": mean.mpjpe_pct}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, help="output of a run on the world that made shards")
    parser.add_argument("--demo", type=Path, default=ROOT / "data" / "demo", help="output of the demo")
    parser.add_argument("--model", type=Path, help="a checkpoint's folder (default: the one that is shipped)")
    parser.add_argument("--clips", type=int, default=60, help="held-out clips at most")
    parser.add_argument("--offset", type=int, default=0, help="the first of them: others, to see what chance does")
    parser.add_argument("--steps", type=int, help="of denoising (default: the checkpoint's own)")
    parser.add_argument("--text-guidance", type=float, help="likewise, of held-out clips, rigs and the one file")
    parser.add_argument("--picture", type=Path, help="JPEG of some of the demo's clips, generated beside recorded")
    parser.add_argument("--out", type=Path, help="where what `animate` makes is kept")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    given = parser.parse_args()
    torch.set_num_threads(1)
    said = {"steps": given.steps, "text_guidance": given.text_guidance}
    asked = {name: value for name, value in said.items() if value is not None}
    figures: dict[str, Any] = dict.fromkeys(
        (
            "demo_usable_share",
            "demo_mpjpe_pct",
            "heldout_usable_share",
            "heldout_reproject_px",
            "heldout_bone_drift_pct",
            "heldout_verb_share",
            "static_verb_share",
            "real_rigs_readable",
            "animate_s",
            "weights_mb",
        )
    )
    tables: dict[str, Any] = {}
    folder = given.model or SHIPPED
    with tempfile.TemporaryDirectory() as scratch:
        out = given.out or Path(scratch)
        if (folder / WEIGHTS).is_file():
            checkpoint = _opened(folder)
            figures["weights_mb"] = (folder / WEIGHTS).stat().st_size / 1e6
            if "heldout" in given.parts:
                data = given.data or _made(Path(scratch) / "world")
                world = read_world(
                    data, num_frames=checkpoint.config.span(checkpoint.num_frames), any_split=not given.data
                )
                more, clips = held_out_part(checkpoint, world, clips=given.clips, offset=given.offset, asked=asked)
                figures |= more
                tables["clips"] = [asdict(clip) for clip in clips]
            if "rigs" in given.parts and "RIGMILL_CORPUS" in os.environ:
                corpus = Path(os.environ["RIGMILL_CORPUS"])
                rigs = [
                    animated(
                        corpus / file, prompt, out / Path(file).stem, checkpoint=given.model, name=file, asked=asked
                    )
                    for file, prompt in RIGS
                    if (corpus / file).is_file()
                ]
                figures["real_rigs_readable"] = sum(rig.is_readable for rig in rigs)
                tables["rigs"] = [asdict(rig) for rig in rigs]
            if "animate" in given.parts:
                fox = animated(
                    _FOX, "a red fox walks", out / "fox", checkpoint=given.model, name="Fox.glb", asked=asked
                )
                figures["animate_s"] = fox.wall_s
        if "demo" in given.parts and (given.demo / "tables").is_dir():
            figures |= demo_part(given.demo.resolve(), given.picture)
    found = rounded(figures)
    print(json.dumps(found | tables) if given.json else "\n".join(lines(found)))


def _opened(folder: Path) -> Checkpoint:
    profile = load("demo").profile
    layout = Layout(folder / "no-output")
    opened = open_checkpoint(f"{folder}/", layout, [View(layout.tables, profile)], profile="demo")
    return replace(opened, name="shipped" if folder == SHIPPED else folder.name)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    through(_MADE_CLIPS, seed=_MADE_SEED, folder=folder)
    return folder / "out"


if __name__ == "__main__":
    main()
