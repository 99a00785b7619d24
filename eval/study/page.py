"""The study as a folder: a page that asks no network, videos under names that do not say whose they are, the key."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import av

from eval.study.plan import Asked, Study, plan
from eval.study.results import FORMAT
from rigmill.errors import UserError
from rigmill.printable import shown_path
from rigmill.report.pages import templates_in
from rigmill.storage.files import sha256_file, swap_folder, write_atomic

KEY, PAGE, FOR_PEOPLE, VIDEOS = "study.json", "index.html", "page", "videos"


@dataclass(frozen=True, slots=True)
class Video:
    """What two videos must have in common to be seen beside each other."""

    width_px: int
    height_px: int
    num_frames: int
    fps: float

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}, {self.num_frames} frames at {self.fps:g} fps"


def videos_of(folders: Sequence[Path], *, common: bool) -> tuple[tuple[str, ...], dict[tuple[str, str], Path]]:
    """The clips of METHOD/CLIP.mp4, and every video by (method, clip).

    Methods must have the same clips, or with `common` those count that all have; the videos of a clip must be alike in
    size, length and rate: a person would see whose is whose. A UserError names the first that is not.
    """
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names) or len(names) < 2:
        raise UserError(
            f"{len(names)} methods: {', '.join(names)}",
            why="a study compares two or more, each named by its folder",
            fix="name folders of different names, with CLIP.mp4 in each",
            code="E630",
        )
    found = {name: {path.stem: path for path in folder.glob("*.mp4")} for name, folder in zip(names, folders)}
    clips = sorted(set.intersection(*(set(own) for own in found.values())))
    for name, own in found.items():
        lacking = sorted(set().union(*map(set, found.values())) - set(own))
        if (lacking and not common) or not clips:
            raise UserError(
                f"{name} has no video of {', '.join(lacking[:3])}" + (" ..." if len(lacking) > 3 else ""),
                why=f"the others have; {len(clips)} clips are in all folders",
                fix="add it as CLIP.mp4" + (", or ask about the clips that all have: --common" if clips else ""),
                code="E631",
            )
    videos = {(name, clip): found[name][clip] for name in names for clip in clips}
    for clip in clips:
        seen = {name: _look(videos[name, clip]) for name in names}
        first = seen[names[0]]
        for name in names[1:]:
            if seen[name] != first:
                raise UserError(
                    f"clip {clip}: the videos of {names[0]} and {name} differ",
                    why=f"{first}; {seen[name]}: people would see whose is whose",
                    fix="render both alike",
                    code="E632",
                )
    return tuple(clips), videos


def write_study(asked: Asked, videos: Mapping[tuple[str, str], Path], words: Mapping[str, str], folder: Path) -> Study:
    """Write FOLDER/page for the people who answer, and FOLDER/study.json, the key, for whoever counts.

    `words`: what is shown above the videos of a clip. The same videos and the same `asked` give the same bytes.
    """
    if folder.exists() and not (folder / KEY).is_file() and any(folder.iterdir()):
        raise UserError(
            f"--out {shown_path(folder)}: something else is there",
            why=f"a study is written into a folder of its own, which has a {KEY}",
            fix="give another folder",
            code="E633",
        )
    study = plan(asked, {place: sha256_file(path) for place, path in videos.items()})
    if (folder / KEY).is_file() and (folder / KEY).read_bytes() != _key(study):
        raise UserError(
            f"--out {shown_path(folder)}: another study is there",
            why=f"answers to it can be counted with its {KEY} alone",
            fix="give another folder, or remove that one if nobody has answered",
            code="E633",
        )
    sizes = {clip: _size_px(path) for (_, clip), path in videos.items()}
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-new-"))
    try:
        new.chmod(0o755)
        shown = new / FOR_PEOPLE / VIDEOS
        shown.mkdir(parents=True)
        for name, place in study.files.items():
            shutil.copyfile(videos[place], shown / name)
        write_atomic(new / FOR_PEOPLE / PAGE, page(study, words, sizes).encode(), durable=False)
        write_atomic(new / KEY, _key(study), durable=False)
        swap_folder(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return study


def _key(study: Study) -> bytes:
    return (json.dumps(study.to_json(), indent=1) + "\n").encode()


def page(study: Study, words: Mapping[str, str], sizes: Mapping[str, tuple[int, int]]) -> str:
    """The HTML. No method's and no clip's name is in it.

    `sizes`: width and height of a clip's videos, so that they have their place before they have come.
    """
    numbers = {clip: number for number, clip in enumerate(study.clips)}
    data = {
        "format": FORMAT,
        "study": study.digest,
        "kind": study.kind,
        "questions": [asdict(question) for question in study.questions],
        "words": [words.get(clip, "") for clip in study.clips],
        "sizes": [sizes[clip] for clip in study.clips],
        "sittings": [
            [{"clip": numbers[trial.clip], "shown": trial.shown, "check": trial.check} for trial in trials]
            for trials in study.sittings
        ],
    }
    templates = templates_in(Path(__file__).with_name("templates"))
    return templates.get_template("study.html.j2").render(name=study.name, data=data, videos=VIDEOS)


def read_study(folder: Path) -> Study:
    """The study.json of a folder; a UserError where there is none."""
    path = folder / KEY
    try:
        return Study.from_json(json.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{shown_path(path)} is no study",
            why=getattr(error, "strerror", None) or str(error) or type(error).__name__,
            fix="name the folder that 'rigmill study make' wrote",
            code="E634",
        ) from None


def _size_px(path: Path) -> tuple[int, int]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height


def _look(path: Path) -> Video:
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            frames = sum(1 for _ in container.decode(stream))
            return Video(stream.width, stream.height, frames, float(stream.average_rate or 0))
    except (av.error.FFmpegError, IndexError, OSError) as error:
        raise UserError(
            f"{shown_path(path)} is no video that can be read", why=str(error), fix="write it again as mp4", code="E632"
        ) from None
