from __future__ import annotations

import math

import numpy as np

from render.raster.brdf import NUM_HALVES, NUM_ROUGHNESSES, half_angle, make_tables


def test_facets_of_every_roughness_have_the_area_of_the_surface_below_them() -> None:
    lobe = make_tables((0.5,)).lobe[0].astype(np.float64)
    fine = np.linspace(0, math.pi / 2, 20_000)
    angles = half_angle(np.arange(float(NUM_HALVES)))
    for row in range(10, NUM_ROUGHNESSES):  # smoother ones are narrower than the table is fine
        around = np.interp(fine, angles, lobe[row]) * np.cos(fine) * np.sin(fine) * 2 * math.pi
        assert abs((around[1:] + around[:-1]).sum() / 2 * (fine[1] - fine[0]) - 1) < 0.03


def test_no_surface_sends_back_more_than_it_gets_and_rougher_ones_lose_more_in_one_reflection() -> None:
    tables = make_tables(())
    assert tables.lobe.shape == (0, NUM_ROUGHNESSES, NUM_HALVES)
    assert (tables.sky >= 0).all() and (tables.sky <= 1.001).all()
    assert (tables.sky[..., 1:] <= tables.sky[..., :1] + 1e-6).all()  # of Fresnel 1 there is most
    assert tables.mean[0] > 0.98 and (np.diff(tables.mean) < 1e-3).all() and 0.4 < tables.mean[-1] < 0.7
