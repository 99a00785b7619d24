"""Colours by the names that people give them, in families from which a seed chooses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.types import Floats


@dataclass(frozen=True, slots=True)
class Colour:
    """A named colour; rgb is sRGB in 0..1."""

    name: str
    rgb: tuple[float, float, float]

    def darker(self, share: float = 0.6) -> Colour:
        """The same hue with less light, by the same name."""
        return Colour(self.name, (self.rgb[0] * share, self.rgb[1] * share, self.rgb[2] * share))

    def lighter(self, share: float = 0.5) -> Colour:
        """The same hue nearer to white, by the same name."""
        r, g, b = (value + (1 - value) * share for value in self.rgb)
        return Colour(self.name, (r, g, b))


def colour(name: str, text: str) -> Colour:
    """A colour from '#rrggbb'."""
    r, g, b = bytes.fromhex(text[1:])
    return Colour(name, (r / 255, g / 255, b / 255))


FUR = (
    colour("brown", "#8a5a34"),
    colour("dark brown", "#4e3524"),
    colour("golden", "#d9a24a"),
    colour("grey", "#8f949c"),
    colour("black", "#2f2d33"),
    colour("white", "#e9e6df"),
    colour("ginger", "#cf7636"),
    colour("sandy", "#cdb183"),
)
BRIGHT = (
    colour("red", "#cf3434"),
    colour("blue", "#2f6fcb"),
    colour("green", "#3d9a4d"),
    colour("yellow", "#ecc13a"),
    colour("orange", "#ea8128"),
    colour("purple", "#7f4bb0"),
    colour("teal", "#1f9191"),
    colour("pink", "#e787ac"),
    colour("turquoise", "#35b8c0"),
    colour("lime", "#9cc63a"),
)
CLOTH = (
    *BRIGHT,
    colour("navy", "#2b3a69"),
    colour("white", "#e8e6e0"),
    colour("grey", "#80868d"),
    colour("khaki", "#9a8f66"),
)
SKIN = (colour("fair", "#efc3a0"), colour("tanned", "#cf9a70"), colour("brown", "#96633f"), colour("dark", "#62412c"))
HAIR = (
    colour("black", "#1f1b1d"),
    colour("brown", "#553521"),
    colour("blond", "#d9b35c"),
    colour("red", "#a8462a"),
    colour("grey", "#a5a3a0"),
)
WOOD = (
    colour("oak", "#a9743f"),
    colour("walnut", "#6a4529"),
    colour("pine", "#d3a565"),
    colour("white", "#e6e3dc"),
    colour("blue", "#4a78ac"),
    colour("green", "#5d8a66"),
    colour("red", "#a83f38"),
)
METAL = (
    colour("steel", "#8d96a0"),
    colour("dark", "#44484f"),
    colour("brass", "#c09a45"),
    colour("copper", "#b4693f"),
    colour("white", "#dcdfe2"),
    colour("yellow", "#d9b22f"),
    colour("blue", "#3f6ea8"),
    colour("red", "#b23a33"),
    colour("green", "#4f8a52"),
)
SCALES = (
    colour("green", "#5c9140"),
    colour("olive", "#7d7f3a"),
    colour("blue", "#3e79a8"),
    colour("red", "#b04a35"),
    colour("sandy", "#c4a468"),
    colour("grey", "#7d857f"),
    colour("purple", "#765490"),
)
WHITE, BLACK, DARK = colour("white", "#f4f2ec"), colour("black", "#17161a"), colour("dark", "#2c2a30")
CREAM, IVORY, PINK, GOLD = (
    colour("cream", "#efdfc0"),
    colour("ivory", "#e9dfc6"),
    colour("pink", "#d98c93"),
    colour("gold", "#d8ab3c"),
)


def pick(random: np.random.Generator, family: tuple[Colour, ...], *, other_than: tuple[Colour, ...] = ()) -> Colour:
    """One of a family by chance, never one that looks much like those of `other_than`."""
    far = [each for each in family if all(difference(each, known) > 0.25 for known in other_than)] or list(family)
    return far[int(random.integers(len(far)))]


def difference(one: Colour, other: Colour) -> float:
    """How far two colours are apart, 0..1.7."""
    return float(np.linalg.norm(np.subtract(one.rgb, other.rgb)))


def jittered(random: np.random.Generator, base: Colour, *, much: float = 0.05) -> Colour:
    """The colour a little lighter or darker and warmer or colder, by the same name."""
    light, warm = random.uniform(-much, much, size=2)
    r, g, b = base.rgb
    moved: Floats = np.clip([r + light + warm / 2, g + light, b + light - warm / 2], 0, 1)
    return Colour(base.name, (float(moved[0]), float(moved[1]), float(moved[2])))
