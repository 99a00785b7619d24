"""What a pose map means, as numbers that travel with a model: who has it can draw its conditions and read its maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from rigmill.posemaps.markers import SIZES, choose_drawn_with_markers, with_markers
from rigmill.posemaps.posemap import BACKGROUND, FIXED_MARGIN, LINE, SPACING_RADII, assign_colours, radius_for
from rigmill.posemaps.shifts import Shifts
from rigmill.types import Bools, Bytes, Floats, Motion, Rig, Row

PALETTE_RULE = "farthest-of-18-levels/1"  # rigmill.posemaps.posemap.palette; another rule gets another name
COLOUR_RULE = "unlike-when-near-at-rest/1"  # assign_colours
DRAWN_RULE = "roots-and-long-chains-first/1"  # choose_drawn_with_markers
# The constants of rigmill.posemaps.shifts, and whether the body's way is told apart.
SHIFT_RULES: Mapping[str, bool] = {"asinh-of-4-px-from-grey-152/1": False, "the-body-by-the-ground/1": True}
SHIFT_RULE = "the-body-by-the-ground/1"


@dataclass(frozen=True, slots=True)
class PoseMapDefinition:
    """How maps of `drawn_height_px` lines are drawn: which joints, in which colours, with which discs."""

    drawn_height_px: int  # lines of the picture in which the drawn set and the discs are chosen
    radius_px: float  # of a disc, in that picture
    max_joints: int
    markers: bool  # whether turn markers are joints of the map
    marker_sizes: tuple[float, ...] = SIZES  # least and largest distance of a marker, of the rig's largest side
    marked_joints: int | None = None  # rigs with more joints of their own have no markers; None: all have
    # None: discs are where joints are. Else they stay where joints are at rest, and their colours say how far from
    # there these are, at most so many pixels: shift maps (shifts.py), which a model draws and nobody else is shown.
    shift_px: float | None = None
    shift_rule: str = SHIFT_RULE
    spacing_radii: float = SPACING_RADII  # discs nearer than this in every rest view are not both drawn
    background: tuple[int, ...] = BACKGROUND
    line: tuple[int, ...] = LINE
    fixed_margin: float = FIXED_MARGIN  # how much farther colours are from these two than from each other
    palette_rule: str = PALETTE_RULE
    colour_rule: str = COLOUR_RULE
    drawn_rule: str = DRAWN_RULE

    @classmethod
    def of_render(cls, *, height_px: int, joint_radius_px: float, max_joints: int, markers: bool) -> PoseMapDefinition:
        """Of maps as the render stage draws them."""
        return cls(height_px, radius_for(joint_radius_px, height_px), max_joints, markers)

    def to_row(self) -> Row:
        """As JSON; shift maps' part only where they are asked for, so that rows are those of before there were any."""
        row = asdict(self)
        return row if self.shift_px is not None else {key: row[key] for key in row if not key.startswith("shift_")}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> PoseMapDefinition:
        """The definition; a ValueError where it names a rule that this version does not know."""
        values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        found = cls(**values)
        free = ("drawn_height_px", "radius_px", "max_joints", "markers", "marker_sizes", "marked_joints", "shift_px")
        known = cls(**{name: getattr(found, name) for name in free})
        if found.shift_rule in SHIFT_RULES:
            known = replace(known, shift_rule=found.shift_rule)
        odd = [name for name in asdict(known) if getattr(found, name) != getattr(known, name)]
        if odd:
            raise ValueError(f"pose maps of another kind: {odd[0]} is {getattr(found, odd[0])}")
        return found

    @property
    def shifts(self) -> Shifts | None:
        """How its shift maps tell; None: they are none."""
        return None if self.shift_px is None else Shifts(self.shift_px, apart=SHIFT_RULES[self.shift_rule])

    def marks(self, num_joints: int) -> bool:
        """Whether a rig of so many joints of its own has markers in these maps."""
        return self.markers and (self.marked_joints is None or num_joints <= self.marked_joints)

    def marked(self, rig: Rig, motion: Motion) -> tuple[Rig, Motion]:
        """The rig with the turn markers of these maps after its own joints, and its motion with them."""
        least, most = self.marker_sizes
        return with_markers(rig, motion, sizes=(least, most))

    def drawn(self, rig: Rig, num_markers: int, rest_joints_px: Floats) -> Bools:
        """The joints (J,) that maps show, of a rig whose rest joints (V, J, 2) are at `drawn_height_px`."""
        return choose_drawn_with_markers(
            rig, num_markers, rest_joints_px, radius_px=self.radius_px, max_joints=self.max_joints
        )

    def colours(self, rest_joints_px: Floats, drawn: Bools) -> Bytes:
        """Their colours (J, 3)."""
        return assign_colours(rest_joints_px, drawn)
