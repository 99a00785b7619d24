"""The world's entrance: a plan, a number and a seed in, a body with takes and their truth out, and a file of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from curate.world.acting.act import Act
from curate.world.acting.manner import drawn
from curate.world.acting.postures import fold_wings
from curate.world.body import Body
from curate.world.glb import glb_of
from curate.world.motions import Motion, motions_of
from curate.world.plans import plans
from curate.world.take import Take
from curate.world.words import captions, title_of

FPS = 16.0
NUM_FRAMES = 33


@dataclass(frozen=True, slots=True)
class Made:
    """An asset of the world, and what is known of each take."""

    body: Body
    takes: tuple[Take, ...]
    captions: tuple[tuple[str, ...], ...]  # of every take

    @property
    def title(self) -> str:
        """What a person would call it."""
        return title_of(self.body)

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
    """A body with `takes` takes of different motions; `only` names those to choose from.

    A body that can do fewer does them again in another manner, but takes beyond 100 of a motion are not made.
    """
    body = make_body(plan, number, seed)
    known = motions_of(body)
    names = [name for name in known if only is None or name in only]
    order = random_of(seed, "motions", plan, number).permutation(len(names))
    chosen = [(names[place], time) for time in range(100) for place in order][:takes]
    played, said = [], []
    used: set[str] = set()
    for name, time in sorted(chosen):
        motion = known[name]
        take = play(body, motion, random_of(seed, "take", plan, number, name, time), num_frames=num_frames, fps=fps)
        take = replace(take, name=unused(take.name, used))
        used.add(shown_name(take.name))
        played.append(take)
        said.append(tuple(captions(body, motion, take.truth, random_of(seed, "words", plan, number, name, time))))
    return Made(body, tuple(played), tuple(said))


def unused(name: str, used: Collection[str]) -> str:
    """The name, with a number where the name that it is shown by is taken."""
    return next(found for found in (name, *(f"{name} {n}" for n in range(2, 1000))) if shown_name(found) not in used)


def shown_name(name: str) -> str:
    """What readers make of a take's name: exporters write 'Armature|Walk' for 'Walk'."""
    return name.rpartition("|")[2]


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
