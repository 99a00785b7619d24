"""A body of as many bones and triangles as wanted."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.support.hostile.fox_changes import add, turns
from tests.support.hostile.gltf_maker import Asset, png


def tubes(*, chains: int, joints: int, rings: int, sides: int) -> bytes:
    """Upright waving tubes side by side, each on a chain of joints: as many bones and triangles as wanted."""
    asset = Asset()
    height, step = 10.0, 10.0 / joints
    around = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    level = np.linspace(0, height, rings)
    normals = np.stack([np.cos(around), 0 * around, np.sin(around)], axis=-1)[None].repeat(rings, 0)
    places = normals * 0.5
    places[..., 1] = level[:, None]
    lower = np.clip((level / step - 0.5).astype(int), 0, joints - 1)
    share = np.clip(level / step - 0.5 - lower, 0, 1)
    weights = np.stack([1 - share, share, 0 * share, 0 * share], axis=-1)[:, None].repeat(sides, 1)
    ring, side = np.meshgrid(np.arange(rings - 1), np.arange(sides), indexing="ij")
    low, next_low = ring * sides + side, ring * sides + (side + 1) % sides
    faces = np.stack([low, low + sides, next_low, next_low, low + sides, next_low + sides], axis=-1).reshape(-1)
    uv = np.stack(np.broadcast_arrays(around[None] / 6.2832, level[:, None] / height), axis=-1)
    shared = {
        "TEXCOORD_0": add(asset, uv.reshape(-1, 2)),
        "NORMAL": add(asset, normals.reshape(-1, 3)),
        "WEIGHTS_0": add(asset, weights.reshape(-1, 4)),
    }
    indices = add(asset, faces, "uint32")
    times = np.arange(17) / 16
    wave = [add(asset, turns(0.6 / joints * np.sin(2 * np.pi * times + phase))) for phase in (0.0, 1.0, 2.0)]
    nodes: list[dict[str, Any]] = [{"name": "body", "mesh": 0, "skin": 0}, {"name": "ground", "children": []}]
    skin, inverse, primitives, channels = [1], [np.eye(4)], list[Any](), list[Any]()
    for chain in range(chains):
        shift = np.array([1.5 * (chain % 5), 0.0, 1.5 * (chain // 5)])
        first = len(skin)
        bound = np.stack([lower + first, np.minimum(lower + 1, joints - 1) + first, 0 * lower, 0 * lower], axis=-1)
        primitives.append(
            {
                "attributes": shared
                | {
                    "POSITION": add(asset, (places + shift).reshape(-1, 3)),
                    "JOINTS_0": add(asset, bound[:, None].repeat(sides, 1).reshape(-1, 4), "uint16"),
                },
                "indices": indices,
                "material": 0,
            }
        )
        for joint in range(joints):
            (nodes[1]["children"] if joint == 0 else nodes[-1].setdefault("children", [])).append(len(nodes))
            skin.append(len(nodes))
            channels.append({"sampler": chain % 3, "target": {"node": len(nodes), "path": "rotation"}})
            place = shift.tolist() if joint == 0 else [0, step, 0]
            nodes.append({"name": f"joint {chain} {joint}", "translation": place})
            bind = np.eye(4)
            bind[3, :3] = -(shift + [0, joint * step, 0])  # glTF stores columns
            inverse.append(bind)
    clock = add(asset, times)
    asset.document |= {
        "scene": 0,
        "scenes": [{"nodes": [0, 1]}],
        "nodes": nodes,
        "skins": [{"joints": skin, "inverseBindMatrices": add(asset, np.array(inverse))}],
        "meshes": [{"primitives": primitives}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0}}],
        "textures": [{"source": 0}],
        "images": [{"bufferView": asset.view(png(8, 8)), "mimeType": "image/png"}],
        "animations": [
            {"name": "wave", "channels": channels, "samplers": [{"input": clock, "output": output} for output in wave]}
        ],
    }
    return asset.glb()
