"""The world's entrance: a plan, a number and a seed in, a body with takes and their truth out, and a file of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.manner import drawn
from curate.world.acting.postures import fold_wings
from curate.world.body import Body
from curate.world.glb import glb_of
from curate.world.motions import Motion, motions_of
from curate.world.plans import plans
from curate.world.take import Take

FPS = 16.0
NUM_FRAMES = 33


@dataclass(frozen=True, slots=True)
class Made:
    """An asset of the world."""

    body: Body
    takes: tuple[Take, ...]
    title: str

    def to_glb(self) -> bytes:
        """The file."""
        return glb_of(self.body, self.takes, self.title)


def random_of(*parts: object) -> np.random.Generator:
    """Random numbers that are a function of the parts' text."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def make_body(plan: str, number: int, seed: int) -> Body:
    """The body of a plan, a number and a seed."""
    return plans()[plan](random_of(seed, "body", plan, number))


def make(
    plan: str,
    number: int,
    seed: int,
    *,
    takes: int = 4,
    only: Sequence[str] | None = None,
    num_frames: int = NUM_FRAMES,
    fps: float = FPS,
) -> Made:
    """A body with `takes` different motions, all of them if there are fewer; `only` names those to choose from."""
    body = make_body(plan, number, seed)
    known = motions_of(body)
    names = [name for name in known if only is None or name in only]
    order = random_of(seed, "motions", plan, number).permutation(len(names))
    chosen = [known[names[place]] for place in order[:takes]]
    played = tuple(
        play(body, motion, random_of(seed, "take", plan, number, motion.name), num_frames=num_frames, fps=fps)
        for motion in sorted(chosen, key=lambda each: each.name)
    )
    return Made(body, played, title_of(body))


def play(
    body: Body, motion: Motion, random: np.random.Generator, *, num_frames: int = NUM_FRAMES, fps: float = FPS
) -> Take:
    """One take of a motion on a body."""
    manner = drawn(random, sides=motion.sides, ways=motion.ways, places=motion.places, styles=motion.styles)
    act = Act(body, manner, random, np.arange(num_frames) / fps)
    truth = motion.play(act)
    if body.legs:
        fold_wings(act)
    act.carry_roots()
    called = motion.called or (motion.name,)
    name = str(random.choice(called)).replace("<side>", manner.side).replace("<style>", manner.style).strip()
    written = str(random.choice(("{0}", "Armature|{1}", "{2}"))).format(
        name, name.title().replace(" ", "_"), name.replace(" ", "_")
    )
    return Take(written, motion.name, fps, act.turns, act.shifts, num_frames, truth)


def title_of(body: Body) -> str:
    """What a person would call the asset."""
    adjectives = [look for look in body.looks if not look.startswith(("with ", "in "))][:2]
    return " ".join([*adjectives, body.noun]).capitalize()
