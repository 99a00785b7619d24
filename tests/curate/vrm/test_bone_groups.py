"""The walk over the spring groups of a VRM 0.x, which a stranger can make as long as he likes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from curate.vrm.block import SpringNode, read_vrm


def with_groups(nodes: Sequence[Any], groups: Sequence[Any]) -> dict[str, Any]:
    block = {"meta": {}, "secondaryAnimation": {"boneGroups": groups}}
    return {"asset": {"version": "2.0"}, "nodes": nodes, "extensions": {"VRM": block}}


def springs_of(document: dict[str, Any]) -> tuple[SpringNode, ...]:
    block = read_vrm(document)
    assert block is not None
    return block.springs


class CountedNode(dict[str, Any]):
    """A node that counts how often anyone looks into any."""

    looks = 0

    def get(self, key: str, default: Any = None) -> Any:
        CountedNode.looks += 1
        return super().get(key, default)


def test_the_walk_of_bone_groups_is_linear_in_the_file() -> None:
    size = 1500
    nodes = [CountedNode(children=[index + 1]) for index in range(size - 1)] + [CountedNode()]
    groups = [{"bones": [index % 7, 0], "stiffiness": index} for index in range(size)]
    document = with_groups(nodes, groups)
    CountedNode.looks = 0
    springs = springs_of(document)
    assert [spring.node for spring in springs] == list(range(size))
    assert CountedNode.looks < 5 * size


def test_of_groups_that_share_nodes_the_first_that_reaches_one_counts() -> None:
    drawn = random.Random(5)
    for _ in range(200):
        children: list[list[int]] = [[] for _ in range(9)]
        for child in range(1, 9):
            children[drawn.randrange(child)].append(child)
        nodes = [{"children": below} for below in children]
        groups = [{"bones": drawn.choices(range(9), k=2), "stiffiness": index} for index in range(4)]
        found = springs_of(with_groups(nodes, groups))
        expected: dict[int, int] = {}
        for index, group in enumerate(groups):
            pending = list(group["bones"])
            while pending:
                node = pending.pop()
                expected.setdefault(node, index)
                pending += children[node]
        assert {spring.node: spring.stiffness for spring in found} == expected
