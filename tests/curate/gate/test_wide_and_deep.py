"""Files of sound parts of which there are too many: what Blender would need minutes for, or die of, is refused."""

from __future__ import annotations

import pytest

from curate.gate.canonical import canonical
from rigmill.outcomes import Refusal, Reject
from tests.support.hostile.fbx_maker import Node, fbx_file, triangle
from tests.support.hostile.gltf_maker import rigged


def chained(parents: list[int], *, takes: int = 0) -> bytes:
    """A sound FBX mesh with as many models beside it; `parents` are places in the list, -1 for the mesh's."""
    extra: list[Node] = [("Model", [100 + place, f"n{place}\0\1Model", "Null"], []) for place in range(len(parents))]
    extra += [("AnimationStack", [10**6 + take, f"t{take}\0\1AnimStack", ""], []) for take in range(takes)]
    nodes = triangle(extra=extra)
    links = [("C", ["OO", 100 + place, 100 + above if above >= 0 else 2], []) for place, above in enumerate(parents)]
    nodes[2] = (nodes[2][0], nodes[2][1], [*nodes[2][2], *links])
    return fbx_file(nodes)


def with_nodes(num_nodes: int, num_takes: int = 1) -> bytes:
    asset = rigged()
    first = len(asset.document["nodes"])
    asset.document["nodes"] += [{} for _ in range(num_nodes - first)]
    asset.document["nodes"][0]["children"] += list(range(first, num_nodes))
    asset.document["animations"] = asset.document["animations"] * num_takes
    return asset.glb()


@pytest.mark.parametrize(
    ("data", "file_format", "code", "measured"),
    [
        (with_nodes(4097), "glb", Reject.OVER_BUDGET, 4097),
        (with_nodes(4, 501), "glb", Reject.OVER_BUDGET, 501),
        (with_nodes(1001, 100), "glb", Reject.OVER_BUDGET, 100_100),
        (chained(list(range(-1, 256))), "fbx", Reject.OVER_BUDGET, 257),
        (chained([-1] * 4096), "fbx", Reject.OVER_BUDGET, 4097),
        (chained([], takes=501), "fbx", Reject.OVER_BUDGET, 501),
        (chained([1, 2, 0]), "fbx", Reject.MALFORMED, None),
        (chained([0]), "fbx", Reject.MALFORMED, None),
    ],
    ids=["nodes", "takes", "takes-of-nodes", "deep-fbx", "wide-fbx", "fbx-takes", "fbx-circle", "fbx-own-child"],
)
def test_one_more_than_allowed_is_refused(data: bytes, file_format: str, code: Reject, measured: float | None) -> None:
    with pytest.raises(Refusal) as caught:
        canonical(data, file_format)
    assert (caught.value.code, caught.value.measured) == (code, measured)


@pytest.mark.parametrize(
    ("data", "file_format"),
    [
        (with_nodes(4096), "glb"),
        (with_nodes(4, 500), "glb"),
        (chained(list(range(-1, 254))), "fbx"),
        (chained([-1] * 4095), "fbx"),
        (chained([], takes=500), "fbx"),
    ],
    ids=["nodes", "takes", "deep-fbx", "wide-fbx", "fbx-takes"],
)
def test_as_many_as_allowed_are_not(data: bytes, file_format: str) -> None:
    assert canonical(data, file_format)
