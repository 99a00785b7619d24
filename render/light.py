"""The light that every clip is drawn in."""

from __future__ import annotations

from render.raster.types import Light, Sun

# Even light from everywhere shows all four sides; the suns, weaker, give shape without a dark back.
LIGHT = Light(
    ambient=(0.6, 0.6, 0.6),
    suns=(Sun((0.5, -0.8, 1.3), strength=1.5, angle_deg=20.0), Sun((-0.6, 0.9, 1.0), strength=0.7, angle_deg=20.0)),
)
