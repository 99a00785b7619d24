"""A picture straight into a video frame's planes, against the way over an RGB picture."""

from __future__ import annotations

import numpy as np
import pytest

from render.raster.planes import paint_over
from rigmill.clips.pictures import over_background
from rigmill.clips.video import TO_YUV, Encoder, decode


@pytest.mark.parametrize("place", [(5, 7, 33, 41), (4, 6, 32, 40), (0, 0, 96, 64), (95, 63, 1, 1)])
def test_planes_show_the_picture_over_the_background(place: tuple[int, int, int, int]) -> None:
    left, top, width, height = place
    generator = np.random.default_rng(4)
    rgba = generator.integers(0, 256, (height, width, 4), dtype=np.uint8)
    rgba[..., 3] = generator.choice([0, 90, 255], (height, width))
    background = (255, 250, 3)
    settings = {"fps": 16.0, "crf": 0, "pixel_format": "yuv420p", "keyframe_interval": 4}
    videos = []
    for straight in (True, False):
        encoder = Encoder(width_px=96, height_px=64, background=background, **settings)
        if straight:
            encoder.add_painted(
                lambda planes: paint_over(rgba, left, top, np.array(background, np.float64), TO_YUV, planes)
            )
        else:
            encoder.add(over_background(rgba, background), left_px=left, top_px=top)
        videos.append(decode(encoder.finish())[0].astype(int))
    assert np.abs(videos[0] - videos[1]).max() <= 2  # a rounding of luma or chroma
