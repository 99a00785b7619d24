"""What a model is shown of a rendered clip. The same stored bytes and settings give the same bytes."""

from __future__ import annotations

import cv2
import numpy as np

from caption.pictures.crop import subject_square
from caption.pictures.parts import Part, Picture, Text, Video
from caption.pictures.saying import azimuth_words, label, seconds, strip_words
from caption.pictures.sizes import STRIP_LABEL_PX, chosen_frames, chosen_views, picture_side_px, video_step
from caption.pictures.views import ClipViews
from rigmill.clips.pictures import jpeg
from rigmill.clips.sparse import cut
from rigmill.config.caption import Pictures
from rigmill.types import Bytes

JPEG_QUALITY = 85
_VIDEO_CRF = 23
_INK, _PAPER = (40, 40, 40), 245


def shown(clip: ClipViews, settings: Pictures) -> tuple[Part, ...]:
    """The parts of a question that show the clip, in the profile's form."""
    return {"frames": _frames, "strip": _strip, "video": _videos}[settings.form](clip, settings)


def _frames(clip: ClipViews, settings: Pictures) -> tuple[Part, ...]:
    """Per time step its seconds, then a picture per view under the name of the view."""
    views, frames = chosen_views(clip.azimuths_deg, settings.views), chosen_frames(clip.num_frames, settings.times)
    pictures = {view: _small(clip, view, frames, settings) for view in views}
    parts: list[Part] = []
    for step, frame in enumerate(frames):
        parts.append(Text(seconds(frame, clip.fps)))
        for view in views:
            parts += [Text(label(clip.azimuths_deg[view])), as_picture(pictures[view][step])]
    return tuple(parts)


def _strip(clip: ClipViews, settings: Pictures) -> tuple[Part, ...]:
    """One picture: a row per view, under its name; the seconds are written under the columns."""
    views, frames = chosen_views(clip.azimuths_deg, settings.views), chosen_frames(clip.num_frames, settings.times)
    side, rows = picture_side_px(clip.width_px, clip.height_px, settings), []
    for view in views:
        rows.append(_label([azimuth_words(clip.azimuths_deg[view])], len(frames) * side))
        rows.append(np.concatenate(_small(clip, view, frames, settings), axis=1))
    times = [seconds(frame, clip.fps) for frame in frames]
    rows.append(_label(times, len(frames) * side))
    return Text(strip_words(times)), as_picture(np.concatenate(rows))


def _videos(clip: ClipViews, settings: Pictures) -> tuple[Part, ...]:
    """A video per view, under the name of the view."""
    from rigmill.clips.video import encode  # here, because the codec takes long to import

    step, parts = video_step(clip.fps), list[Part]()
    frames = list(range(0, clip.num_frames, step))
    for view in chosen_views(clip.azimuths_deg, settings.views):
        small = np.stack(_small(clip, view, frames, settings))
        mp4 = encode(small, fps=clip.fps / step, crf=_VIDEO_CRF, pixel_format="yuv420p", keyframe_interval=12)
        video = Video(mp4, small.shape[2], small.shape[1], len(frames), clip.fps / step)
        parts += [Text(label(clip.azimuths_deg[view])), video]
    return tuple(parts)


def _small(clip: ClipViews, view: int, frames: list[int], settings: Pictures) -> list[Bytes]:
    """One view's frames as small RGB squares, all of the same part of the picture."""
    side, planes = picture_side_px(clip.width_px, clip.height_px, settings), clip.planes(view, frames)
    square = subject_square(planes, clip.joints_px[view], clip.background, side)
    pictures = [cut(one, square, side, clip.background) for one in planes]
    return [np.ascontiguousarray(picture[:, ::-1]) for picture in pictures] if clip.mirrored else pictures


def _label(words: list[str], width_px: int) -> Bytes:
    """A line of words, evenly spread over the width."""
    line = np.full((STRIP_LABEL_PX, width_px, 3), _PAPER, np.uint8)
    for place, word in enumerate(words):
        left = place * width_px // len(words) + 4
        cv2.putText(line, word, (left, STRIP_LABEL_PX - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
    return line


def as_picture(rgb: Bytes) -> Picture:
    """An RGB picture (H, W, 3) as it is sent."""
    return Picture(jpeg(rgb, quality=JPEG_QUALITY), rgb.shape[1], rgb.shape[0])
