"""A cabinet with a hinged door and a drawer: the door turns about its hinge, the drawer slides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from render.blender.procedural.character import Character, Colours, cycle, dab, palette, take
from render.blender.procedural.rig import Bone, Skeleton, Take, about, point
from render.blender.procedural.shapes import Paint, Shell, box
from rigmill.types import Floats

FINISHES: tuple[tuple[str, Colours], ...] = (
    (
        "Oak",
        palette(
            wood="#b88047",
            door="#dba866",
            drawer="#8c572e",
            left="#40809e",
            right="#bf5c3d",
            inside="#e6cc9e",
            metal="#333338",
            back="#736b61",
        ),
    ),
    (
        "White",
        palette(
            wood="#e0ded4",
            door="#4c9485",
            drawer="#e09e4c",
            left="#db8085",
            right="#6b80b8",
            inside="#b89975",
            metal="#bf9e40",
            back="#998c80",
        ),
    ),
    (
        "Walnut",
        palette(
            wood="#6b452e",
            door="#94613d",
            drawer="#b89e66",
            left="#5c854c",
            right="#9e4c66",
            inside="#ccad85",
            metal="#d9ccb2",
            back="#4c423d",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Outer size and layout, metres. The drawer sits above or below the door; the hinge is at +X or -X."""

    width: float
    depth: float
    height: float
    drawer: float  # height of its opening
    drawer_on_top: bool
    hinge: float  # +1: at the cabinet's left (+X)
    foot: float = 0.08
    board: float = 0.028

    @property
    def front(self) -> float:
        return -self.depth / 2

    def opening(self, drawer: bool) -> tuple[float, float]:
        """Lower and upper z of the drawer's or the door's opening."""
        low, high = self.foot + self.board, self.height - self.board
        if self.drawer_on_top:
            split = high - self.drawer
            return (split, high) if drawer else (low, split - self.board)
        split = low + self.drawer
        return (low, split) if drawer else (split + self.board, high)


def cabinet(variant: int, random: np.random.Generator) -> Character:
    """Even variants: drawer on top, hinge at +X; odd ones the other way round, taller."""
    name, finish = FINISHES[variant % len(FINISHES)]
    odd = variant % 2
    scale = 1 + 0.07 * random.uniform(-1, 1, size=4)
    plan = Plan(
        width=(0.78 if odd else 0.92) * scale[0],
        depth=0.50 * scale[1],
        height=(1.30 if odd else 1.02) * scale[2],
        drawer=(0.30 if odd else 0.24) * scale[3],
        drawer_on_top=not odd,
        hinge=-1.0 if odd else 1.0,
    )
    skeleton = _skeleton(plan)
    swing, pull = 100 + 8 * random.uniform(-1, 1), 0.66 + 0.06 * random.uniform(-1, 1)
    return Character(
        title=f"{name} cabinet with a door and a drawer",
        tags=("furniture", "cabinet", "articulated"),
        skeleton=skeleton,
        shells=tuple(_shells(plan, skeleton, finish)),
        takes=(_open_door(plan, swing), _pull_drawer(plan, pull)),
    )


def _skeleton(plan: Plan) -> Skeleton:
    """The handles are joints of their own, so that a moving door or drawer shows in the joints' positions."""
    (door_low, door_high), (drawer_low, drawer_high) = plan.opening(False), plan.opening(True)
    hinge_x, front = plan.hinge * (plan.width / 2 - plan.board), plan.front
    door_z, drawer_z = (door_low + door_high) / 2, (drawer_low + drawer_high) / 2
    knob = point(-plan.hinge * (plan.width / 2 - plan.board - 0.07), front - 0.02, door_z)
    hinge, slot = point(hinge_x, front, door_z), point(0, plan.depth * 0.1, drawer_z)
    grip = point(0, front - 0.02, drawer_z)
    return Skeleton(
        (
            Bone("Body", None, point(0, 0, 0), point(0, 0, 0.4 * plan.height)),
            Bone("Door", "Body", hinge, knob),
            Bone("DoorHandle", "Door", knob, knob + point(0, -0.08, 0)),
            Bone("Drawer", "Body", slot, grip),
            Bone("DrawerHandle", "Drawer", grip, grip + point(0, -0.08, 0)),
        )
    )


def _grain(colours: Colours, name: str, *, along: int = 2, panel: tuple[Floats, Floats] | None = None) -> Paint:
    """Wood with grain along an axis; `panel` frames the front (-Y) face between two corners with a darker line."""

    def paint(points: Floats, normals: Floats) -> Floats:
        one, two = [axis for axis in range(3) if axis != along]
        rings = points[:, one] * 70 + 0.5 * np.sin(points[:, along] * 6 + 9 * points[:, one]) + 41 * points[:, two]
        shade = 1 + 0.07 * np.sin(rings) + 0.03 * np.sin(2.7 * rings + 4 * points[:, along])
        colour = np.array(colours[name]) * shade[:, None]
        if panel is not None:
            low, high = panel
            edge = np.minimum(
                np.minimum(points[:, 0] - low[0], high[0] - points[:, 0]),
                np.minimum(points[:, 2] - low[2], high[2] - points[:, 2]),
            )
            dab(colour, (normals[:, 1] < -0.5) & (abs(edge - 0.055) < 0.009), 0.55 * np.array(colours[name]))
            dab(colour, normals[:, 1] > 0.5, colours["inside"])
        return colour

    return paint


def _side(colours: Colours, name: str, outward: float) -> Paint:
    grain, inner = _grain(colours, name), _grain(colours, "inside")

    def paint(points: Floats, normals: Floats) -> Floats:
        outer = normals[:, :1] * outward > 0.5
        return np.where(outer, grain(points, normals), inner(points, normals))

    return paint


def _shells(plan: Plan, skeleton: Skeleton, colours: Colours) -> list[Shell]:
    w, t, front, back = plan.width / 2, plan.board, plan.front, plan.depth / 2
    rigid = {name: row for name, row in zip(skeleton.names, np.eye(len(skeleton.names)))}
    shells: list[Shell] = []

    def add(bone: str, low: tuple[float, float, float], high: tuple[float, float, float], paint: Paint) -> None:
        shells.append(box(point(*low), point(*high), rigid[bone], paint))

    wood, inside, metal = _grain(colours, "wood", along=0), _grain(colours, "inside", along=0), _grain(colours, "metal")
    bottom = plan.foot
    for sign, name in ((1.0, "left"), (-1.0, "right")):
        add(
            "Body",
            (min(sign * w, sign * (w - t)), front, bottom),
            (max(sign * w, sign * (w - t)), back, plan.height - t),
            _side(colours, name, sign),
        )
        for y in (front + 0.02, back - 0.08):
            foot = sign * (w - 0.05)
            add("Body", (foot - 0.03, y, 0), (foot + 0.03, y + 0.06, bottom), metal)
    add("Body", (-w - 0.015, front - 0.03, plan.height - t), (w + 0.015, back, plan.height), wood)
    add("Body", (-w + t, front, bottom), (w - t, back, bottom + t), wood)
    split = plan.opening(True)[0] - t if plan.drawer_on_top else plan.opening(True)[1]
    add("Body", (-w + t, front, split), (w - t, back - 0.012, split + t), wood)
    add("Body", (-w + t, back - 0.012, bottom + t), (w - t, back, plan.height - t), _back(colours))
    low, high = plan.opening(False)
    add("Body", (-w + t, front + 0.08, (low + high) / 2 - 0.01), (w - t, back - 0.012, (low + high) / 2 + 0.01), inside)

    gap = 0.004
    panel = (point(-w + t + gap, front - 0.004, low + gap), point(w - t - gap, front + t - 0.004, high - gap))
    shells.append(box(*panel, rigid["Door"], _grain(colours, "door", panel=panel)))
    knob, grip = skeleton["DoorHandle"].head, skeleton["DrawerHandle"].head
    add(
        "DoorHandle",
        (knob[0] - 0.016, knob[1] - 0.035, knob[2] - 0.075),
        (knob[0] + 0.016, front - 0.004, knob[2] + 0.075),
        metal,
    )

    low, high = plan.opening(True)
    face = (point(-w + t + gap, front - 0.004, low + gap), point(w - t - gap, front + t - 0.004, high - gap))
    shells.append(box(*face, rigid["Drawer"], _grain(colours, "drawer", along=0, panel=face)))
    inner, deep, top = w - t - 0.02, back - 0.03, low + 0.72 * (high - low)
    for sign in (1.0, -1.0):
        add(
            "Drawer",
            (min(sign * inner, sign * (inner - 0.014)), front + t - 0.004, low + 0.012),
            (max(sign * inner, sign * (inner - 0.014)), deep, top),
            inside,
        )
    between = inner - 0.014
    add("Drawer", (-between, deep - 0.014, low + 0.012), (between, deep, top), inside)
    add("Drawer", (-between, front + t - 0.004, low + 0.014), (between, deep - 0.014, low + 0.028), inside)
    add(
        "DrawerHandle",
        (grip[0] - 0.11, grip[1] - 0.035, grip[2] - 0.016),
        (grip[0] + 0.11, front - 0.004, grip[2] + 0.016),
        metal,
    )
    return shells


def _back(colours: Colours) -> Paint:
    grain, inner = _grain(colours, "back"), _grain(colours, "inside")

    def paint(points: Floats, normals: Floats) -> Floats:
        colour = np.where(normals[:, 1:2] > 0.5, grain(points, normals), inner(points, normals))
        crossed = abs(abs(points[:, 0]) - 0.6 * abs(points[:, 2] - points[:, 2].mean())) < 0.018
        dab(colour, (normals[:, 1] > 0.5) & crossed, colours["wood"])
        return colour

    return paint


def _open_door(plan: Plan, swing_deg: float) -> Take:
    opened = 0.5 - 0.5 * np.cos(cycle(1))
    return take("open the door", {"Door": about("z", plan.hinge * swing_deg * opened)})


def _pull_drawer(plan: Plan, share: float) -> Take:
    opened = 0.5 - 0.5 * np.cos(cycle(1))
    shift = np.zeros((len(opened), 3))
    shift[:, 1] = -share * plan.depth * opened
    return take("pull out the drawer", {}, {"Drawer": shift})
