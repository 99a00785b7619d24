"""An interpreter with a package `vbench` that has the real one's calls and files, and numbers of its own making.

The driver that runs in it is the real one. What VBench's dimensions do with their weights is all that is not.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from eval.vbench.dimensions import NEEDS, Dimension

_METADATA = "Metadata-Version: 2.1\nName: vbench\nVersion: {version}\n"

# As vbench/__init__.py of 0.1.5: custom input from a folder, prompts by file name, one result file a call.
_VBENCH = """
import json, os

CACHE_DIR = os.environ["VBENCH_CACHE_DIR"]

class VBench(object):
    def __init__(self, device, full_info_dir, output_path):
        self.device, self.full_info_dir, self.output_path = device, full_info_dir, output_path
        os.makedirs(self.output_path, exist_ok=True)

    def evaluate(self, videos_path, name, prompt_list=[], dimension_list=None, local=False, read_frame=False,
                 mode="vbench_standard", **kwargs):
        assert mode == "custom_input" and local and not read_frame
        files = [file for file in os.listdir(videos_path) if file.endswith(".mp4")]
        assert set(prompt_list) == set(files)
        results = {}
        for dimension in dimension_list:
            if dimension == os.environ.get("STUB_FAILS"):
                raise RuntimeError("CUDA out of memory, as far as one can tell")
            each = []
            for file in files:
                size = os.path.getsize(os.path.realpath(os.path.join(videos_path, file)))
                value = VALUE[dimension](size, prompt_list[file])
                each.append({"video_path": os.path.join(videos_path, file), "video_results": value})
            mean = sum(float(one["video_results"]) for one in each) / len(each)
            results[dimension] = [mean / 100 if dimension == "imaging_quality" else mean, each]
        with open(os.path.join(self.output_path, name + "_eval_results.json"), "w") as file:
            json.dump(results, file, indent=4)

VALUE = {
    "motion_smoothness": lambda size, prompt: 1 - size / 1e6,
    "dynamic_degree": lambda size, prompt: size % 2 == 0,
    "aesthetic_quality": lambda size, prompt: size / 1e5,
    "overall_consistency": lambda size, prompt: len(prompt) / 100,
    "imaging_quality": lambda size, prompt: 100 * size / 1e5,
}
"""
# As vbench2_beta_i2v/i2v_subject.py: a model, pairs of an input picture and a video, a device.
_I2V = """
import os

def i2v_subject(model, video_pair_list, device):
    results = []
    for image_path, video_path in video_pair_list:
        assert open(image_path, "rb").read(4) == b"\\x89PNG" and os.path.isfile(video_path)
        value = float(model.weight.sum()) + os.path.getsize(image_path) / 1e6
        results.append({"image_path": image_path, "video_path": video_path, "video_results": value})
    return sum(one["video_results"] for one in results) / len(results), results
"""
# As hubconf.py of facebookresearch/dino: a function of the model's name, weights or none.
_DINO = """
import torch

def dino_vitb16(pretrained=True, **kwargs):
    assert not pretrained
    return torch.nn.Linear(2, 1, bias=False)
"""
# What the driver needs of torch for all dimensions but I2V Subject, quickly imported.
_TORCH = """
class cuda:
    is_available = staticmethod(lambda: False)

device = str
"""


@dataclass(frozen=True, slots=True)
class StubVbench:
    """Where it is."""

    python: Path
    cache: Path


def stub_vbench(
    folder: Path, *, version: str = "0.1.5", without: tuple[str, ...] = (), real_torch: bool = False
) -> StubVbench:
    """An interpreter, and a cache with every file that VBench reads. `without`: modules that cannot be imported."""
    site = folder / "site"
    if not real_torch:
        _write(site / "torch.py", _TORCH)
    for dimension in (
        "motion_smoothness",
        "dynamic_degree",
        "aesthetic_quality",
        "overall_consistency",
        "imaging_quality",
    ):
        body = f"raise ImportError('no module named {dimension}_of_others')" if dimension in without else ""
        _write(site / "vbench" / f"{dimension}.py", body)
    _write(site / "vbench/__init__.py", _VBENCH)
    _write(site / "vbench2_beta_i2v/__init__.py", "")
    _write(site / "vbench2_beta_i2v/i2v_subject.py", _I2V)
    _write(site / f"vbench-{version}.dist-info/METADATA", _METADATA.format(version=version))
    python = folder / "python"
    _write(python, f'#!/bin/sh\nPYTHONPATH="{site}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    cache = folder / "cache"
    for need in (need for dimension in Dimension for need in NEEDS[dimension]):
        _write(cache / need.path, f"the weights of {need.path}")
    _write(cache / "dino_model/facebookresearch_dino_main/hubconf.py", _DINO)
    torch.save({"weight": torch.tensor([[0.25, 0.5]])}, cache / "dino_model/dino_vitbase16_pretrain.pth")
    return StubVbench(python, cache)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
