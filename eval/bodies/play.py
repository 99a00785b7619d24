"""A GLB's animation as a body: what the file shows, frame by frame, without Blender."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from eval.bodies.body import Body
from eval.bodies.gltf.animation import rate_of
from eval.bodies.gltf.bones import find_joints, read_bones
from eval.bodies.gltf.document import Document
from eval.bodies.gltf.materials import read_look
from eval.bodies.gltf.meshes import Meshes, read_meshes
from eval.bodies.gltf.tree import Tree
from eval.bodies.unplayable import Unplayable
from rigmill.formats.glb import TO_BLENDER
from rigmill.formats.glb_animation import VRM0_TO_BLENDER, is_vrm0
from rigmill.types import Floats

MAX_FRAMES = 20_000
_STILL_FPS = 1.0  # of a file whose keys say no rate, since nothing moves
_END = 1e-3  # frames by which the last key may miss its frame


@dataclass(frozen=True, slots=True)
class Film:
    """A GLB that is ready to be played: its first animation, with all channels."""

    tree: Tree
    meshes: Meshes
    joints: list[int]
    axes: Floats  # (3, 3) from glTF's axes to ours
    keys: Floats  # moments at which anything has a key, in seconds

    @classmethod
    def of(cls, data: bytes) -> Film:
        """The film of a file; `Unplayable` says why there is none. Nothing else is raised."""
        with _named_faults():
            document = Document.from_bytes(data)
            tree = Tree.of(document)
            axes = VRM0_TO_BLENDER if is_vrm0(document.json) else TO_BLENDER
            return cls(tree, read_meshes(tree), find_joints(tree), axes, tree.key_times)

    @property
    def fps(self) -> float | None:
        """The frames a second that all keys lie on; None: there are none, or no such rate."""
        return rate_of(self.keys)

    def num_frames(self, fps: float, *, start_s: float = 0.0) -> int:
        """How many frames there are from `start_s` to the last key."""
        if not len(self.keys):
            return 1
        return max(1, int((float(self.keys[-1]) - start_s) * fps + _END) + 1)

    def body(self, *, fps: float, num_frames: int, start_s: float = 0.0) -> Body:
        """What it shows at `start_s` + k / fps; before its first key and after its last the pose is held."""
        if not 0 < num_frames <= MAX_FRAMES:
            raise Unplayable(f"{num_frames} frames are not between 1 and {MAX_FRAMES}")
        times = start_s + np.arange(num_frames) / fps
        with _named_faults():
            vertices = self.meshes.vertices(self.tree, times) @ self.axes.T
            rest = self.meshes.vertices(self.tree.at_rest, np.zeros(1))[0] @ self.axes.T
            bones = read_bones(self.tree, self.joints, times, self.axes)
            look = read_look(self.tree.document, self.meshes)
        if not (np.isfinite(vertices).all() and np.isfinite(rest).all()):
            raise Unplayable("some of its vertices are not at finite places")
        return Body(vertices, np.concatenate(self.meshes.faces), rest, fps, bones, look)


def play_glb(data: bytes, *, fps: float | None = None, num_frames: int | None = None) -> Body:
    """The first animation of a GLB, at the moments k / fps from 0 on; the ends are held.

    `fps` None: the rate that its keys lie on. `num_frames` None: up to the last key. The rest is the pose of the nodes
    where nothing is animated. Axes are turned as Blender's importer turns them (x, -z, y), and a VRM 0.x half round.
    `Unplayable` says why a file cannot be played, and nothing else is raised.
    """
    film = Film.of(data)
    if fps is None:
        fps = film.fps
        if fps is None and len(film.keys) > 1:
            raise Unplayable("its keys lie on no even grid of frames: bake the animation at one rate")
        fps = fps or _STILL_FPS
    return film.body(fps=fps, num_frames=num_frames or film.num_frames(fps))


@contextmanager
def _named_faults() -> Iterator[None]:
    """What a stranger's JSON does to code that reads it is a sentence."""
    try:
        with np.errstate(all="ignore"):  # what is not finite is looked for
            yield
    except Unplayable:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise Unplayable(f"it is malformed ({type(error).__name__}: {error!s:.120})") from error
    except MemoryError as error:
        raise Unplayable("it unfolds to more than fits into memory") from error
