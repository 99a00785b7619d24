"""Hostile files drawn anew for every seed: each of a class of faults that was found once, sizes and places by lot."""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.hostile.fbx_maker import Node, Raw, array, fbx_file, triangle
from tests.support.hostile.gltf_maker import Asset, container, data_uri, instanced, jpeg, png, rigged, vrm

Files = dict[str, bytes]  # by suffix (what offers itself to the pipeline) or by name (what lies beside it)
HUGE = (1e15, 1e19, 3.4e19, 1e25, 1e30, 2.9e38, 1e-38, 1e-45, -1e19, -1e30)
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**53,
    2**64,
    10**40,
    0.5,
    1e19,
    "",
    "x",
    [],
    [0],
    {},
    {"uri": "x"},
)
NAMES = ("../x", "/etc/passwd", "%s%n{0}", "<b>&", "\x1b]0;a\x07", "a\0b", "\u202egnp", "x" * 5000, "", "é" * 62)


def huge_keys(rng: random.Random, _out: Path) -> Files:
    """Keys that are finite and far too large, or a moment at which no clip can be."""
    asset = rigged()
    path, size = rng.choice(("translation", "scale")), rng.choice(HUGE)
    values = [float(path == "scale")] * 93
    first = rng.randrange(30)
    for frame in range(first, min(30, first + rng.choice((1, 1, 2, 9, 30))) + 1):
        values[3 * frame + rng.randrange(3)] = size
    animation = asset.document["animations"][0]
    animation["samplers"][1]["output"] = asset.accessor("VEC3", values)
    animation["channels"][1]["target"] = {"node": rng.choice((1, 2, 3)), "path": path}
    if rng.random() < 0.3:
        last = rng.choice((0.0, 1e-30, 3599.0, 1e9))
        times = [last * frame / 30 for frame in range(31)]
        animation["samplers"][1]["input"] = asset.accessor("SCALAR", times)
    return {".glb": asset.glb()}


def odd_rest(rng: random.Random, _out: Path) -> Files:
    """A rest pose of extreme places and sizes, one under the other."""
    asset = rigged()
    for node in rng.sample(asset.document["nodes"], rng.choice((1, 2, 4))):
        key, num = rng.choice((("translation", 3), ("scale", 3), ("rotation", 4), ("matrix", 16)))
        node[key] = [rng.choice((*HUGE, 0.0, 1.0)) for _ in range(num)]
    return {".glb": asset.glb()}


def wide_or_deep(rng: random.Random, _out: Path) -> Files:
    """A tree of many nodes: flat, a chain, or in between, of one name or of many."""
    asset = rigged()
    nodes, first = asset.document["nodes"], len(asset.document["nodes"])
    num, name = rng.choice((50, 300, 1500, 4000, 9000)), rng.choice((None, "a", "a.001"))
    reach = rng.choice((1, 5, num))  # how far back a parent may be
    for node in range(first, first + num):
        above = rng.randrange(max(first, node - reach), node) if node > first and rng.random() < 0.99 else 0
        nodes[above].setdefault("children", []).append(node)
        nodes.append({} if name is None else {"name": name})
    return {".glb": asset.glb()}


def many_takes(rng: random.Random, _out: Path) -> Files:
    """Many animations, alike or each its own."""
    asset = rigged()
    one, num = asset.document["animations"][0], rng.choice((20, 100, 300, 1900))
    asset.document["animations"] = [one | {"name": rng.choice((f"t{take}", "t"))} for take in range(num)]
    return {".glb": asset.glb()}


def avatar(rng: random.Random, _out: Path) -> Files:
    """A VRM block of many groups over many nodes, with values of any type in it."""
    asset = vrm(0 if rng.random() < 0.7 else 1)
    nodes, first, num = asset.document["nodes"], len(asset.document["nodes"]), rng.choice((10, 200, 1000))
    for start in range(first, first + num, 200):
        nodes[0].setdefault("children", []).append(start)
        for node in range(start, start + 200):
            nodes.append({"children": [node + 1]} if node < start + 199 else {})
    extensions = asset.document["extensions"]
    if "VRM" in extensions:
        roots = rng.choices(range(-1, len(nodes) + 1), k=rng.choice((1, 20)))
        block = extensions["VRM"]
        groups = [{"bones": roots, "stiffiness": rng.choice(ODD)} for _ in range(num)]
        block["secondaryAnimation"] = {"boneGroups": groups}
        block["humanoid"] = {"humanBones": [{"bone": rng.choice(("hips", "jaw", 5)), "node": rng.choice(ODD)}] * num}
    else:
        chain = [{"node": rng.randrange(len(nodes)), "dragForce": rng.choice(ODD)} for _ in range(num)]
        extensions["VRMC_springBone"] = {"springs": [{"joints": chain}]}
    place = extensions.get("VRM") or extensions["VRMC_vrm"]
    place[rng.choice(("meta", "humanoid", "x"))] = rng.choice(ODD)
    return {rng.choice((".vrm", ".glb")): asset.glb()}


def beside(rng: random.Random, out: Path) -> Files:
    """A .gltf that names a file: beside it, missing, elsewhere, a device, twice, and says odd things in its extras."""
    asset = rigged()
    name = f"beside-{rng.getrandbits(40):010x}.bin"
    uri: Any = rng.choice((name, name, f"./{name}", "missing.bin", str(out), "../outside/secret.png", "/dev/zero", 5))
    asset.document["buffers"][0]["uri"] = uri
    if rng.random() < 0.3:
        asset.document["buffers"] += [{"uri": uri, "byteLength": 4}] * rng.choice((1, 30))
    text = json.dumps(asset.document).encode()
    extras = rng.choice(
        ("1e999", "-1e999", "NaN", "[" * 3000 + "]" * 3000, "9" * 5000, '"\\ud800"', "{}", '{"a":1,"a":2}')
    )
    text = text.replace(b'"version": "2.0"', b'"version": "2.0", "extras": {"x": %s}' % extras.encode(), 1)
    return {".gltf": text, name: bytes(asset.binary)[: rng.choice((None, None, 10, 0))]}


def inline(rng: random.Random, out: Path) -> Files:
    """Texts where a file may stand inside: data: addresses that are none, or name something."""
    asset = rigged()
    uri = rng.choice((data_uri(png()), f"data:{out}", f"data:image/png;base64,{out}", "data:;base64,@", "data:,x" * 99))
    asset.document[rng.choice(("images", "buffers"))][0] = {"uri": uri, "byteLength": 32}
    return {rng.choice((".glb", ".gltf")): asset.glb() if rng.random() < 0.5 else json.dumps(asset.document).encode()}


def bent_value(rng: random.Random, _out: Path) -> Files:
    """A sound document with some values replaced by ones of another kind."""
    asset: Asset = rng.choice((rigged, instanced, lambda: vrm(0), lambda: vrm(1)))()
    for _ in range(rng.choice((1, 2, 3))):
        place: Any = asset.document
        while True:
            key = rng.choice(list(place) if isinstance(place, dict) else range(len(place))) if place else None
            if key is None:
                break
            if not isinstance(place[key], dict | list) or rng.random() < 0.2:
                place[key] = rng.choice(ODD)
                break
            place = place[key]
    return {".glb": asset.glb()}


def bent_bytes(rng: random.Random, _out: Path) -> Files:
    """A sound file with bytes changed, cut out, doubled, or with an end that is missing."""
    suffix, sound = rng.choice(((".glb", rigged().glb()), (".vrm", vrm(0).glb()), (".fbx", fbx_file(triangle()))))
    data = bytearray(sound)
    for _ in range(rng.choice((1, 2, 8, 64))):
        at = rng.randrange(max(1, len(data)))
        how = rng.randrange(4)
        if how == 0:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif how == 1:
            data[at : at + 4] = struct.pack("<I", rng.choice((0, 2**31, 2**32 - 1, len(data))))
        elif how == 2:
            del data[at : at + rng.randrange(1, 40)]
        else:
            data[at:at] = data[at : at + rng.randrange(1, 40)]
    return {suffix: bytes(data)}


def models(rng: random.Random, out: Path) -> Files:
    """FBX models on each other, in lines, fans and circles; numbers that claim too much; paths to elsewhere."""
    num, reach = rng.choice((3, 250, 300, 2000, 5000)), rng.choice((1, 7, 10**4))
    extra: list[Node] = [("Model", [100 + n, f"{rng.choice('ab')}\0\1Model", "LimbNode"], []) for n in range(num)]
    claim = rng.choice((3, 2**20, 2**31))
    if rng.random() < 0.3:
        values = zlib.compress(bytes(800))
        raw = Raw(b"d" + struct.pack("<III", claim, 1, len(values)) + values)
        extra.append(("Geometry", [9, "G\0\1Geometry", "Mesh"], [("Vertices", [raw], [])]))
    nodes = triangle(texture=rng.choice((str(out), "../outside/secret.png", "a.png")), extra=extra)
    links: list[Node] = [
        ("C", ["OO", 100 + n, 100 + rng.randrange(max(0, n - reach), n) if n else 2], []) for n in range(num)
    ]
    if rng.random() < 0.3:
        links.append(("C", ["OO", 100, 100 + num - 1], []))
    nodes[2] = (nodes[2][0], nodes[2][1], [*nodes[2][2], *links])
    if rng.random() < 0.2:
        nodes.append(("Odd", [array("i", b"", claim)], []))
    return {".fbx": fbx_file(nodes, rng.choice((7100, 7400, 7700)))}


def named(rng: random.Random, _out: Path) -> Files:
    """A sound file in which things carry names that are code, paths, markup or nothing."""
    asset = rigged(name=rng.choice(NAMES))
    for kind in rng.sample(("nodes", "meshes", "materials", "images", "animations", "skins"), 3):
        for entry in asset.document[kind]:
            entry["name"] = rng.choice(NAMES)
    asset.document["asset"]["extras"] = {"title": rng.choice(NAMES), "license": rng.choice(NAMES), "author": 5}
    return {".glb": asset.glb()}


def pictured(rng: random.Random, _out: Path) -> Files:
    """A picture that claims another size than it has, or is none."""
    side = rng.choice((0, 1, 4096, 30_000, 65_000))
    picture = rng.choice((png(4, 4, claimed=(side, side)), jpeg(side, side), rng.randbytes(99), b"", png()[:40]))
    return {".glb": rigged(picture=picture).glb()}


def no_model(rng: random.Random, _out: Path) -> Files:
    """Something else under a model's name."""
    start = rng.choice(
        (b"", b"PK\x03\x04", b"BLENDER-v405", b"#usda 1.0\n", b"\x1f\x8b", b"<html>", b"glTF", b"; FBX 7.4\n")
    )
    data = start + rng.randbytes(rng.choice((0, 9, 4000)))
    if rng.random() < 0.2:
        data = container([(b"JSON", b"[" * rng.choice((10, 90_000)))])
    return {rng.choice((".glb", ".gltf", ".vrm", ".fbx", ".vrma", ".bvh", ".zip", ".blend", ".usdz")): data}


CLASSES: tuple[Callable[[random.Random, Path], Files], ...] = (
    huge_keys,
    odd_rest,
    wide_or_deep,
    many_takes,
    avatar,
    beside,
    inline,
    bent_value,
    bent_bytes,
    models,
    named,
    pictured,
    no_model,
)
HEAVY = {wide_or_deep, many_takes, avatar}  # of these, one draw in four


def drawn_files(seed: int, number: int, secret: Path) -> tuple[Files, Files]:
    """`number` files that a source would offer, and what lies beside some of them, by name."""
    rng, offered, others = random.Random(seed), Files(), Files()
    while len(offered) < number:
        make = CLASSES[len(offered) % len(CLASSES)]
        if make in HEAVY and rng.random() < 0.75:
            make = rng.choice((bent_value, bent_bytes, huge_keys))
        for name, data in make(rng, secret).items():
            if name.startswith("."):
                offered[f"{len(offered):03d}-{make.__name__}{name}"] = data
            else:
                others[name] = data
    return offered, others
