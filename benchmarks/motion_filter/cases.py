"""The clips of known motion that are measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from benchmarks.common.paths import ROOT
from benchmarks.motion_filter.true_motion import Ladder, swing
from render.blender.procedural.make import make_asset
from rigmill.types import Motion

FPS, MAX_FRAMES, PREVIEW_PX, PAIRS = 16.0, 25, 128, 9
SHARES = (0.0, 1 / 512, 1 / 128, 1 / 32, 1 / 8)
SWINGS_DEG = (8.0, 30.0)


@dataclasses.dataclass(frozen=True)
class Case:
    """One clip of known motion. `make` turns the asset's own motion (as imported) into it."""

    group: str
    asset: str
    label: str
    make: Callable[[Motion, tuple[str, ...], float], Motion]  # motion, joint names, the subject's largest side
    motion: str = ""  # part of the motion's name
    look: str = "own"
    preview_px: int = PREVIEW_PX
    margin: float = 0.08
    max_frames: int = MAX_FRAMES


def share(value: float, *, drift: float = 0.0) -> Callable[[Motion, tuple[str, ...], float], Motion]:
    return lambda motion, _names, side: Ladder(value, drift=drift).apply(motion, unit=side)


def swinging(joint: str, degrees: float) -> Callable[[Motion, tuple[str, ...], float], Motion]:
    return lambda motion, names, _side: swing(
        motion, joint=next(i for i, name in enumerate(names) if joint in name), amplitude_deg=degrees
    )


def cases(corpus: Path | None, made: Path) -> list[Case]:
    """Ladders, small parts, drifts; the same motion on other looks and sizes."""
    tests = ROOT / "tests" / "assets"
    fox, lever = str(tests / "Fox.glb"), str(tests / "Quaternius_Lever.glb")
    biped = str(made / make_asset({"group": "biped", "variant": 0, "seed": 7}, {}, made)["file"])
    ladders = [(fox, "Run"), (lever, ""), (biped, "")]
    parts = [(fox, "Survey", "RightHand")]
    if corpus:
        ladders += [
            (str(corpus / "khronos" / "CesiumMan.glb"), ""),
            (str(corpus / "threejs" / "RobotExpressive.glb"), "Dance"),
        ]
        mannequin = str(corpus / "gdquest" / "mannequiny-0.3.0.glb")
        parts += [(mannequin, "fight_idle", part) for part in ("head", "hand.r", "thumb_01.r")]
    found = [
        Case("whole body", asset, f"share {value:.4f}", share(value), motion=motion)
        for asset, motion in ladders
        for value in SHARES
    ]
    found += [
        Case("small part", asset, f"{part} {degrees:g} deg", swinging(part, degrees), motion=motion)
        for asset, motion, part in parts
        for degrees in SWINGS_DEG
    ]
    found += [
        Case(
            "drift",
            asset,
            f"drift {way:g} over {frames} frames",
            share(0.0, drift=way),
            motion=motion,
            max_frames=frames,
        )
        for asset, motion in ladders[:1]
        for way, frames in ((0.005, 25), (1.0, 25))
    ]
    small = 1 / 64
    found += [
        Case("look", asset, name, share(small), motion=motion, look=name)
        for asset, motion in ladders[:4:2]
        for name in ("own", "grey", "checker")
    ]
    found += [
        Case("size", fox, f"{px} px, margin {margin:g}", share(small), motion="Run", preview_px=px, margin=margin)
        for px, margin in ((128, 0.08), (256, 0.08), (128, 0.3))
    ]
    if corpus:
        found += [
            Case(
                "size", str(corpus / "derived" / f"Fox_scale_{scale}.glb"), f"scale {scale}", share(small), motion="Run"
            )
            for scale in ("1e-6", "1e6")
        ]
    return found
