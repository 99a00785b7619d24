"""The profile's `render` section on its way from a stage or a command to the engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSettings:
    """How a clip is looked at: what draws, how large, from where. rigmill/config/schema.py describes each field."""

    engine: str
    samples: int
    max_samples: int | None = None
    denoise: bool
    min_agreement: float = 0.0
    width_px: int
    height_px: int
    azimuths_deg: tuple[float, ...]
    elevation_deg: float
    field_of_view_deg: float
    margin: float

    @property
    def num_views(self) -> int:
        return len(self.azimuths_deg)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderSettings(ViewSettings):
    """The whole section: views, and what is made of them."""

    masks: bool = False
    background: tuple[int, int, int]
    min_coverage: float
    max_drawn_joints: int
    turn_markers: bool = False
    joint_radius_px: float
    rgb_crf: int
    pose_crf: int
    keyframe_interval: int
    max_round_trip_px: float | None = None
    min_usable_share: float = 0.7

    def to_json(self) -> dict[str, Any]:
        """The section as the profile dumps it."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The settings of a section; what it leaves out is as in the schema."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"the render section has no {', '.join(sorted(unknown))}")
        known: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        return cls(**known)
