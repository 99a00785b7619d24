"""The latents of one sample as a tar of their own: numbers as .npy members, and first of all what they are, as JSON.

    <clip_id>.latents.json         a Header
    <clip_id>.rgb.npy              (W, V, C, f, h, w) windows of the RGB videos
    <clip_id>.pose.npy             the same of the pose maps
    <clip_id>.rgb_conditions.npy   (W, K - 1, V, C, 1, h, w) frames of the windows, each encoded alone
    <clip_id>.pose_conditions.npy
    <clip_id>.rgb_template.npy     (V, C, 1, h, w) rest pose
    <clip_id>.pose_template.npy
    <clip_id>.text.npy             (N, D) tokens of all captions, one after the other, and at the end of no words

The first frame of a window is no condition of its own: a codec encodes it by itself, so its latents are the window's
first. The same latents give the same bytes.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rigmill.errors import Damaged
from rigmill.storage.files import canonical_json
from rigmill.types import Camera
from shards.loader.latents.encoding import Encoding, Windows, sample_key
from shards.sample import sample_bytes
from shards.writer import ending

HEADER = "latents.json"
ARRAYS = ("rgb", "pose", "rgb_conditions", "pose_conditions", "rgb_template", "pose_template", "text")
_FIRST_READ = 16_384  # bytes that hold the header of most samples

Numbers = npt.NDArray[Any]  # float16 or float32


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array lies in its file."""

    at: int  # first byte
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What a file of latents holds. `places` count from the end of the header's own member."""

    key: str
    clip_id: str
    sample_sha256: str
    encoding: Encoding
    windows: Windows
    num_captions: int
    text_ends: tuple[int, ...]  # of every caption the end of its tokens, at last that of no words
    cameras: tuple[Camera, ...]  # of the views, for the model's pictures
    places: Mapping[str, Place]

    def to_json(self) -> bytes:
        cameras = [
            {
                "azimuth_deg": camera.azimuth_deg,
                "intrinsics": camera.intrinsics.tolist(),
                "world_to_view": camera.world_to_view.tolist(),
                "width_px": camera.width_px,
                "height_px": camera.height_px,
            }
            for camera in self.cameras
        ]
        values = {
            **{name: getattr(self, name) for name in ("key", "clip_id", "sample_sha256", "num_captions")},
            "encoding": self.encoding.to_row(),
            "windows": asdict(self.windows),
            "text_ends": list(self.text_ends),
            "cameras": cameras,
            "places": {name: asdict(place) for name, place in self.places.items()},
        }
        return canonical_json(values).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Header:
        """The reverse of `to_json`; a ValueError, KeyError or TypeError where it is none."""
        values = json.loads(data)
        windows = values["windows"]
        return cls(
            **{name: values[name] for name in ("key", "clip_id", "sample_sha256", "num_captions")},
            encoding=Encoding.from_row(values["encoding"]),
            windows=Windows(windows["num_frames"], tuple(windows["starts"]), tuple(windows["condition_frames"])),
            text_ends=tuple(values["text_ends"]),
            cameras=tuple(
                Camera(
                    azimuth_deg=one["azimuth_deg"],
                    intrinsics=np.array(one["intrinsics"], np.float64),
                    world_to_view=np.array(one["world_to_view"], np.float64),
                    width_px=one["width_px"],
                    height_px=one["height_px"],
                )
                for one in values["cameras"]
            ),
            places={name: Place(place["at"], tuple(place["shape"])) for name, place in values["places"].items()},
        )


@dataclass(frozen=True, slots=True)
class SampleLatents:
    """All latents of a sample, before they are written."""

    arrays: Mapping[str, Numbers]  # of ARRAYS, in the encoding's type
    captions: Sequence[Numbers]  # tokens (n, D) of every caption, at last those of no words
    cameras: tuple[Camera, ...]


def latents_tar(
    clip_id: str, sample_sha256: str, *, encoding: Encoding, windows: Windows, made: SampleLatents
) -> bytes:
    """The file of a sample's latents."""
    arrays = {**made.arrays, "text": np.concatenate(list(made.captions))}
    members: list[tuple[str, bytes]] = []
    places: dict[str, Place] = {}
    position = 0
    for name in ARRAYS:
        array = np.ascontiguousarray(arrays[name])
        if array.dtype != np.dtype(encoding.dtype):
            raise TypeError(f"{name} is {array.dtype}, and the encoding says {encoding.dtype}")
        stream = io.BytesIO()
        np.save(stream, array, allow_pickle=False)
        data = stream.getvalue()
        places[name] = Place(position + tarfile.BLOCKSIZE + len(data) - array.nbytes, array.shape)
        position += tarfile.BLOCKSIZE + len(data) + -len(data) % tarfile.BLOCKSIZE
        members.append((f"{name}.npy", data))
    header = Header(
        key=sample_key(encoding.digest, sample_sha256),
        clip_id=clip_id,
        sample_sha256=sample_sha256,
        encoding=encoding,
        windows=windows,
        num_captions=len(made.captions) - 1,
        text_ends=tuple(int(end) for end in np.cumsum([len(tokens) for tokens in made.captions])),
        cameras=made.cameras,
        places=places,
    )
    records = sample_bytes(clip_id, [(HEADER, header.to_json()), *members])
    return records + ending(len(records))


def read_header(read: Callable[[int, int], bytes], num_bytes: int) -> tuple[Header, int]:
    """The header of a file of so many bytes, and the byte from which its places count; Damaged where there is none.

    `read(size, at)` gives bytes of the file.
    """
    first = read(min(_FIRST_READ, num_bytes), 0)
    try:
        info = tarfile.TarInfo.frombuf(first[: tarfile.BLOCKSIZE], "utf-8", "strict")
        start, end = tarfile.BLOCKSIZE, tarfile.BLOCKSIZE + info.size
        data = first[start:end] if end <= len(first) else read(info.size, start)
        if info.name.partition(".")[2] != HEADER or len(data) != info.size:
            raise ValueError(f"its first member is {info.name}")
        return Header.from_json(data), end + -info.size % tarfile.BLOCKSIZE
    except (tarfile.HeaderError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"a file of latents has no header ({type(error).__name__}: {error})") from None
