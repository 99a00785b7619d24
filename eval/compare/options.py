"""What a comparison is asked for: everything that its numbers depend on beside the files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from eval.bodies.draw import Protocol
from eval.metrics.icp import Icp

SCORING_VERSION = 1  # rises when the same files get other numbers
MIN_SIZE_PX, MAX_SIZE_PX = 32, 2048
MIN_POINTS, MAX_POINTS = 100, 1_000_000


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """The defaults are those that results are published with."""

    protocol: Protocol = Protocol.ANIMAX
    icp: Icp = Icp.ANISOTROPIC
    seed: int = 0
    size_px: int = 192  # the larger side of pictures
    num_points: int = 5_000  # of a surface, for Chamfer distances
    num_surfaces: int = 16  # frames that Chamfer distances look at, evenly spread: as many as ActionBench's clips have
    lpips: str | None = None  # a folder with the weights of LPIPS
    background: tuple[int, int, int] = (255, 255, 255)

    def to_row(self) -> dict[str, Any]:
        """As results store them."""
        return {
            **asdict(self),
            "protocol": self.protocol.value,
            "icp": self.icp.value,
            "background": [*self.background],
        }
