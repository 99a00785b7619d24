"""What compiled code reads and writes, in groups of arrays that belong together.

K triangles, N corners, V vertices, L UV layers, M looks, T textures, S suns; a view shows h x w pixels.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from rigmill.types import Bytes, Floats, Ints


class Mesh(NamedTuple):
    """Everything of a subject's triangles that does not move."""

    triangles: Annotated[Ints, "int32[:, ::1]"]  # (K, 3), into vertices
    corners: Annotated[Ints, "int32[:, ::1]"]  # (K, 3), into what is stored per corner
    look: Annotated[Ints, "int32[::1]"]  # (K,)
    uvs: Annotated[Floats, "float32[:, :, ::1]"]  # (L, N, 2)
    colours: Annotated[Floats, "float32[:, ::1]"]  # (N, 4), linear


class Materials(NamedTuple):
    """Looks and their textures; pack.py has the columns."""

    numbers: Annotated[Floats, "float32[:, ::1]"]  # (M, NUM_NUMBERS)
    choices: Annotated[Ints, "int32[:, ::1]"]  # (M, NUM_CHOICES), textures by index, -1 for none
    texels: Annotated[Ints, "uint32[::1]"]  # (B,), all levels of all textures, red in the lowest byte
    places: Annotated[Ints, "int64[:, :, ::1]"]  # (T, MAX_LEVELS, 3): offset in texels, width, height
    kinds: Annotated[Ints, "int32[:, ::1]"]  # (T, NUM_KINDS)
    turns: Annotated[Floats, "float32[:, ::1]"]  # (T, 6)
    decode: Annotated[Floats, "float32[::1]"]  # linear values of encoded ones, see DECODE_STEPS


class Tables(NamedTuple):
    """How surfaces reflect, see brdf.py; over cos(view) 0..1 and roughness 0..1, ends included."""

    # (roughness, cos view, 3): of an even white sky, what is reflected with Fresnel 1, with the dielectric's
    # Fresnel curve (0 facing, 1 grazing) and with Schlick's.
    sky: Annotated[Floats, "float32[:, :, ::1]"]
    mean: Annotated[Floats, "float32[::1]"]  # (roughness,): the first over all views, weighted by the cosine
    # (S, roughness, angle of the half vector): the GGX distribution averaged over a sun's disc
    lobe: Annotated[Floats, "float32[:, :, ::1]"]
    curve: float  # the dielectric's curve averaged over the hemisphere


class Lights(NamedTuple):
    """The light, and what surfaces do with it."""

    ambient: Annotated[Floats, "float64[::1]"]  # (3,)
    hidden: Annotated[Floats, "float64[::1]"]  # (3,): on what hides the sky from others
    suns: Annotated[Floats, "float64[:, ::1]"]  # (S, 5): direction to the sun, strength, sine of its radius
    tables: Tables


class Around(NamedTuple):
    """What a frame's subject looks like from the sky and the suns, see occlusion.py."""

    top: Annotated[Ints, "int16[:, :, ::1]"]  # (maps, P, P): the highest surface, in texels / STEPS
    bottom: Annotated[Ints, "int16[:, :, ::1]"]  # (SKY_PAIRS, P, P): the lowest
    to_map: Annotated[Floats, "float64[:, :, ::1]"]  # (maps, 3, 4): world to column and row in texels, and height
    lift: float  # world: OFFSET_TEXELS


class Frame(NamedTuple):
    """The subject in one frame: what all its views share."""

    vertices: Annotated[Floats, "float32[:, ::1]"]  # (V, 3) world
    normals: Annotated[Floats, "float32[:, ::1]"]  # (N, 3) world, unit
    faces: Annotated[Floats, "float32[:, ::1]"]  # (K, 3) unit, by the order of the vertices; 0 where there is none
    mean_colour: Annotated[Floats, "float64[::1]"]  # (3,), over the area
    around: Around


class View(NamedTuple):
    """A frame as a camera sees it."""

    screen: Annotated[Floats, "float32[:, ::1]"]  # (V, 3): pixels and 1 / depth, which is 0 for what is not drawn
    origin: Annotated[Ints, "int32[::1]"]  # (2,): the column and row that drawing begins with
    eye: Annotated[Floats, "float64[::1]"]  # (3,) world
    frame: Frame


class Layer(NamedTuple):
    """What is nearest, for each sample."""

    near: Annotated[Floats, "float32[:, :, ::1]"]  # (4, h, w): 1 / depth, 0 where nothing is
    ids: Annotated[Ints, "int32[:, :, ::1]"]  # (4, h, w): the triangle, -1 where there is none


class Culling(NamedTuple):
    """Which of the triangles are not drawn, and where."""

    limit: Annotated[Floats, "float32[:, :, ::1]"]  # (4, h, w): 1 / depth that must be less; without rows: none
    tiles: Annotated[Floats, "float32[:, ::1]"]  # of `find_tiles`: what is behind all of its tiles; or without rows
    facing: int  # 1 or -1: only those whose corners go one way round on the screen; 0: all


class Fragments(NamedTuple):
    """Parts of pixels that show one surface, in the order of the pixels."""

    pixels: Annotated[Ints, "int32[::1]"]  # row * width + column
    triangles: Annotated[Ints, "int32[::1]"]
    spots: Annotated[Floats, "float32[:, ::1]"]  # (.., 2): the place on the screen, from the view's origin
    masks: Annotated[Bytes, "uint8[::1]"]  # samples, a bit each


class Spots(NamedTuple):
    """Where maps are looked up for `num` fragments, several of which share a spot; see openness.py."""

    blocks: Annotated[Ints, "int32[:, :, ::1]"]  # (rows, columns, SURFACES): the latest spots of a block, at first -1
    members: Annotated[Ints, "int32[::1]"]  # (num,): each fragment's spot
    leaders: Annotated[Ints, "int32[::1]"]  # (num,): each spot's first fragment
    places: Annotated[Floats, "float64[:, ::1]"]  # (num, NUM_SPOT)
    raw: Annotated[Floats, "float32[:, ::1]"]  # (num, 2 + S), before smoothing
    lit: Annotated[Floats, "float32[:, ::1]"]  # (num, 7): a plain surface's light there, and its look + 1; at first 0
    openness: Annotated[Floats, "float32[:, ::1]"]  # (num, 1 + S): the shares of the sky and of each sun that it sees


class Shaded(NamedTuple):
    """The light that fragments send."""

    light: Annotated[Floats, "float32[:, ::1]"]  # (num, 4): linear RGB and alpha
    prepared: Annotated[Floats, "float64[:, ::1]"]  # (4, NUM_PREPARED): the textures of the triangle at hand


class Outlines(NamedTuple):
    """What covers the pixel at hand."""

    points: Annotated[Floats, "float64[:, ::1]"]  # (2, NUM_POINTS): columns and rows around a pixel's centre
    covered: Annotated[Bytes, "uint8[::1]"]  # (NUM_POINTS,)
    around: Annotated[Ints, "int32[::1]"]  # (MOST_TRIANGLES,)
    before: Annotated[Floats, "float32[::1]"]  # (P,): alpha of all pixels as it was
