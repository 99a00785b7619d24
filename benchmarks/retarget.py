"""How well motions keep their shape on other bodies, and how fast they get there.

    RIGMILL_CORPUS=... python benchmarks/retarget.py [--json] [--table] [--part NAME ...]

Parts, all of them unless some are named (what they measure is defined in docs/retargeting.md):

- identity: motions put on their own bodies, generated ones and those of the corpus.
- roundtrip: a motion that Blender plays on a generated rig A goes to a rig B and back, over all pairs of rigs that
  differ in axes, rolls, rest pose, proportions, facing, roots, spines and twist joints. Each rig is written and read
  by Blender; `axes_deg` is what two armatures with other axes and rolls and the same motion differ by when read.
- cross: every humanoid motion of the corpus on every humanoid character of it.
- blender: characters of the corpus play a motion that was put on them; where Blender has their joints against where
  this benchmark's own forward kinematics has them, as a share of the hips' height.
- speed: 1,000 frames x 65 joints on one core, without reading files.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
from bodies import (  # noqa: E402
    Actor,
    angles_deg,
    compared,
    corpus_actors,
    hips_over_ground,
    limb_directions,
    played,
    sideways,
    world,
)
from flow_calibration import quiet  # noqa: E402
from made_bodies import SHAPES, generated, mixamo_rig, through_blender, wandering  # noqa: E402

from curate.body import Body, as_body  # noqa: E402
from curate.retarget import resample, retarget  # noqa: E402
from rigmill.types import Floats, Motion  # noqa: E402

PARTS = ("identity", "roundtrip", "cross", "blender", "speed")
NUM_FRAMES = 48
SPEED_FRAMES, SPEED_JOINTS, ROUNDS = 1000, 65, 15


def identity(actors: list[Actor]) -> dict[str, float]:
    """The largest difference of a mapped joint's world turn, and of the hips' place as a share of their height."""
    turned, moved = 0.0, 0.0
    for number, shape in enumerate(SHAPES):
        rig, joints = generated(shape)
        actors = [*actors, Actor(shape.name, as_body(rig, joints), (("", wandering(
            rig, num_frames=NUM_FRAMES, seed=number
        )),))]
    for actor in actors:
        for _, motion in actor.motions:
            body = actor.body
            again = retarget(motion, source=body, target=body)
            (places, turns), (new_places, new_turns) = world(body.rig, motion), world(body.rig, again)
            turned = max(turned, *(
                float((turns[joint].inv() * new_turns[joint]).magnitude().max()) for joint in body.joints.values()
            ))
            away = np.linalg.norm(places[:, body.hips] - new_places[:, body.hips], axis=-1)
            moved = max(moved, float(away.max()) / body.hip_height)
    return {"identity_rad": turned, "identity_height": moved}


def roundtrip() -> dict[str, float]:
    """Limb directions of A against those of A -> B -> A, over all pairs; every rig read from Blender's file."""
    bodies, motions, axes = [], [], 0.0
    for number, shape in enumerate(SHAPES):
        rig, joints = generated(shape)
        motion = wandering(rig, num_frames=NUM_FRAMES, seed=number)
        first, second = (
            through_blender(shape, motion, rig, bones_seed=shape.bones_seed + offset) for offset in (0, 100)
        )
        axes = max(axes, *(
            float(np.degrees((turn.inv() * other).magnitude().max()))
            for turn, other in zip(world(*first)[1], world(*second)[1])
        ))
        names = {name: first[0].names.index(rig.names[joint]) for name, joint in joints.items()}
        bodies.append(as_body(first[0], names))
        motions.append(first[1])
    errors = []
    for body, motion in zip(bodies, motions):
        before = world(body.rig, motion)[0]
        for other in bodies:
            if other is not body:
                there = retarget(motion, source=body, target=other)
                after = world(body.rig, retarget(there, source=other, target=body))[0]
                expected, found = (limb_directions(body, places, other) for places in (before, after))
                errors += [angles_deg(expected[name], found[name]) for name in expected]
    together = np.concatenate(errors)
    return {
        "roundtrip_pairs": float(len(bodies) * (len(bodies) - 1)), "axes_deg": axes,
        "roundtrip_mean_deg": float(together.mean()), "roundtrip_max_deg": float(together.max()),
    }


def cross(actors: list[Actor]) -> Iterator[dict[str, Any]]:
    """One row per pair of a motion and a character; a motion on its own character is no pair."""
    sources = [
        (actor, name, motion, world(actor.body.rig, motion)[0]) for actor in actors for name, motion in actor.motions
    ]
    for target in (actor for actor in actors if actor.has_mesh):
        for source, name, motion, there in sources:
            if source is target:
                continue
            made = retarget(motion, source=source.body, target=target.body)
            here = world(target.body.rig, made)[0]
            sides = [sideways(source.body, there), sideways(target.body, here)]
            row = {
                "source": source.name, "motion": name, "target": target.name,
                "limbs": compared(source.body, there, target.body, here),
                "sides_cosine": (sides[0] * sides[1]).sum(axis=-1) / np.maximum(
                    np.linalg.norm(sides[0], axis=-1) * np.linalg.norm(sides[1], axis=-1), 1e-12),
                "sides_clear": np.minimum(*(np.linalg.norm(side, axis=-1) for side in sides)),
                "hips": np.abs(hips_over_ground(target.body, here) - hips_over_ground(source.body, there)),
            }
            corrected = on_its_feet(made, motion, source.body, target.body)
            if corrected is not None:
                standing, row["slide_before"], row["slide_after"] = corrected
                here = world(target.body.rig, standing)[0]
                row["limbs_standing"] = compared(source.body, there, target.body, here)
                row["hips_standing"] = np.abs(
                    hips_over_ground(target.body, here) - hips_over_ground(source.body, there)
                )
            yield row


def bent(actors: list[Actor]) -> dict[str, float]:
    """How far limbs of the sources are from where their own joints' turns take them: what no turn can carry over."""
    angles = []
    for actor in actors:
        body = actor.body
        rest = limb_directions(body, body.rig.rest_joints[None], body)
        for _, motion in actor.motions:
            places, turns = world(body.rig, motion)
            for name, way in limb_directions(body, places, body).items():
                carried = turns[body.joints[name]].apply(rest[name][0] @ body.facing) @ body.facing.T
                angles.append(angles_deg(carried, way))
    return {"bent_max_deg": float(np.concatenate(angles).max())}


def on_its_feet(
    made: Motion, motion: Motion, source: Body, target: Body
) -> tuple[Motion, float | None, float | None] | None:
    """With the feet corrected, and foot slide before and after in percent of a leg per frame; None: not built in."""
    try:
        from curate.footing import keep_feet
    except ImportError:
        return None
    standing, footing = keep_feet(made, source_motion=motion, source=source, target=target)
    return standing, footing.slide_before_pct, footing.slide_after_pct


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    angles = np.concatenate([angle for row in rows for angle in row["limbs"].values()])
    clear = np.concatenate([row["sides_clear"] for row in rows]) > 0.5  # not seen from above while lying
    cosines = np.concatenate([row["sides_cosine"] for row in rows])[clear]
    found = {
        "cross_pairs": float(len(rows)), "cross_frames": float(sum(len(row["hips"]) for row in rows)),
        "cross_median_deg": float(np.median(angles)), "cross_p95_deg": float(np.percentile(angles, 95)),
        "cross_max_deg": float(angles.max()), "flipped_frames": float((cosines < 0).sum()),
        "facing_p95_deg": float(np.degrees(np.arccos(np.clip(np.percentile(cosines, 5), -1, 1)))),
        "hips_ratio_deviation": float(max(row["hips"].max() for row in rows)),
    }
    standing = [row for row in rows if "limbs_standing" in row]
    if standing:
        angles = np.concatenate([angle for row in standing for angle in row["limbs_standing"].values()])
        found["cross_standing_median_deg"] = float(np.median(angles))
        found["cross_standing_p95_deg"] = float(np.percentile(angles, 95))
        found["hips_standing_ratio_deviation"] = float(max(row["hips_standing"].max() for row in standing))
        slides = [row for row in standing if row["slide_before"] is not None and row["slide_after"] is not None]
        before, after = (np.array([row[key] for row in slides]) for key in ("slide_before", "slide_after"))
        found |= {
            "slide_before_pct_leg": float(np.median(before)), "slide_pct_leg": float(np.median(after)),
            "slide_p95_before_pct_leg": float(np.percentile(before, 95)),
            "slide_p95_pct_leg": float(np.percentile(after, 95)),
        }
    return found


def by_body(rows: list[dict[str, Any]], side: str) -> list[tuple[Any, ...]]:
    """Per source or target: pairs, median, 95th percentile and largest angle, the limb with the largest median."""
    found = []
    for name in dict.fromkeys(row[side] for row in rows):
        own = [row for row in rows if row[side] == name]
        limbs: dict[str, list[Floats]] = {}
        for row in own:
            for limb, angle in row["limbs"].items():
                limbs.setdefault(limb, []).append(angle)
        together = {limb: np.concatenate(angle) for limb, angle in limbs.items()}
        angles = np.concatenate(list(together.values()))
        worst = max(together, key=lambda limb: float(np.percentile(together[limb], 95)))
        found.append((
            name, len(own), *(round(float(np.percentile(angles, share)), 3) for share in (50, 95, 100)), worst,
            round(float(max(row["hips"].max() for row in own)), 4),
        ))
    return found


def in_blender(actors: list[Actor]) -> dict[str, float]:
    """Joints that Blender has elsewhere than this benchmark."""
    source = max(actors, key=lambda actor: len(actor.motions))
    _, motion = source.motions[0]
    away = []
    for target in (actor for actor in actors if actor.has_mesh and actor is not source):
        made = retarget(motion, source=source.body, target=target.body)
        body = target.body
        away.append(float(np.abs(played(target, made) - world(body.rig, made)[0]).max()) / body.hip_height)
    return {"blender_characters": float(len(away)), "blender_difference": max(away)}


def speed() -> dict[str, float]:
    rig, joints = mixamo_rig(SPEED_JOINTS)
    turned, _ = mixamo_rig(SPEED_JOINTS)
    source = as_body(rig, joints)
    target = as_body(type(rig)(turned.names, turned.parents, turned.rest_joints * [1.2, 1.0, 0.9]), joints)
    motion = wandering(rig, num_frames=SPEED_FRAMES, seed=0)
    made = retarget(motion, source=source, target=target)
    works = {
        "ms_per_1000_frames": lambda: retarget(motion, source=source, target=target),
        "resample_ms": lambda: resample(motion, 20.0),
    }
    if on_its_feet(made, motion, source, target) is not None:
        works["feet_ms"] = lambda: on_its_feet(made, motion, source, target)
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            times[name].append(1000 * (time.perf_counter() - started))
    found = {name: median(values) for name, values in times.items()}
    if "feet_ms" in found:  # the whole of it, of which the two are parts
        found["retarget_ms"] = found["ms_per_1000_frames"]
        found["ms_per_1000_frames"] += found["feet_ms"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--table", action="store_true", help="rows per character and per source, as Markdown")
    parser.add_argument("--part", choices=PARTS, action="append")
    arguments = parser.parse_args()
    wanted = arguments.part or list(PARTS)
    corpus = os.environ.get("RIGMILL_CORPUS")
    actors: list[Actor] = []
    result: dict[str, float] = {}
    rows: list[dict[str, Any]] = []
    with quiet():
        if {"identity", "cross", "blender"} & set(wanted):
            if not corpus:
                parser.error("RIGMILL_CORPUS is not set: the folder of files to read")
            actors = list(corpus_actors(Path(corpus)))
        if "identity" in wanted:
            result |= identity(actors)
        if "roundtrip" in wanted:
            result |= roundtrip()
        if "cross" in wanted:
            rows = list(cross(actors))
            result |= summary(rows) | bent(actors)
        if "blender" in wanted:
            result |= in_blender(actors)
        if "speed" in wanted:
            result |= speed()
    shown = {key: int(value) if float(value).is_integer() else float(f"{value:.3g}") for key, value in result.items()}
    print(json.dumps(shown) if arguments.json else "\n".join(f"{key}: {value}" for key, value in shown.items()))
    if arguments.table:
        for side in ("target", "source") if rows else ():
            print(f"\n| {side} | pairs | median deg | p95 deg | max deg | worst limb | hips ratio |\n"
                  "| --- | --- | --- | --- | --- | --- | --- |")
            for row in by_body(rows, side):
                print("| " + " | ".join(str(value) for value in row) + " |")
    sys.stdout.flush()
    os._exit(0)  # Blender's interpreter does not always end by itself


if __name__ == "__main__":
    main()
