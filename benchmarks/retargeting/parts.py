"""The parts: each measures one thing, and tells it as figures or rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

from benchmarks.retargeting.bodies import (
    Actor,
    angles_deg,
    compared,
    hips_over_ground,
    limb_directions,
    played,
    sideways,
    world,
)
from benchmarks.retargeting.made_bodies import SHAPES, generated, mixamo_rig, through_blender, wandering
from benchmarks.retargeting.slides import slides_pct
from curate.feet.footing import keep_feet
from curate.retarget.ground import find_ground, lowered
from curate.retarget.pair import put_on
from curate.retarget.transfer import retarget
from rigmill.humanoid.body import as_body
from rigmill.rigs.rate import resample

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
            ground = find_ground(motion, source.body)
            lower = lowered(motion, source.body, ground.above_rest)
            turned = retarget(lower, source=source.body, target=target.body)
            made, footing = put_on(motion, source=source.body, target=target.body)
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
