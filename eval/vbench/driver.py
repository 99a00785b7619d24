"""Runs in VBench's own environment, never in rigmill's: `PYTHON driver.py about DIMENSION...`, `... run JOB DIMENSION`.

It stands alone: nothing of rigmill can be imported there, and Python may be older. What it imports is not a package of
this project, so it is asked for by name.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from typing import Any

I2V_SUBJECT = "i2v_subject"  # not among the dimensions that the packaged VBench takes other people's videos for


def about(dimensions: list[str]) -> None:
    """What is installed here, and for which dimensions something is not, as a line of JSON."""
    found: dict[str, Any] = {"python": platform.python_version(), "versions": {}, "cuda": False, "cannot": {}}
    metadata = importlib.import_module("importlib.metadata")
    for name in ("vbench", "torch", "torchvision"):
        try:
            found["versions"][name] = metadata.version(name)
        except Exception:  # not there, in whatever way this Python says so
            found["versions"][name] = None
    for dimension in dimensions:
        try:
            importlib.import_module(_module(dimension))
        except Exception as error:  # a package without another, a driver that is too old: all is said
            found["cannot"][dimension] = "{}: {}".format(type(error).__name__, error)
    try:
        found["cuda"] = bool(importlib.import_module("torch").cuda.is_available())
    except Exception:
        found["cuda"] = False
    print(json.dumps(found))


def run(folder: str, dimension: str) -> None:
    """One dimension of a job; VBench writes DIMENSION_eval_results.json, as it does for everybody."""
    with open(os.path.join(folder, "job.json"), encoding="utf-8") as file:
        job = json.load(file)
    torch = importlib.import_module("torch")
    device = torch.device(job["device"])
    results = os.path.join(folder, "unfinished")
    if dimension == I2V_SUBJECT:
        found = _i2v_subject(torch, device, job, folder)
        with open(os.path.join(results, dimension + "_eval_results.json"), "w", encoding="utf-8") as file:
            json.dump({dimension: found}, file, indent=4)
        return
    vbench = importlib.import_module("vbench").VBench(device, "", results)
    vbench.evaluate(
        videos_path=os.path.join(folder, "videos"),
        name=dimension,
        prompt_list={name: job["prompts"].get(name, "") for name in job["videos"]},
        dimension_list=[dimension],
        local=True,
        mode="custom_input",
    )


def _i2v_subject(torch: Any, device: Any, job: dict[str, Any], folder: str) -> list[Any]:
    """VBench's own function on pairs of an input picture and a video."""
    module = importlib.import_module(_module(I2V_SUBJECT))
    cache = os.environ["VBENCH_CACHE_DIR"]
    code = os.path.join(cache, os.path.dirname(job["dino_code"]))
    model = torch.hub.load(code, "dino_vitb16", source="local", pretrained=False)
    weights = torch.load(os.path.join(cache, job["dino_weights"]), map_location="cpu")
    model.load_state_dict(weights, strict=True)
    model.to(device).eval()
    pairs = [
        (os.path.join(folder, "inputs", os.path.splitext(name)[0] + ".png"), os.path.join(folder, "videos", name))
        for name in job["videos"]
    ]
    with torch.no_grad():
        mean, each = module.i2v_subject(model, pairs, device)
    each = [dict(one, video_results=float(one["video_results"])) for one in each]
    return [float(mean), each]


def _module(dimension: str) -> str:
    return "vbench2_beta_i2v.i2v_subject" if dimension == I2V_SUBJECT else "vbench." + dimension


if __name__ == "__main__":
    sys.path.pop(0)  # this folder has modules of other names; none of them is meant
    if sys.argv[1] == "about":
        about(sys.argv[2:])
    else:
        run(sys.argv[2], sys.argv[3])
