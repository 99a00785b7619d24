"""What a bone's axis and roll are leaves no trace in a rig and its motions, as Blender reads them back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.support.blender.calls import blender

pytestmark = pytest.mark.blender


def test_armatures_with_other_axes_and_rolls_that_move_alike_are_read_alike() -> None:
    first, second = blender("twin_armatures", {"seeds": [1, 2]})
    assert first["bones"] != second["bones"]
    assert first["names"] == second["names"] and len(first["names"]) > 40
    np.testing.assert_allclose(first["rest"], second["rest"], atol=1e-4)
    turns = [Rotation.from_quat(np.reshape(each["rotations"], (-1, 4)), scalar_first=True) for each in (first, second)]
    assert (turns[0].inv() * turns[1]).magnitude().max() < 1e-4
    assert turns[0].magnitude().max() > 0.5
    np.testing.assert_allclose(first["translations"], second["translations"], atol=1e-4)
