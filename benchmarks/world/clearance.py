"""Whether parts of a thing go through each other: points of each bone's surface in the solids of the others."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body
from curate.world.mesh import Mesh, mesh_of, skinned
from curate.world.rig.turns import unit
from curate.world.take import Take, forward
from rigmill.types import Bools, Floats

SKIN = 0.004  # metres that surfaces may touch or dip into each other
_FAR = 1e-9


def inside_share(body: Body, take: Take, *, frames: int = 5) -> tuple[float, str]:
    """The largest share of a bone's surface that is inside another in some frame and was not at rest; and which."""
    mesh = mesh_of(body)
    owner = mesh.weights.argmax(axis=1)
    turns, heads = forward(body.skeleton, take)
    rest = np.array([bone.head for bone in body.skeleton.bones])
    chosen = np.unique(np.rint(np.linspace(0, take.num_frames - 1, frames)).astype(int))
    posed = skinned(mesh.vertices, mesh.weights, rest, turns[chosen], heads[chosen])
    names, of_bone = body.skeleton.names, owner[mesh.triangles[:, 0]]
    worst, who = 0.0, ""
    for one in np.unique(of_bone):
        for other in np.unique(of_bone):
            if one == other or not _moves(turns, heads, int(one), int(other)):
                continue
            before = _inside(mesh, mesh.vertices, of_bone == one, of_bone == other)
            for number in range(len(chosen)):
                now = _inside(mesh, posed[number], of_bone == one, of_bone == other)
                share = float(np.mean(now & ~before))
                if share > worst:
                    worst, who = share, f"{names[one]} in {names[other]} at frame {chosen[number]}"
    return worst, who


def _moves(turns: Floats, heads: Floats, one: int, other: int) -> bool:
    """Whether one bone moves as seen from another."""
    back = np.swapaxes(turns[:, other], -1, -2)
    turned = back @ turns[:, one]
    shifted = np.einsum("tij,tj->ti", back, heads[:, one] - heads[:, other])
    return bool(
        np.ptp(turned, axis=0).max() > 1e-4
        or np.ptp(shifted, axis=0).max() > 1e-4
        or np.abs(turned - np.eye(3)).max() > 1e-4
    )


def _inside(mesh: Mesh, vertices: Floats, of_one: Bools, of_other: Bools) -> Bools:
    """Of the middles of one bone's triangles, a little beneath its surface, which are inside the other's solids."""
    mine, theirs = vertices[mesh.triangles[of_one]], vertices[mesh.triangles[of_other]]
    outward = unit(np.cross(mine[:, 1] - mine[:, 0], mine[:, 2] - mine[:, 0]))
    spots = mine.mean(axis=1) - SKIN * outward
    low, high = theirs.reshape(-1, 3).min(axis=0), theirs.reshape(-1, 3).max(axis=0)
    near = np.all((spots > low) & (spots < high), axis=1)
    found = np.zeros(len(spots), dtype=bool)
    if near.any():
        found[near] = np.abs(winding(spots[near], theirs)) > 0.5
    return found


def winding(points: Floats, triangles: Floats) -> Floats:
    """How often closed surfaces (F, 3, 3) go round each of the points (N, 3)."""
    a, b, c = (triangles[None, :, k] - points[:, None] for k in range(3))
    la, lb, lc = (np.linalg.norm(v, axis=-1) for v in (a, b, c))
    top = np.einsum("nfi,nfi->nf", a, np.cross(b, c))
    low = la * lb * lc + np.sum(a * b, -1) * lc + np.sum(b * c, -1) * la + np.sum(c * a, -1) * lb
    return np.asarray(np.arctan2(top, low + _FAR * (low == 0)).sum(axis=1) / (2 * np.pi))


def lowest(body: Body, take: Take) -> float:
    """The lowest z of any vertex over a take, metres."""
    mesh = mesh_of(body)
    turns, heads = forward(body.skeleton, take)
    rest = np.array([bone.head for bone in body.skeleton.bones])
    return float(skinned(mesh.vertices, mesh.weights, rest, turns, heads)[..., 2].min())
