"""An animated mesh as numbers, whoever made it."""

from __future__ import annotations

from dataclasses import dataclass

from rigmill.types import Bytes, Floats, Ints


@dataclass(frozen=True, slots=True)
class Look:
    """What a surface looks like. One material a face; what is missing is plain."""

    material: Ints  # (F,) index into the materials
    colours: Floats  # (M, 4) linear base colour, alpha last
    corner_uv: Floats | None  # (F, 3, 2), v down as glTF has it
    textures: tuple[Bytes | None, ...]  # M pictures (H, W, 4) sRGB that multiply the base colour
    # M: where alpha is less, nothing is there; None: alpha lets light through.
    cutoffs: tuple[float | None, ...] = ()
    finish: Floats | None = None  # (M, 2) roughness and metal, 0 to 1; None: dull
    corner_colours: Floats | None = None  # (F, 3, 4) linear, multiply it too
    # (F,) what is shown of a face: 0 both sides; 1 that from which its corners go counter-clockwise; -1 the other
    fronts: Ints | None = None


@dataclass(frozen=True, slots=True)
class Bones:
    """The skeleton that moves a body. T frames, J joints, parents first."""

    names: tuple[str, ...]
    parents: Ints  # (J,), a root's is -1
    rest: Floats  # (J, 3) in the frame of the vertices
    joints: Floats  # (T, J, 3)
    turns: Floats  # (T, J, 3, 3) in the world, relative to the rest pose: identity everywhere is the rest pose


@dataclass(frozen=True, slots=True)
class Body:
    """A mesh in motion. World frame of the project: right-handed, +Z up, metres as its file has them.

    Faces, and the order of the vertices, are those of the file; vertices that it doubles for the sake of normals and
    seams stay double.
    """

    vertices: Floats  # (T, N, 3)
    faces: Ints  # (F, 3)
    rest: Floats  # (N, 3), the mesh unposed
    fps: float
    bones: Bones | None = None  # None: nothing says which joints it has
    look: Look | None = None

    @property
    def num_frames(self) -> int:
        return len(self.vertices)
