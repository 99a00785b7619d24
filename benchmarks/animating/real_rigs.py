"""Rigs of strangers, animated by the command that a user types."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common.processes import command, environment

# Three of a kind: humanoids, quadrupeds, flying, articulated.
RIGS = (
    ("khronos/CesiumMan.glb", "a man walks forward"),
    ("threejs/RobotExpressive.glb", "a robot waves its left hand"),
    ("kaykit/Knight.glb", "a knight jumps"),
    ("khronos/Fox.glb", "a red fox walks"),
    ("quaternius_glb/Quaternius_Horse.glb", "a brown horse walks forward"),
    ("sketchfab/wolf_minecraft_nodeanim.glb", "a grey wolf nods its head"),
    ("quaternius_glb/Quaternius_Wasp.glb", "a wasp flaps its wings"),
    ("sketchfab/bee_minecraft_nodeanim.glb", "a bee hovers in the air"),
    ("quaternius_glb/Quaternius_Enemy_Flying-transformed.glb", "a monster flies forward"),
    ("sketchfab/rusty_fridge.glb", "a fridge opens a door"),
    ("sketchfab/door_wood.glb", "a wooden door opens"),
    ("sketchfab/metal_cupboard.glb", "a metal cabinet opens a door slowly"),
)
READABLE, MOVES_PCT = 0.8, 1.0  # the verdict's own thresholds


@dataclass(frozen=True, slots=True)
class Animated:
    """What `rigmill animate` said of one file; `why` where it made nothing."""

    file: str
    prompt: str
    wall_s: float
    usable_share: float
    movement_pct: float
    fits_prompt: bool | None
    does: str
    why: str = ""

    @property
    def is_readable(self) -> bool:
        """Readable, and moving."""
        return self.usable_share >= READABLE and self.movement_pct >= MOVES_PCT


def animated(
    path: Path, prompt: str, out: Path, *, checkpoint: Path | None, name: str, asked: Mapping[str, float]
) -> Animated:
    """One file through a fresh process; what it writes is left in `out`. `asked`: `steps` and `text_guidance`."""
    options = [] if checkpoint is None else ["--checkpoint", str(checkpoint)]
    options += [part for key, value in asked.items() for part in (f"--{key.replace('_', '-')}", str(value))]
    nowhere = ["--set", f"output={out.parent / 'no-output'}"]
    typed = command(
        "rigmill", "animate", str(path), "--prompt", prompt, "--out", str(out), "--force", *options, *nowhere
    )
    started = time.perf_counter()
    ended = subprocess.run(typed, env=environment(), capture_output=True, text=True, check=False)
    wall_s = time.perf_counter() - started
    info = out / "info.json"
    if ended.returncode not in (0, 3) or not info.is_file():
        last = (ended.stderr.strip().splitlines() or [""])[-1]
        return Animated(name, prompt, wall_s, 0.0, 0.0, None, "", why=last[:160])
    said: dict[str, Any] = json.loads(info.read_text())["quality"]
    return Animated(name, prompt, wall_s, said["usable_share"], said["movement_pct"], said["fits_prompt"], said["does"])
