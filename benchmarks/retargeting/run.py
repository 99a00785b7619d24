"""How well motions keep their shape on other bodies, and how fast they get there.

    RIGMILL_CORPUS=... python benchmarks/retargeting/run.py [--json] [--table] [--part NAME ...]

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
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.motion_filter.calibration import quiet
from benchmarks.retargeting.bodies import (
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
from benchmarks.retargeting.made_bodies import SHAPES, generated, mixamo_rig, through_blender, wandering
from benchmarks.retargeting.slides import slides_pct
from curate.feet.footing import keep_feet
from curate.humanoid.body import as_body
from curate.retarget.pair import put_on
from curate.retarget.transfer import resample, retarget
from rigmill.types import Floats

PARTS = ("identity", "roundtrip", "cross", "blender", "speed")
NUM_FRAMES = 48
SPEED_FRAMES, SPEED_JOINTS, ROUNDS = 1000, 65, 15


def identity(actors: list[Actor]) -> dict[str, float]:
    """Motions put on their own bodies: the largest difference of a mapped joint's turn, and of its place by the height.

    `identity_rad` is of everything together, feet included. A body whose joints have other names is not known to be the
    same skeleton, so `renamed_rad` goes through all of the transfer.
    """
    turned, moved, renamed = 0.0, 0.0, 0.0
    for number, shape in enumerate(SHAPES):
        rig, joints = generated(shape)
        actors = [
            *actors,
            Actor(shape.name, as_body(rig, joints), (("", wandering(rig, num_frames=NUM_FRAMES, seed=number)),)),
        ]
    for actor in actors:
        body, mapped = actor.body, list(actor.body.joints.values())
        other = replace(body, rig=replace(body.rig, names=tuple(f"{name}'" for name in body.rig.names)))
        for _, motion in actor.motions:
            (places, turns), (new_places, new_turns), (_, there) = (
                world(body.rig, each)
                for each in (
                    motion,
                    put_on(motion, source=body, target=body)[0],
                    retarget(motion, source=body, target=other),
                )
            )
            for joint in mapped:
                turned = max(turned, float((turns[joint].inv() * new_turns[joint]).magnitude().max()))
                renamed = max(renamed, float((turns[joint].inv() * there[joint]).magnitude().max()))
            away = np.linalg.norm(places[:, mapped] - new_places[:, mapped], axis=-1)
            moved = max(moved, float(away.max()) / body.hip_height)
    return {"identity_rad": turned, "identity_height": moved, "renamed_rad": renamed}


def roundtrip() -> dict[str, float]:
    """Limb directions of A against those of A -> B -> A, over all pairs; every rig read from Blender's file."""
    bodies, motions, axes = [], [], 0.0
    for number, shape in enumerate(SHAPES):
        rig, joints = generated(shape)
        motion = wandering(rig, num_frames=NUM_FRAMES, seed=number)
        first, second = (
            through_blender(shape, motion, rig, bones_seed=shape.bones_seed + offset) for offset in (0, 100)
        )
        axes = max(
            axes,
            *(
                float(np.degrees((turn.inv() * other).magnitude().max()))
                for turn, other in zip(world(*first)[1], world(*second)[1])
            ),
        )
        names = {name: first[0].names.index(rig.names[joint]) for name, joint in joints.items()}
        bodies.append(as_body(first[0], names))
        motions.append(first[1])
    found = {"roundtrip_pairs": float(len(bodies) * (len(bodies) - 1)), "axes_deg": axes}
    for name, put in (("roundtrip", retarget), ("roundtrip_feet", lambda *of, **bodies: put_on(*of, **bodies)[0])):
        errors = []
        for body, motion in zip(bodies, motions):
            before = world(body.rig, motion)[0]
            for other in (other for other in bodies if other is not body):
                there = put(motion, source=body, target=other)
                after = world(body.rig, put(there, source=other, target=body))[0]
                expected, back = (limb_directions(body, places, other) for places in (before, after))
                errors += [angles_deg(expected[limb], back[limb]) for limb in expected]
        together = np.concatenate(errors)
        found |= {f"{name}_mean_deg": float(together.mean()), f"{name}_max_deg": float(together.max())}
    return found


def cross(actors: list[Actor]) -> Iterator[dict[str, Any]]:
    """One row per pair of a motion and a character; a motion on its own character is no pair."""
    sources = [
        (actor, name, motion, world(actor.body.rig, motion)[0]) for actor in actors for name, motion in actor.motions
    ]
    for target in (actor for actor in actors if actor.has_mesh):
        for source, name, motion, there in sources:
            if source is target:
                continue
            turned = retarget(motion, source=source.body, target=target.body)
            made, footing = keep_feet(turned, source_motion=motion, source=source.body, target=target.body)
            before, here = (world(target.body.rig, each)[0] for each in (turned, made))
            sides = [sideways(source.body, there), sideways(target.body, here)]
            before_pct, after_pct = slides_pct(source.body, there, target.body, [before, here], fps=motion.fps)
            yield {
                "source": source.name,
                "motion": name,
                "target": target.name,
                "limbs": compared(source.body, there, target.body, here),
                "limbs_before": compared(source.body, there, target.body, before),
                "sides_cosine": (sides[0] * sides[1]).sum(axis=-1)
                / np.maximum(np.linalg.norm(sides[0], axis=-1) * np.linalg.norm(sides[1], axis=-1), 1e-12),
                "sides_clear": np.minimum(*(np.linalg.norm(side, axis=-1) for side in sides)),
                "hips": np.abs(hips_over_ground(target.body, here) - hips_over_ground(source.body, there)),
                "slide_before": before_pct,
                "slide_after": after_pct,
                "correction_pct": footing.correction_pct,
            }


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


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    angles, before = (
        np.concatenate([angle for row in rows for angle in row[key].values()]) for key in ("limbs", "limbs_before")
    )
    clear = np.concatenate([row["sides_clear"] for row in rows]) > 0.5  # not seen from above while lying
    cosines = np.concatenate([row["sides_cosine"] for row in rows])[clear]
    return {
        "cross_pairs": float(len(rows)),
        "cross_frames": float(sum(len(row["hips"]) for row in rows)),
        "cross_median_deg": float(np.median(angles)),
        "cross_p95_deg": float(np.percentile(angles, 95)),
        "cross_max_deg": float(angles.max()),
        "cross_p95_before_feet_deg": float(np.percentile(before, 95)),
        "cross_max_before_feet_deg": float(before.max()),
        "flipped_frames": float((cosines < 0).sum()),
        "facing_p95_deg": float(np.degrees(np.arccos(np.clip(np.percentile(cosines, 5), -1, 1)))),
        "hips_ratio_deviation": float(max(row["hips"].max() for row in rows)),
    } | slide_summary(rows)


def slide_summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """`slide_pct_leg` is the 95th percentile over all standing steps; what pairs are like at worst is beside it."""
    standing = [row for row in rows if len(row["slide_after"])]
    found = {"slide_pairs": float(len(standing))}
    for key, name in (("slide_before", "slide_before_pct_leg"), ("slide_after", "slide_pct_leg")):
        steps = np.concatenate([row[key] for row in standing])
        of_pairs = np.array([np.percentile(row[key], 95) for row in standing])
        found |= {
            name: float(np.percentile(steps, 95)),
            f"{name}_mean": float(steps.mean()),
            f"{name}_steps_over_1": float((steps > 1).mean()),
            f"{name}_pairs_over_1": float((of_pairs > 1).mean()),
            f"{name}_p95_of_pairs": float(np.percentile(of_pairs, 95)),
            f"{name}_max": float(steps.max()),
        }
    return found


def slides_by_target(rows: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """Per target: pairs with standing feet, 95th percentile and largest step before and after, pairs over 1 %."""
    for name in dict.fromkeys(row["target"] for row in rows):
        own = [row for row in rows if row["target"] == name and len(row["slide_after"])]
        if own:
            before, after = (np.concatenate([row[key] for row in own]) for key in ("slide_before", "slide_after"))
            over = sum(np.percentile(row["slide_after"], 95) > 1 for row in own)
            figures = (np.percentile(before, 95), before.max(), np.percentile(after, 95), after.max())
            yield (name, len(own), *(round(float(figure), 3) for figure in figures), over)


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
        found.append(
            (
                name,
                len(own),
                *(round(float(np.percentile(angles, share)), 3) for share in (50, 95, 100)),
                worst,
                round(float(max(row["hips"].max() for row in own)), 4),
            )
        )
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
    turned = retarget(motion, source=source, target=target)
    works = {
        "ms_per_1000_frames": lambda: put_on(motion, source=source, target=target),
        "turns_ms": lambda: retarget(motion, source=source, target=target),
        "feet_ms": lambda: keep_feet(turned, source_motion=motion, source=source, target=target),
        "resample_ms": lambda: resample(motion, 20.0),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            times[name].append(1000 * (time.perf_counter() - started))
    return {name: median(values) for name, values in times.items()}


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
            print(
                f"\n| {side} | pairs | median deg | p95 deg | max deg | worst limb | hips ratio |\n"
                "| --- | --- | --- | --- | --- | --- | --- |"
            )
            for row in by_body(rows, side):
                print("| " + " | ".join(str(value) for value in row) + " |")
        print(
            "\n| target | pairs | p95 before | max before | p95 after | max after | pairs over 1 % after |\n"
            "| --- | --- | --- | --- | --- | --- | --- |"
        )
        for line in slides_by_target(rows):
            print("| " + " | ".join(str(value) for value in line) + " |")
    sys.stdout.flush()
    os._exit(0)  # Blender's interpreter does not always end by itself


if __name__ == "__main__":
    main()
