"""What VBench 0.1.5 can be asked here, and which files each dimension reads from its cache."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Dimension(StrEnum):
    """By VBench's own names."""

    I2V_SUBJECT = "i2v_subject"
    MOTION_SMOOTHNESS = "motion_smoothness"
    DYNAMIC_DEGREE = "dynamic_degree"
    AESTHETIC_QUALITY = "aesthetic_quality"
    OVERALL_CONSISTENCY = "overall_consistency"
    IMAGING_QUALITY = "imaging_quality"

    @property
    def metric(self) -> str:
        """The name of its metric."""
        return f"vbench.{self.value}"


PROTOCOLS = {
    "animax": (
        Dimension.I2V_SUBJECT,
        Dimension.MOTION_SMOOTHNESS,
        Dimension.DYNAMIC_DEGREE,
        Dimension.AESTHETIC_QUALITY,
    ),
    "animamimic": (Dimension.AESTHETIC_QUALITY, Dimension.OVERALL_CONSISTENCY, Dimension.IMAGING_QUALITY),
}


@dataclass(frozen=True, slots=True)
class Need:
    """One file of VBench's cache, and how it comes there: shell words with {path}, {folder} and {parent}."""

    path: str  # below the cache
    about_mb: float  # what others say that it has; a number stored with results is its digest, not this
    fetch: str
    sha256: str = ""  # how it begins, where its authors say so


def _wget(path: str, about_mb: float, url: str, sha256: str = "") -> Need:
    return Need(path, about_mb, f"wget -O {{path}} {url}", sha256)


_CLIP = "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"
_VICLIP = "https://huggingface.co/OpenGVLab/VBench_Used_Models/resolve/main/ViClip-InternVid-10M-FLT.pth"
DINO_CODE = "dino_model/facebookresearch_dino_main/hubconf.py"
DINO_WEIGHTS = "dino_model/dino_vitbase16_pretrain.pth"
_VIT_L = _wget(
    "clip_model/ViT-L-14.pt", 890, f"https://openaipublic.azureedge.net/clip/models/{_CLIP}/ViT-L-14.pt", _CLIP
)

NEEDS: dict[Dimension, tuple[Need, ...]] = {
    Dimension.I2V_SUBJECT: (
        Need(DINO_CODE, 0.1, "git clone https://github.com/facebookresearch/dino {folder}"),
        _wget(
            DINO_WEIGHTS, 343, "https://dl.fbaipublicfiles.com/dino/dino_vitbase16_pretrain/dino_vitbase16_pretrain.pth"
        ),
    ),
    Dimension.MOTION_SMOOTHNESS: (
        _wget("amt_model/amt-s.pth", 12, "https://huggingface.co/lalala125/AMT/resolve/main/amt-s.pth"),
    ),
    Dimension.DYNAMIC_DEGREE: (
        Need(
            "raft_model/models/raft-things.pth",
            21,
            "wget -O {folder}.zip https://dl.dropboxusercontent.com/s/4j4z58wuv8o0mfz/models.zip && "
            "unzip -d {parent} {folder}.zip",
        ),
    ),
    Dimension.AESTHETIC_QUALITY: (
        _VIT_L,
        _wget(
            "aesthetic_model/emb_reader/sa_0_4_vit_l_14_linear.pth",
            0.004,
            "'https://github.com/LAION-AI/aesthetic-predictor/blob/main/sa_0_4_vit_l_14_linear.pth?raw=true'",
        ),
    ),
    Dimension.OVERALL_CONSISTENCY: (
        _wget("ViCLIP/ViClip-InternVid-10M-FLT.pth", 1700, _VICLIP),
        _wget(
            "ViCLIP/bpe_simple_vocab_16e6.txt.gz",
            1.4,
            "https://raw.githubusercontent.com/openai/CLIP/main/clip/bpe_simple_vocab_16e6.txt.gz",
        ),
    ),
    Dimension.IMAGING_QUALITY: (
        _wget(
            "pyiqa_model/musiq_spaq_ckpt-358bb6af.pth",
            109,
            "https://github.com/chaofengc/IQA-PyTorch/releases/download/v0.1-weights/musiq_spaq_ckpt-358bb6af.pth",
            "358bb6af",
        ),
    ),
}


def needs_of(dimensions: Iterable[Dimension]) -> tuple[Need, ...]:
    """The files of several dimensions, each once."""
    return tuple(dict.fromkeys(need for dimension in dimensions for need in NEEDS[dimension]))
