"""One shape is found in any mesh of it, and different bodies are told apart."""

from __future__ import annotations

import time

import numpy as np
import pytest

from curate.world.make import make_body
from curate.world.mesh import mesh_of
from rigmill.rigs.moments import surface_moments
from rigmill.types import Floats, Ints
from shards.alike import NEAR, alike
from shards.split import HoldOut, split_assets

PLANS = ("adult", "dog", "chest", "spider")


def subdivided(vertices: Floats, triangles: Ints) -> tuple[Floats, Ints]:
    """Four triangles for each, of the same surface."""
    edges = np.sort(np.concatenate([triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])]), axis=1)
    known, place = np.unique(edges, axis=0, return_inverse=True)
    ab, bc, ca = place.reshape(3, -1) + len(vertices)
    a, b, c = triangles.T
    corners = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.concatenate([vertices, vertices[known].mean(axis=1)]), np.concatenate([np.stack(t, 1) for t in corners])


def moments(vertices: Floats, triangles: Ints) -> list[float]:
    found = surface_moments(vertices[triangles])
    assert found is not None
    return list(found)


@pytest.fixture(scope="module")
def bodies() -> dict[str, tuple[Floats, Ints]]:
    made = {}
    for plan in PLANS:
        for number in range(3):
            mesh = mesh_of(make_body(plan, number, 11), paint=False)
            made[f"{plan}-{number}"] = mesh.vertices, mesh.triangles
    return made


def test_a_remeshed_twin_is_never_on_another_side(bodies: dict[str, tuple[Floats, Ints]]) -> None:
    """Other vertices in another order, place and size: nothing but the surface is the same."""
    chance, shapes = np.random.default_rng(3), {name: moments(*mesh) for name, mesh in bodies.items()}
    for name, mesh in bodies.items():
        vertices, triangles = subdivided(*mesh)
        order = chance.permutation(len(vertices))
        moved = np.empty_like(vertices)
        moved[order] = vertices * 0.01 + [5.0, -3.0, 40.0]
        shapes[f"{name}-twin"] = moments(moved, order[triangles][chance.permutation(len(triangles))])
    found = alike(shapes)
    assert found == {name: name.removesuffix("-twin") for name in shapes}  # and nobody else is tied
    for seed in range(5):
        clips = [(name, f"motion of {name}") for name in shapes]
        sides = split_assets(clips, HoldOut(0.3, 0.2), seed=seed, shapes=found)
        assert all(sides[name] == sides[f"{name}-twin"] for name in bodies)
        assert len(set(sides.values())) == 3
    crossing = split_assets([(name, name) for name in shapes], HoldOut(0.3, 0.2), seed=0)
    assert any(crossing[name] != crossing[f"{name}-twin"] for name in bodies)  # it does take the tie


def test_a_mesh_rounded_to_a_thousandth_is_known_and_one_stretched_by_a_tenth_is_not(
    bodies: dict[str, tuple[Floats, Ints]],
) -> None:
    (vertices, triangles), step = bodies["adult-0"], 0.001
    size = float(np.ptp(vertices, axis=0).max())
    merged = np.rint(vertices / (step * size)) * step * size
    stretched = vertices * [1.0, 1.1, 1.0]
    shapes = {"a": moments(vertices, triangles), "b": moments(merged, triangles), "c": moments(stretched, triangles)}
    assert alike(shapes) == {"a": "a", "b": "a", "c": "c"}


def test_pairs_are_those_that_every_coordinate_says() -> None:
    chance = np.random.default_rng(1)
    points = chance.uniform(0, 12 * NEAR, (300, 3))
    found = alike({f"{number:03d}": list(point) for number, point in enumerate(points)})
    near = np.abs(points[:, None] - points[None]).max(axis=-1) <= NEAR
    reached = near
    for _ in range(9):  # as far as chains go
        reached = reached @ reached
    assert [found[f"{number:03d}"] for number in range(300)] == [f"{np.flatnonzero(row)[0]:03d}" for row in reached]
    assert 50 < len(set(found.values())) < 290
    assert alike({}) == {} and alike({"one": [0.0] * 17}) == {"one": "one"}


def test_a_hundred_thousand_assets_take_seconds() -> None:
    chance = np.random.default_rng(2)
    points = chance.normal(size=(100_000, 17)) * np.geomspace(0.02, 0.5, 17)
    shapes = {str(number): point for number, point in enumerate(points.tolist())}
    started = time.process_time()
    assert len(set(alike(shapes).values())) > 99_000
    assert time.process_time() - started < 15
