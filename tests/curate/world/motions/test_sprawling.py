"""What a lizard does is seen: near the ground there is little room, but more than a few pixels of a picture."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.world import Seen

# Of the whole length, tail and all: a hundredth is about a pixel of a picture of 128.
MOST = {"headbutt": 0.085, "eat": 0.05, "hop": 0.07, "crouch": 0.045, "lie on belly": 0.055}


@pytest.mark.parametrize("name", list(MOST))
def test_a_lizards_nose_moves_as_far_as_a_picture_shows(name):
    for number in (0, 1):
        seen = Seen("lizard", number, name)
        body = seen.body
        length = np.ptp(seen.mesh.vertices, axis=0).max()
        nose = seen.tip(body.head)
        moved = np.linalg.norm(np.ptp(nose[:, 2:] if seen.take.truth.travel else nose, axis=0)) / length
        assert moved > MOST[name], (number, moved)
        assert seen.moved.vertices[..., 2].min() > -0.015 * body.height
