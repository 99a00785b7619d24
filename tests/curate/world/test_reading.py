"""Files of the world read back from their own numbers."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.world.reading import read_takes
from curate.world.looks.naming import written
from curate.world.make import make
from curate.world.take import forward
from rigmill.rigs import skeleton


@pytest.mark.parametrize("plan", ["cabinet", "dog"])
def test_a_file_read_back_has_the_joints_of_its_takes(plan):
    made = make(plan, 0, 11, takes=3)
    rig, takes = read_takes(made.to_glb())
    assert rig.names == written(made.body.skeleton.names, made.body.style, is_person=made.body.is_person)
    assert [name for name, _ in takes] == [take.name for take in made.takes]
    for take, (_, motion) in zip(made.takes, takes):
        assert motion.fps == pytest.approx(take.fps)
        np.testing.assert_allclose(skeleton.forward(rig, motion)[0], forward(made.body.skeleton, take)[1], atol=1e-4)
