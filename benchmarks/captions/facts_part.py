"""Facts against constructed truth: every question of every scene, right or wrong."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.captions.scenes import Scene, all_scenes
from rigmill.facts.facts import MotionFacts, PartFacts
from rigmill.facts.measure import measure

_ANGLE_DEG = 12.0  # wrong by more is wrong; of whole turns a twentieth
_LENGTH, _SHARE = 0.06, 0.15  # heights, and of the length: what is taller at rest by a head is another height
_CYCLES = 0.6


def answers(scene: Scene, facts: MotionFacts) -> Iterator[tuple[str, bool, Any, Any]]:
    """(question, right, said, true) for everything that is asked of a scene."""
    truth, known = scene.truth, scene.made.front_known

    def same(question: str, said: Any, true: Any) -> tuple[str, bool, Any, Any]:
        return question, said == true, said, true

    def near(question: str, said: float | None, true: float, least: float, share: float) -> tuple[str, bool, Any, Any]:
        right = said is not None and abs(said - true) <= max(least, share * abs(true))
        return question, right, said, true

    yield same("subject_kind", facts.subject_kind.value, scene.made.kind)
    yield same("front_known", facts.front_known, known)
    yield same("travel", facts.travel.value, truth.travel)
    yield near("travel_heights", facts.travel_heights, truth.distance, _LENGTH, _SHARE)
    yield near("turn_deg", facts.turn_deg, truth.turn_deg, _ANGLE_DEG, 0.05)
    if known and truth.facing:
        for question, said, true in (
            ("facing_start", facts.facing_start_deg, scene.made.yaw_deg),
            ("facing_end", facts.facing_end_deg, scene.made.yaw_deg + truth.turn_deg),
        ):
            off = None if said is None else abs((said - true + 180) % 360 - 180)
            yield question, off is not None and off <= _ANGLE_DEG, said, true
    if truth.jumps is not None:
        yield same("num_jumps", facts.num_jumps, truth.jumps)
    yield same("gait", facts.gait.value, truth.gait)
    if truth.gait_heading is not None:
        yield same("gait_heading", facts.gait_heading.value, truth.gait_heading)
    yield same("in_place", facts.in_place, truth.in_place)
    yield same("idle", facts.idle, truth.idle)
    if truth.rise is not None:
        yield near("rise_heights", facts.rise_heights, truth.rise, _LENGTH, _SHARE)
    if truth.sink is not None:
        yield near("sink_heights", facts.sink_heights, truth.sink, _LENGTH, _SHARE)
    if truth.flip_deg is not None:
        yield near("flip_deg", facts.flip_deg, truth.flip_deg, _ANGLE_DEG, 0.05)
    if truth.period_s is not None:
        yield near("period_s", facts.period_s, truth.period_s, 0.0, 0.08)
    if truth.posture_end is not None:
        yield same("posture_end", facts.posture_end.value, truth.posture_end)
    if truth.lies is not None and facts.end_lean_deg is not None:
        yield same("lies", facts.end_lean_deg > 60, truth.lies)
    yield from _parts(scene, facts)


def _parts(scene: Scene, facts: MotionFacts) -> Iterator[tuple[str, bool, Any, Any]]:
    found: dict[str, PartFacts] = {}
    for part in facts.parts:
        found.setdefault(part.part, part)
    for name in scene.truth.still:
        yield "still_parts", name not in found, name in found, f"{name} still"
    for name, asked in scene.truth.moves.items():
        part = found.get(name)
        yield "moving_parts", part is not None, sorted(found), name
        if part is None:
            continue
        if asked.get("first"):
            yield "strongest_part", facts.parts[0].part == name, facts.parts[0].part, name
        for question, said in (
            ("action", part.action.value),
            ("raised", part.raised),
            ("sweep", part.sweep.value),
            ("strikes", part.strikes),
        ):
            if question in asked:
                yield question, said == asked[question], said, asked[question]
        for question, said, least in (
            ("cycles", part.num_cycles, _CYCLES),
            ("turn", part.turn_deg, 3.0),
            ("slide", part.slide_heights, 0.02),
        ):
            if question in asked:
                yield (
                    f"part_{question}",
                    abs(said - asked[question]) <= max(least, 0.1 * asked[question]),
                    said,
                    asked[question],
                )


def figures(*, show_wrong: bool = False) -> dict[str, Any]:
    """How many of the questions were answered right, over all and by question; scenes, rigs, ms a clip."""
    right: dict[str, list[bool]] = defaultdict(list)
    times, names = [], set()
    for scene in all_scenes():
        names.add(scene.made.name)
        started = time.process_time()
        facts = measure(scene.made.rig, scene.motion, humanoid=scene.made.humanoid)
        times.append(time.process_time() - started)
        for question, is_right, said, true in answers(scene, facts):
            right[question].append(is_right)
            if show_wrong and not is_right:
                print(f"{scene.name} | {question}: said {said}, is {true}")
    every = [each for found in right.values() for each in found]
    return {
        "facts_accuracy": float(np.mean(every)),
        "facts_questions": len(every),
        "facts_scenes": len(times),
        "facts_rigs": len(names),
        "facts_cpu_ms_per_clip": 1000 * float(np.median(times)),
        "facts_by_question": {question: float(np.mean(found)) for question, found in sorted(right.items())},
    }
