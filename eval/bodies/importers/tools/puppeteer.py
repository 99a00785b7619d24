"""Puppeteer: `{seq}/{name}/raw/{local_quats,root_quats,root_pos,rest_local_positions}.pt`, and the rig's `rig.txt`.

Quaternions are w x y z; joints are in the order of `rig.txt`; the mesh was centred in its box and divided by its
largest extent; the root transform is applied after all joints; 10 frames a second. The motion goes into the asset's own
GLB.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from eval.bodies.importers.found import Asset, Result
from eval.bodies.unplayable import Unplayable
from rigmill.formats.glb import TO_BLENDER, NotAnimatable
from rigmill.formats.glb_animation import animated_glb
from rigmill.rigs import quaternions, skeleton
from rigmill.types import Floats, Ints, Motion, Rig

FPS = 10.0
_FILES = ("local_quats", "root_quats", "root_pos", "rest_local_positions")
_NEAR = 0.01  # of the mesh's largest extent: a joint of rig.txt and the asset's


def results(folder: Path) -> Iterator[Result]:
    """Every folder `raw` below the given one that holds the four files."""
    for raw in sorted(folder.rglob("raw")):
        if not all((raw / f"{name}.pt").is_file() for name in _FILES):
            continue
        name, sequence = raw.parent.name, raw.parent.parent.name
        names = (f"{sequence}/{name}", name, sequence)
        yield Result(names, raw, partial(_moved, raw, folder))


def _moved(raw: Path, top: Path, asset: Asset) -> bytes:
    names, parents = _read_rig(_find_rig(raw, top))
    local, root, place, rest = (_read(raw / f"{name}.pt") for name in _FILES)
    num, frames = len(names), len(local)
    shapes = (local.shape, root.shape, place.shape, rest.shape)
    if shapes != ((frames, num, 4), (frames, 4), (frames, 3), (num, 3)):
        raise Unplayable(f"its tensors {shapes} do not fit the {num} joints of rig.txt")
    rig, motion = _in_metres(names, parents, (local, root, place, rest), asset)
    try:
        made = animated_glb(asset.glb, rig, motion, scale=1.0, offset=np.zeros(3), name="puppeteer")
    except NotAnimatable as error:
        raise Unplayable(f"its rig is not the asset's: {error}") from None
    if made is None:
        raise Unplayable("the asset is no GLB")
    return made


def _in_metres(
    names: tuple[str, ...], parents: Ints, raw: tuple[Floats, Floats, Floats, Floats], asset: Asset
) -> tuple[Rig, Motion]:
    """The rig and its motion in our world and the asset's metres."""
    local, root, place, rest_local = raw
    turns, joints = _forward(parents, local, rest_local)
    whole = quaternions.to_matrix(quaternions.normalise(root))
    turns = whole[:, None] @ turns
    joints = np.einsum("tij,tkj->tki", whole, joints) + place[:, None]
    _, rest = _forward(parents, np.tile([1.0, 0, 0, 0], (1, len(names), 1)), rest_local)
    low, high = asset.body.rest.min(axis=0), asset.body.rest.max(axis=0)
    extent, centre = float((high - low).max()), (low + high) / 2
    rest, joints = (points @ TO_BLENDER.T * extent + centre for points in (rest[0], joints))
    turns = TO_BLENDER @ turns @ TO_BLENDER.T
    rig = Rig(_own_names(names, rest, asset, extent), parents, rest)
    motion = Motion(skeleton.local_from_world(parents, turns), skeleton.local_from_places(rig, joints, turns), FPS)
    return rig, motion


def _forward(parents: Ints, local: Floats, offsets: Floats) -> tuple[Floats, Floats]:
    """World turns (T, J, 3, 3) and joints (T, J, 3) of local rotations at offsets from the parent."""
    turns = quaternions.to_matrix(quaternions.normalise(local))
    joints = np.tile(offsets, (len(local), 1, 1))
    for joint, parent in enumerate(parents):
        if parent >= 0:
            joints[:, joint] = joints[:, parent] + turns[:, parent] @ offsets[joint]
            turns[:, joint] = turns[:, parent] @ turns[:, joint]
    return turns, joints


def _own_names(names: tuple[str, ...], rest: Floats, asset: Asset, extent: float) -> tuple[str, ...]:
    """The joints' names in the asset: those of rig.txt where it has them, else of its joint at the same place."""
    bones = asset.body.bones
    if bones is None or set(names) <= set(bones.names):
        return names
    apart = np.linalg.norm(rest[:, None] - bones.rest[None], axis=-1)
    nearest = apart.argmin(axis=1)
    far = apart.min(axis=1)
    if far.max() > _NEAR * extent or len(set(nearest.tolist())) < len(names):
        worst = int(far.argmax())
        raise Unplayable(f"joint '{names[worst]}' of rig.txt is none of the asset's, by name or by place")
    return tuple(bones.names[index] for index in nearest)


def _find_rig(raw: Path, top: Path) -> Path:
    """The rig of a result: rig.txt or NAME.txt beside it or above it, up to the given folder."""
    name = raw.parent.name
    place = raw
    while True:
        for path in (place / "rig.txt", place / f"{name}.txt", place / f"{name}_rig.txt"):
            if path.is_file():
                return path
        if place == top or place == place.parent:
            raise Unplayable(f"there is no rig.txt (or {name}.txt) beside it or above it, which names its joints")
        place = place.parent


def _read_rig(path: Path) -> tuple[tuple[str, ...], Ints]:
    """Names and parents of the joints that `joints NAME x y z` and `hier PARENT CHILD` lines tell, in their order."""
    names: list[str] = []
    above: dict[str, str] = {}
    for line in path.read_text("utf-8", errors="replace").splitlines():
        words = line.split()
        if len(words) == 5 and words[0] == "joints":
            names.append(words[1])
        elif len(words) == 3 and words[0] == "hier":
            above[words[2]] = words[1]
    place = {name: index for index, name in enumerate(names)}
    parents = np.array([place.get(above.get(name, ""), -1) for name in names], dtype=np.int32)
    if not names or len(place) < len(names):
        raise Unplayable(f"{path.name} tells no joints, or two of one name")
    if (parents >= np.arange(len(names))).any():
        raise Unplayable(f"in {path.name} a joint comes before its parent")
    return tuple(names), parents


def _read(path: Path) -> Floats:
    """A tensor. Of a file of PyTorch's only tensors are made, whatever it holds."""
    import torch

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251  # it makes tensors alone
        values = found.detach().to(torch.float64).numpy()
    except Exception as error:  # a stranger's pickle: whatever it raises, it is no tensor
        raise Unplayable(f"{path.name} holds no tensor ({type(error).__name__})") from error
    if not np.isfinite(values).all():
        raise Unplayable(f"{path.name} holds numbers that are not finite")
    return np.asarray(values)
