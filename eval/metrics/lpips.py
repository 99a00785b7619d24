"""LPIPS 0.1 (AlexNet), where its two weight files are given in a folder; no package brings the first of them.

Zhang and others, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from eval.metrics.metric import Better, Metric
from eval.metrics.weights import Unavailable, read_weights
from rigmill.types import Bytes

NAME = "lpips.alex"
BACKBONE, HEADS = "alexnet-owt-7be5be79.pth", "alex.pth"
# torchvision names files by how their digests begin; the heads are those of the package lpips 0.1.4, weights/v0.1.
BACKBONE_SHA256 = "7be5be79"
HEADS_SHA256 = "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"
WHERE_FROM = {
    BACKBONE: f"https://download.pytorch.org/models/{BACKBONE}",
    HEADS: "the wheel of lpips==0.1.4 on PyPI, lpips/weights/v0.1/alex.pth",
}

METRICS = (
    Metric(
        NAME,
        "LPIPS (Alex)",
        "",
        Better.LOWER,
        "learned perceptual distance of pictures to the true body's, as they are drawn",
        backend="lpips",
        comparable_to="LPIPS 0.1, AlexNet",
    ),
)

_CONVOLUTIONS = ((0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1))  # place in the network, stride, padding
_POOLED_BEFORE = (3, 6)
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_BATCH = 32


class Lpips:
    """The distance, by the weight files of a folder. Raises Unavailable, which names each file that is not there."""

    def __init__(
        self, folder: Path, *, backbone_sha256: str = BACKBONE_SHA256, heads_sha256: str = HEADS_SHA256
    ) -> None:
        missing = [name for name in WHERE_FROM if not (folder / name).is_file()]
        if missing:
            what = "; ".join(f"{name} (from {WHERE_FROM[name]})" for name in missing)
            raise Unavailable(f"LPIPS needs its weights in {folder}, and these are not there: {what}")
        self._backbone = read_weights(folder / BACKBONE, backbone_sha256)
        self._heads = read_weights(folder / HEADS, heads_sha256)

    def distance(self, found: Bytes, truth: Bytes) -> float:
        """The mean over pictures (..., H, W, 3) of sRGB bytes, at their own size."""
        import torch

        if found.shape != truth.shape:
            raise ValueError(f"pictures {found.shape} are held against {truth.shape}")
        pairs = [pictures.reshape(-1, *pictures.shape[-3:]) for pictures in (found, truth)]
        with torch.inference_mode():
            each = [
                self._between(*(pictures[start : start + _BATCH] for pictures in pairs))
                for start in range(0, len(pairs[0]), _BATCH)
            ]
        return float(np.concatenate(each).mean())

    def _between(self, found: Bytes, truth: Bytes) -> np.ndarray:
        total = np.zeros(len(found))
        for layer, (one, other) in enumerate(zip(self._features(found), self._features(truth))):
            weight = self._heads[f"lin{layer}.model.1.weight"]
            total += ((one - other) ** 2 * weight).sum(dim=1).mean(dim=(1, 2)).double().numpy()
        return total

    def _features(self, pictures: Bytes) -> list[Any]:
        import torch
        from torch.nn import functional

        shift, scale = (torch.tensor(values)[None, :, None, None] for values in (_SHIFT, _SCALE))
        x = (torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1 - shift) / scale
        found = []
        for place, stride, padding in _CONVOLUTIONS:
            if place in _POOLED_BEFORE:
                x = functional.max_pool2d(x, kernel_size=3, stride=2)
            weight, bias = (self._backbone[f"features.{place}.{kind}"] for kind in ("weight", "bias"))
            x = functional.relu(functional.conv2d(x, weight, bias, stride=stride, padding=padding))
            found.append(x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-10))
        return found
