"""A study of three methods with small videos, and people who answer it by a rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from eval.study.plan import Kind, Study, Trial
from eval.study.results import FORMAT
from rigmill.clips.video import encode

METHODS, CLIPS = ("ours", "jerky", "still"), tuple(f"clip-{number}" for number in range(5))
SIZE_PX, NUM_FRAMES = 64, 8

Chooser = Callable[[Study, Trial, str], str]  # study, trial, question -> a method


def videos(folder: Path, *, size_px: int = SIZE_PX, clips: tuple[str, ...] = CLIPS) -> list[Path]:
    """METHOD/CLIP.mp4: a grey that says the clip, and a bar whose height says the method and place the frame."""
    for at, method in enumerate(METHODS):
        (folder / method).mkdir(parents=True, exist_ok=True)
        for clip in clips:
            frames = np.full((NUM_FRAMES, size_px, size_px, 3), 40 * CLIPS.index(clip) + 30, np.uint8)
            for number, frame in enumerate(frames):
                frame[: 8 * (at + 1), 4 * number : 4 * number + 8] = (250, 120, 20)
            data = encode(frames, fps=8, crf=20, pixel_format="yuv420p", keyframe_interval=8)
            (folder / method / f"{clip}.mp4").write_bytes(data)
    return [folder / method for method in METHODS]


def prefers(method: str) -> Chooser:
    """Chooses a method where it is shown, else the first of METHODS that is."""

    def choose(study: Study, trial: Trial, question: str) -> str:
        shown = [study.files[file][0] for file in trial.shown]
        return method if method in shown else min(shown, key=METHODS.index)

    return choose


def answered(study: Study, sitting: int, choose: Chooser, *, session: str = "", miss: int = 0) -> dict[str, Any]:
    """What the page would save of a person who chooses so, and misses so many checks, in their last question."""
    answers = []
    for trial in study.sittings[sitting - 1]:
        files = {study.files[file][0]: file for file in trial.shown}
        keys = [question.key for question in study.questions]
        if trial.check is None:
            answers.append({key: files[choose(study, trial, key)] for key in keys})
        else:
            answers.append(dict.fromkeys(keys, trial.shown[trial.check]))
            if miss > 0:
                answers[-1][keys[-1]], miss = trial.shown[trial.check - 1], miss - 1
    return {
        "format": FORMAT,
        "study": study.digest,
        "sitting": sitting,
        "session": session or f"s{sitting}",
        "answers": answers,
    }


def save(folder: Path, name: str, result: object) -> Path:
    path = folder / name
    path.write_text(json.dumps(result))
    return path


KINDS = tuple(Kind)
