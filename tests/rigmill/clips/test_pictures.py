from __future__ import annotations

import numpy as np
import pytest

from rigmill.clips.pictures import image_bytes, jpeg, over_background, over_grey, picture, silhouette

RANDOM = np.random.default_rng(4)
RGBA = RANDOM.integers(0, 256, (13, 7, 4)).astype(np.uint8)
RGBA[:4, :, 3], RGBA[4:8, :, 3] = 0, 255


def test_a_png_comes_back_as_it_was_and_a_damaged_one_says_so() -> None:
    data = image_bytes(".png", RGBA[..., :3])
    assert np.array_equal(picture(data), RGBA[..., :3])
    with pytest.raises(ValueError, match="cannot be read"):
        picture(data[:30])


def test_a_jpeg_has_its_colours_in_their_order() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    assert np.abs(picture(jpeg(red)).astype(int) - red).max() < 4


def test_pictures_over_a_colour_are_their_share_of_it_and_of_the_colour() -> None:
    colour = (10, 250, 99)
    share = RGBA[..., 3:] / 255
    expected = RGBA[..., :3] * share + np.array(colour) * (1 - share)
    assert np.abs(over_background(RGBA, colour) - expected).max() <= 0.5 + 1e-4
    assert np.array_equal(over_background(RGBA, (255, 255, 255)), np.rint(over_grey(RGBA, 255)))
    assert np.allclose(over_grey(RGBA, 77.0)[:4], 77) and np.allclose(over_grey(RGBA, 77.0)[4:8], RGBA[4:8, :, :3])
    assert over_background(RGBA[:0], colour).shape == (0, 7, 3)


def test_a_silhouette_is_what_is_at_least_half_there() -> None:
    alpha = np.zeros((1, 3, 4), np.uint8)
    alpha[0, :, 3] = [127, 128, 255]
    assert silhouette(alpha).tolist() == [[False, True, True]]
