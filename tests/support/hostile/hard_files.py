"""Files that nothing forbids and that break renderers; all are made here, from numbers and the fox of tests/assets."""

from __future__ import annotations

import base64
import struct

import numpy as np

from tests.support.hostile.fox_changes import (
    ROOT,
    ROOT_JOINT,
    Change,
    attributes,
    colour,
    deep_png,
    fox,
    in_parts,
    late,
    loose_vertex,
    material,
    mesh,
    moving,
    nan_key,
    one_value,
    only,
    picture,
    replace,
    room,
    shapes_alone,
    shells,
    stray_vertex,
    turns,
    two_foxes,
    under,
    without_area,
    without_material,
    without_meshes,
)
from tests.support.hostile.gltf_maker import png, rigged
from tests.support.hostile.tubes import tubes

# A JPEG in CMYK of 8 x 8 px in one orange, as Photoshop would write it (inverted, marked Adobe).
CMYK = (
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBK"
    "UVJP/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAcB/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwBO"
    "QYE5/9k="
)
ORANGE_16 = struct.pack(">3H", 65535, 32896, 8224)


def foxes() -> dict[str, tuple[Change, ...]]:
    """Small files that are a changed fox, by name."""
    hour = np.arange(100_000) / 30  # 100,000 keys at 30 fps, about the longest that an hour allows
    wave = turns(0.8 * np.sin(hour))
    once = turns(np.where(np.arange(100_000) == 54_321, 0.8, 0.0))
    still = turns(0 * hour)
    seconds = [0, 0.5, 1]
    bumpy = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}, "normalTexture": {"index": 0}}
    eight = {"width": 8, "height": 8}
    return {
        "control": (),
        # --- sizes and places
        "scale-1e-6": (under(scale=[1e-6] * 3),),
        "scale-1e6": (under(scale=[1e6] * 3),),
        "mirrored": (under(scale=[-1, 1, 1]),),
        "uneven-scale": (under(scale=[1, 0.6, 1.5]),),
        "far-away-1e5": (under(translation=[1e5, 0, 0]),),
        "far-away-1e7": (under(translation=[1e7, 0, 0]),),
        "far-away-joints-1e5": (moving(ROOT_JOINT, "translation", [0, 1], [[1e5, 0, 0]] * 2),),
        "far-away-joints-1e7": (moving(ROOT_JOINT, "translation", [0, 1], [[1e7, 0, 0]] * 2),),
        "no-area": (without_area,),
        "flat": (under(scale=[1e-5, 1, 1]),),
        "scaled-to-zero": (under(scale=[0, 1, 1]),),
        "long-and-thin": (under(scale=[1, 60, 1]),),
        "stray-vertex": (stray_vertex,),
        "loose-vertex": (loose_vertex,),
        "room": (room,),
        # --- numbers that are none
        "nan-vertex": (one_value("POSITION", np.nan),),
        "infinite-vertex": (one_value("POSITION", np.inf),),
        "huge-vertex": (one_value("POSITION", 3e38),),
        "nan-key": (nan_key,),
        "nan-weight": (one_value("WEIGHTS_0", np.nan),),
        "huge-weight": (one_value("WEIGHTS_0", 1e30),),
        "nan-uv": (one_value("TEXCOORD_0", np.nan),),
        "nan-normal": (lambda asset: replace(asset, NORMAL=0 * mesh(asset, "POSITION") + np.nan),),
        "zero-normals": (lambda asset: replace(asset, NORMAL=0 * mesh(asset, "POSITION")),),
        # --- motions
        "100k-keys": (only(7, "rotation", hour, wave),),
        "100k-keys-over-an-hour": (only(7, "rotation", np.arange(100_000) / 24, wave),),
        "two-keys-100k-frames-apart": (only(7, "rotation", [0, 3333], turns([0, 0.8])),),
        "100k-keys-still": (only(7, "rotation", hour, still),),
        "100k-keys-moves-once": (only(7, "rotation", hour, once),),
        "100k-keys-no-mesh": (two_foxes, only(7, "rotation", hour, wave), without_meshes),
        "scale-to-zero": (moving(ROOT, "scale", seconds, [[1, 1, 1], [0, 0, 0], [1, 1, 1]]),),
        "travels-1000-heights": (moving(ROOT, "translation", seconds, [[0, 0, 0], [0, 0, 4e4], [0, 0, 8e4]]),),
        "spins-fast": (moving(ROOT, "rotation", np.arange(49) / 48, turns(2.5 * np.arange(49))),),
        "late-start": (late,),
        "shapes-alone": (shapes_alone,),
        # --- bodies
        "two-characters": (two_foxes,),
        "100-meshes": (lambda asset: in_parts(asset, 100, meshes=True, materials=1),),
        "64-materials": (lambda asset: in_parts(asset, 64, meshes=False, materials=64),),
        # --- looks
        "no-material": (without_material,),
        "empty-slot": (lambda asset: in_parts(asset, 2, meshes=False, materials=0),),
        "invisible": (colour(1, 0, 0, 0, mode="BLEND"),),
        "cut-out-whole": (colour(1, 0, 0, 0.2, mode="MASK"),),
        "black-unlit": (colour(0, 0, 0, 1, unlit=True),),
        "12-layers": (shells(6, 0.1),),
        "40-layers": (shells(20, 0.05),),
        "no-uv": (lambda asset: attributes(asset).pop("TEXCOORD_0"),),
        "uv-in-one-point": (material(**bumpy), lambda asset: replace(asset, TEXCOORD_0=mesh(asset, "TEXCOORD_0") * 0)),
        "texture-1x1": (picture(png(1, 1)),),
        "texture-1x4096": (picture(png(1, 4096)),),
        "texture-16-bit": (picture(deep_png(**eight, depth=16, kind=2, row=ORANGE_16 * 8)),),
        "texture-grey": (picture(deep_png(**eight, depth=8, kind=0, row=b"\x80" * 8)),),
        "texture-grey-alpha": (picture(deep_png(**eight, depth=16, kind=4, row=b"\x80\x80\xff\xff" * 8)),),
        "texture-one-bit": (picture(deep_png(**eight, depth=1, kind=0, row=b"\x55")),),
        "texture-palette": (
            picture(deep_png(**eight, depth=8, kind=3, row=b"\0\1" * 4, palette=b"\xff\x80\x20\x20\x80\xff")),
        ),
        "texture-cmyk": (picture(base64.b64decode(CMYK), "image/jpeg"),),
        "texture-cut-short": (picture(png(512, 512)[:400]),),
    }


def files() -> dict[str, bytes]:
    """Every small file by its name."""
    found = {f"{name}.glb": fox(*changes, mark=mark) for mark, (name, changes) in enumerate(foxes().items())}
    return found | {"one-triangle.glb": rigged().glb(), "500-bones.glb": tubes(chains=10, joints=50, rings=60, sides=6)}


def heavy_files() -> dict[str, bytes]:
    """Every large file by its name."""
    side = 8192
    return {
        "8k-texture.glb": fox(picture(png(side, side)), mark=1),
        "8k-texture-16-bit.glb": fox(picture(deep_png(side, side, depth=16, kind=2, row=ORANGE_16 * side)), mark=2),
        "2-million-triangles.glb": tubes(chains=4, joints=8, rings=1001, sides=250),
    }
