"""Files of the world read back from their own numbers."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.world.reading import read_takes
from curate.world.looks.naming import written
from curate.world.make import make
from curate.world.take import forward
from rigmill.rigs import skeleton
from tests.support.blender.calls import probe


@pytest.mark.parametrize("plan", ["cabinet", "dog"])
def test_a_file_read_back_has_the_joints_of_its_takes(plan):
    made = make(plan, 0, 11, takes=3)
    rig, takes = read_takes(made.to_glb())
    assert rig.names == written(made.body.skeleton.names, made.body.style, is_person=made.body.is_person)
    assert [name for name, _ in takes] == [take.name for take in made.takes]
    for take, (_, motion) in zip(made.takes, takes):
        assert motion.fps == pytest.approx(take.fps)
        np.testing.assert_allclose(skeleton.forward(rig, motion)[0], forward(made.body.skeleton, take)[1], atol=1e-4)


@pytest.mark.blender
def test_blender_finds_every_take_of_a_thing_whose_takes_move_different_parts(tmp_path):
    made = make("car", 2, 1007, takes=4)
    (tmp_path / "car.glb").write_bytes(made.to_glb())
    found = probe(tmp_path / "car.glb", tmp_path)
    assert sorted(motion["name"] for motion in found["motions"]) == sorted(take.name for take in made.takes)
