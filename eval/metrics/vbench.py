"""The names under which numbers of the real VBench stand; `eval.vbench` makes them, nothing else does."""

from __future__ import annotations

from eval.metrics.metric import Better, Metric

VERSION = "0.1.5"
_SAYS = {
    "i2v_subject": ("I2V Subject", Better.HIGHER, "likeness of frames to the input picture and to each other, by DINO"),
    "motion_smoothness": ("Motion Smoothness", Better.HIGHER, "how well AMT-S foretells every second frame"),
    "dynamic_degree": ("Dynamic Degree", Better.NEITHER, "share of videos that move, by RAFT's flow"),
    "aesthetic_quality": ("Aesthetic Quality", Better.HIGHER, "LAION's aesthetic score by CLIP's features"),
    "overall_consistency": ("Overall Consistency", Better.HIGHER, "likeness of video and prompt, by ViCLIP"),
    "imaging_quality": ("Imaging Quality", Better.HIGHER, "MUSIQ's score of frames, trained on SPAQ"),
}

METRICS = tuple(
    Metric(f"vbench.{name}", label, "", better, f"VBench's: {says}", "vbench", f"VBench {VERSION}")
    for name, (label, better, says) in _SAYS.items()
)
