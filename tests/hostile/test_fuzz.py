"""Broken in every way a machine can think of, a file is refused or read; nothing else ever comes out of the gate."""

from __future__ import annotations

import copy
import json
import random
import struct
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate.gate.canonical import canonical
from curate.gate.gltf_json import parse, split_glb
from curate.gate.preflight import check, sniff
from curate.vrm.block import read_vrm
from curate.vrm.licence import terms
from rigmill.outcomes import Refusal
from tests.support.hostile.fbx_maker import fbx_file, triangle
from tests.support.hostile.gltf_maker import Asset, container, instanced, png, rigged, vrm

LIMIT_S = 0.2
# Wrong types, extremes, and texts that mean something elsewhere.
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    3,
    4,
    255,
    2**31 - 1,
    2**31,
    -(2**31),
    2**32,
    2**53,
    2**63,
    2**64,
    10**300,
    0.5,
    -0.0,
    1e38,
    1e308,
    -1e308,
    5e-324,
    "",
    "0",
    "x" * 500,
    "../../etc/passwd",
    "data:;base64,AAAA",
    "data:;base64,@",
    "\ud800",
    "a\0b",
    "SCALAR",
    "MAT4",
    "VEC3",
    5121,
    5126,
    5125,
    [],
    {},
    [[]],
    [{}],
    {"x": {}},
    [None],
    [0, 0],
    [1e39] * 3,
    {"uri": 1},
    {"bufferView": 0},
    {"extensions": {}},
    {"extensions": []},
    {"count": -1},
)


GLTF = [rigged(), vrm(0), vrm(1), instanced()]
BYTES = [asset.glb() for asset in GLTF] + [
    rigged().gltf(),
    fbx_file(triangle(texture="a/b.png", content=png())),
    fbx_file(triangle(), 7700),
    b'; FBX 7.3.0 project file\nFBXHeaderExtension:  {\n\tFBXVersion: 7300\n}\nObjects:  {\n\tA: "a/b" {\n\t}\n}\n',
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, as keys from the top."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in inner:
        found += places(entry, (*path, key))
    return found


PLACES = [places(asset.document) for asset in GLTF]


def bent_document(rng: random.Random) -> bytes:
    """A sound document with one to three values replaced, removed, doubled, moved or renamed."""
    index = rng.randrange(len(GLTF))
    asset = copy.copy(GLTF[index])
    asset.document = copy.deepcopy(asset.document)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        path = rng.choice(PLACES[index])
        place: Any = asset.document
        try:
            for key in path[:-1]:
                place = place[key]
            last, how = path[-1], rng.random()
            if how < 0.6:
                place[last] = rng.choice(ODD)
            elif how < 0.7:
                del place[last]
            elif how < 0.8:
                other: Any = asset.document
                for key in rng.choice(PLACES[index]):
                    other = other[key]
                place[last] = copy.deepcopy(other)
            elif how < 0.9 and isinstance(place[last], int):
                place[last] += rng.choice((-1, 1, 4, 2**16))
            elif isinstance(place, list):
                place.append(copy.deepcopy(place[last]))
            else:
                place[rng.choice(("uri", "extras", "extensions", "name", "sparse", "matrix"))] = place[last]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return asset.glb()


def bent_bytes(rng: random.Random) -> bytes:
    """A sound file with bytes, header fields or runs changed, a cut, or a chunk too many."""
    data = bytearray(rng.choice(BYTES))
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at, how = rng.randrange(len(data)) if data else 0, rng.random()
        if how < 0.3:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif how < 0.55:
            value = rng.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1, len(data), len(data) - at, rng.randrange(2**32)))
            struct.pack_into("<I", data, min(at, max(0, len(data) - 4)), value) if len(data) >= 4 else None
        elif how < 0.7:
            at = rng.randrange(min(64, len(data)) or 1)  # headers
            data[at : at + 1] = bytes([rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))])
        elif how < 0.8:
            del data[at : at + rng.randrange(1, 40)]
        elif how < 0.9:
            data[at:at] = data[at : at + rng.randrange(1, 40)]
        elif how < 0.95:
            del data[at:]
        else:
            data += container([(b"JSON", b"{}  ")])
    return bytes(data)


def read_block(data: bytes, file_format: str) -> None:
    """The VRM block and its licence, read as the sources read it: from a document that was parsed and nothing more."""
    try:
        text = split_glb(data)[0] if file_format in ("glb", "vrm") else data
        readable = file_format in ("glb", "vrm", "gltf")
        block = read_vrm(parse(text)) if readable else None
        if block is not None:
            terms(block)
    except Refusal as refusal:
        assert refusal.message


def try_all(number: int, seed: int) -> tuple[int, float]:
    """How many of so many mutations were read, and the seconds of CPU that the slowest took."""
    rng, taken, slowest = random.Random(seed), 0, 0.0
    for index in range(number):
        data = bent_document(rng) if index % 2 else bent_bytes(rng)
        file_format = sniff(data) or rng.choice(("glb", "gltf", "fbx", "vrm", "obj"))
        read_block(data, file_format)
        started = time.process_time()
        try:
            check(data, file_format)
            checked = time.process_time() - started
            made, made_format = canonical(data, file_format)
        except Refusal as refusal:
            checked = time.process_time() - started
            assert refusal.message.isprintable() and len(refusal.message) < 400, refusal.message
        else:
            taken += 1
            assert canonical(made, made_format) == (made, made_format)
        slowest = max(slowest, checked)
    return taken, slowest


def test_three_thousand_mutations_raise_nothing_but_refusals() -> None:
    taken, slowest = try_all(3000, seed=1)
    assert 300 < taken < 2700  # the mutations are neither all fatal nor all harmless
    assert slowest < LIMIT_S


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_five_thousand_mutations_of_each_seed_raise_nothing_but_refusals(seed: int) -> None:
    taken, slowest = try_all(5000, seed)
    assert taken > 500 and slowest < LIMIT_S


@st.composite
def sound(draw: st.DrawFn) -> bytes:
    """A GLB that follows the format: any tree, any meshes, skins and animations that agree with each other."""
    asset, document = Asset(), {}
    number = draw(st.integers(1, 12))
    parents = [-1] + [draw(st.integers(-1, index - 1)) for index in range(1, number)]
    size = st.floats(-1e6, 1e6, width=32)
    nodes: list[dict[str, Any]] = []
    for index in range(number):
        node: dict[str, Any] = {"name": draw(st.text(max_size=80))} if draw(st.booleans()) else {}
        if children := [child for child, parent in enumerate(parents) if parent == index]:
            node["children"] = children
        if draw(st.booleans()):
            node["translation"] = draw(st.lists(size, min_size=3, max_size=3))
        elif draw(st.booleans()):
            place = draw(st.lists(size, min_size=3, max_size=3))
            node["matrix"] = [1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0, 0, *place, 1.0]
        nodes.append(node)
    document |= {"nodes": nodes, "scenes": [{"nodes": [i for i, p in enumerate(parents) if p < 0]}], "scene": 0}
    meshes = []
    for _ in range(draw(st.integers(0, 3))):
        count = draw(st.integers(3, 30))
        stride = draw(st.sampled_from([0, 12, 16, 24, 252]))
        points = [struct.pack("<3f", *draw(st.tuples(size, size, size))) for _ in range(count)]
        view = asset.view(
            b"".join(point.ljust(stride or 12, b"\xee") for point in points),
            **({"byteStride": stride} if stride else {}),
        )
        asset.document["accessors"].append({"bufferView": view, "componentType": 5126, "count": count, "type": "VEC3"})
        primitive: dict[str, Any] = {"attributes": {"POSITION": len(asset.document["accessors"]) - 1}}
        if draw(st.booleans()):
            corners = draw(st.lists(st.integers(0, count - 1), min_size=3, max_size=30))
            primitive["indices"] = asset.accessor("SCALAR", corners, draw(st.sampled_from([5121, 5123, 5125])))
        if draw(st.booleans()):
            primitive["attributes"]["JOINTS_0"] = asset.accessor("VEC4", [0] * 4 * count, 5121)
            primitive["attributes"]["WEIGHTS_0"] = asset.accessor("VEC4", [1.0, 0, 0, 0] * count)
        meshes.append({"primitives": [primitive], "extras": {"anything": [1, {"at": "all"}]}})
    if meshes:
        document["meshes"] = meshes
        for node in nodes:
            if draw(st.booleans()):
                node["mesh"] = draw(st.integers(0, len(meshes) - 1))
    if draw(st.booleans()):
        joints = draw(st.lists(st.integers(0, number - 1), min_size=1, max_size=number, unique=True))
        inverse = asset.accessor("MAT4", [float(i % 5 == 0) for i in range(16)] * len(joints))
        document["skins"] = [{"joints": joints, "inverseBindMatrices": inverse}]
    animations = []
    for _ in range(draw(st.integers(0, 2))):
        keys = draw(st.integers(1, 10))
        path, width = draw(st.sampled_from([("translation", 3), ("rotation", 4), ("scale", 3)]))
        cubic = draw(st.booleans())
        times = asset.accessor("SCALAR", [key * 0.1 for key in range(keys)])
        values = asset.accessor(f"VEC{width}", [1.0] * width * keys * (3 if cubic else 1))
        node_moved = draw(st.integers(0, number - 1))
        animations.append(
            {
                "channels": [{"sampler": 0, "target": {"node": node_moved, "path": path}}],
                "samplers": [{"input": times, "output": values, "interpolation": "CUBICSPLINE" if cubic else "LINEAR"}],
            }
        )
    if animations:
        document["animations"] = animations
    asset.document |= document | {"extras": {"anything": True}, "extensionsUsed": ["UNKNOWN_extension"]}
    return asset.glb() if draw(st.booleans()) else asset.gltf()


def never_refused(data: bytes) -> None:
    found = sniff(data)
    assert found is not None
    check(data, found)
    made, file_format = canonical(data, found)
    assert file_format == "glb" and canonical(made, "glb")[0] == made
    text, binary = split_glb(made)
    document = json.loads(text)
    assert "uri" not in text.decode() and len(document.get("buffers", [])) <= 1
    given = json.loads(split_glb(data)[0] if found == "glb" else data)
    assert len(document["nodes"]) == len(given["nodes"])
    assert [node.get("children") for node in document["nodes"]] == [node.get("children") for node in given["nodes"]]
    assert (binary is None) == (not document.get("bufferViews"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sound())
def test_sound_files_are_never_refused(data: bytes) -> None:
    never_refused(data)


@pytest.mark.slow
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sound())
def test_five_hundred_sound_files_are_never_refused(data: bytes) -> None:
    never_refused(data)
