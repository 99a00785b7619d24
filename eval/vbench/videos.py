"""The videos of a job, with their input pictures and prompts; unlike ones are refused by name."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import av
import cv2

from rigmill.clips.video import decode
from rigmill.errors import UserError
from rigmill.types import Bytes


@dataclass(frozen=True, slots=True)
class Video:
    """One file that is judged."""

    name: str  # CLIP.VIEW.mp4, or whatever it is called
    path: Path
    sha256: str
    width_px: int
    height_px: int
    num_frames: int
    fps: float

    @property
    def kind(self) -> str:
        """What videos of one table have in common."""
        return f"{self.width_px}x{self.height_px}, {self.num_frames} frames at {self.fps:g} a second"

    @property
    def stem(self) -> str:
        return Path(self.name).stem


def read_videos(folder: Path) -> tuple[Video, ...]:
    """The MP4 files of a folder, by name; all of one size, length and rate, or a UserError says which is not."""
    paths = sorted(folder.glob("*.mp4"))
    if not paths:
        raise UserError(
            f"{folder} has no videos",
            why="VBench judges MP4 files, one a view",
            fix="name a folder with *.mp4: rigmill eval compare ... --videos writes OUT/views/METHOD",
            code="E640",
        )
    videos = tuple(map(_video, paths))
    for video in videos[1:]:
        if video.kind != videos[0].kind:
            raise UserError(
                f"{video.name} is unlike {videos[0].name}: {video.kind}, and {videos[0].kind}",
                why="VBench's numbers depend on size, length and rate, so a table of both would mean nothing",
                fix=f"make them alike, or move {video.name} into another folder and judge it by itself",
                code="E641",
            )
    return videos


def _video(path: Path) -> Video:
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            rate = stream.average_rate
            num_frames = stream.frames or sum(1 for _ in container.decode(stream))
            size = stream.codec_context.width, stream.codec_context.height
    except (av.FFmpegError, IndexError) as error:
        raise UserError(
            f"{path} is no video that can be read", why=str(error), fix="write it again, as MP4", code="E640"
        ) from error
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Video(path.name, path, digest, *size, num_frames, float(rate or 0))


def input_pictures(videos: tuple[Video, ...], folder: Path | None) -> dict[str, Bytes]:
    """For every video its input picture (H, W, 3), by the video's name: NAME.png, or the first frame of NAME.mp4."""
    found, missing = {}, []
    for video in videos:
        picture = None if folder is None else _input_picture(folder / video.stem)
        if picture is None:
            missing.append(video.stem)
        else:
            found[video.name] = picture
    if missing:
        where = "--inputs names no folder" if folder is None else f"{folder} has neither {missing[0]}.png nor .mp4"
        raise UserError(
            f"{len(missing)} of {len(videos)} videos have no input picture, such as {missing[0]}",
            why=f"I2V Subject compares a video with the picture it was made from, and {where}",
            fix="--inputs FOLDER with NAME.png, or with the true NAME.mp4, whose first frame is taken",
            code="E642",
        )
    return found


def _input_picture(path: Path) -> Bytes | None:
    still, moving = path.with_name(f"{path.name}.png"), path.with_name(f"{path.name}.mp4")
    if still.is_file():
        picture = cv2.imread(str(still), cv2.IMREAD_COLOR)
        return None if picture is None else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    return decode(moving.read_bytes(), count=1)[0] if moving.is_file() else None


def read_prompts(videos: tuple[Video, ...], file: Path | None) -> dict[str, str]:
    """For every video its prompt, by the video's name, from a CSV with the columns clip and prompt.

    A clip is a video's name without .mp4, or without the view before it too.
    """
    said: Mapping[str, str] = {}
    if file is not None:
        rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
        if rows and not {"clip", "prompt"} <= set(rows[0]):
            raise UserError(
                f"{file} has not the columns clip and prompt",
                why=f"its first line is: {', '.join(map(str, rows[0]))}",
                fix="write clip,prompt as its first line",
                code="E642",
            )
        said = {row["clip"]: row["prompt"] for row in rows}
    found = {video.name: said.get(video.stem) or said.get(video.stem.rpartition(".")[0], "") for video in videos}
    missing = [name for name, prompt in found.items() if not prompt]
    if missing:
        raise UserError(
            f"{len(missing)} of {len(videos)} videos have no prompt, such as {missing[0]}",
            why="Overall Consistency compares a video with its prompt"
            + ("" if file is not None else ", and --prompts names no file"),
            fix="--prompts FILE.csv with the columns clip and prompt",
            code="E642",
        )
    return found
