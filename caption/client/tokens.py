"""How many tokens a question takes, by each model's own rule for pictures and a cheap one for text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, floor, sqrt

from caption.client.request_body import is_openai
from caption.client.schema_check import as_sent
from caption.questions.question import Picture, Question, Text, Usage, Video
from rigmill.config.caption import Endpoint
from rigmill.storage.files import canonical_json
from rigmill.types import Row

_PIECE = re.compile(r"'(?:s|t|re|ve|m|ll|d)\b|[^\w\r\n]?[A-Za-z]+|\d|[^\W\d_]+| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+")
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SECONDS_TEXT = 7  # tokens of '<0.4 seconds>', which Qwen3-VL puts before every two frames of a video


def text_tokens(text: str) -> int:
    """About as many as Qwen's and OpenAI's tokenizers make of it: within 10 % for English prose and JSON.

    Words mostly are one token, their blank included; a long one, a name in CamelCase or one that a stranger made up
    has more; digits stand alone.
    """
    total = 0.0
    for piece in _PIECE.findall(text):
        word = piece.strip()
        if not word:
            total += 1
        elif word[-1].isascii() and word[-1].isalpha():
            humps = _HUMP.findall(word)
            total += sum(1 + max(0, len(hump) - 9) * 0.2 for hump in humps) - 0.4 * (len(humps) - 1)
            total += 0.6 if piece[0] in "_|/#" else 0.0
        elif word[0].isdigit():
            total += 1
        elif word[0].isalpha():
            total += max(1.0, len(word.encode()) * 0.36)
        else:
            total += (len(word) + 3) // 4
    return ceil(total)


@dataclass(frozen=True, slots=True)
class _Qwen:
    """A model of Qwen's VL family: pictures become a grid of squares of `square_px`, one token each."""

    square_px: int
    least_px: int  # of a picture, as the released model is configured
    most_px: int
    least_video_px: int  # of one frame, or of the whole video
    most_video_px: int
    whole_video: bool  # the bounds are the whole video's
    frames_per_s: float | None  # at which the server samples a video; None: all of its frames, up to `most_frames`
    most_frames: int

    def picture(self, width_px: int, height_px: int) -> int:
        rows, columns = self._grid(width_px, height_px, self.least_px, self.most_px)
        return rows * columns + 2  # what begins and ends a picture

    def video(self, video: Video) -> int:
        num_frames = min(video.num_frames, self.most_frames)
        if self.frames_per_s is not None:
            wanted = int(video.num_frames / video.fps * self.frames_per_s)
            num_frames = min(max(wanted, 4), num_frames)
        steps = ceil(num_frames / 2)
        share = 2 * steps if self.whole_video else 1
        least, most = ceil(self.least_video_px / share), self.most_video_px // share
        rows, columns = self._grid(video.width_px, video.height_px, least, most)
        return steps * (rows * columns + 2 + _SECONDS_TEXT) if self.whole_video else steps * rows * columns + 2

    def _grid(self, width_px: int, height_px: int, least_px: int, most_px: int) -> tuple[int, int]:
        """Rows and columns after both sides are rounded, and the whole brought between the bounds."""
        side = self.square_px
        rows, columns = round(height_px / side), round(width_px / side)
        if rows * columns * side**2 > most_px:
            shrink = sqrt(height_px * width_px / most_px)
            rows, columns = (max(1, floor(one / shrink / side)) for one in (height_px, width_px))
        elif rows * columns * side**2 < least_px:
            grow = sqrt(least_px / (height_px * width_px))
            rows, columns = (ceil(one * grow / side) for one in (height_px, width_px))
        return rows, columns


_QWEN = {
    "qwen2.5-vl": _Qwen(28, 56**2, 12_845_056, 56**2, 12_845_056, False, None, 32),
    "qwen3-vl": _Qwen(32, 65_536, 16_777_216, 4096, 25_165_824, True, 2.0, 768),
}
# Of OpenAI's models, by how their names begin, the longest first: tokens of any picture and of each tile of it.
_TILES = {"gpt-4o-mini": (2833, 5667), "gpt-5": (70, 140), "o1": (75, 150), "o3": (75, 150), "": (85, 170)}
_TILE_PX, _TILED_SIDE_PX, _TILED_SHORT_SIDE_PX = 512, 2048, 768
# The same of those that count squares: tokens of each.
_PATCH_FACTORS = {"gpt-4.1-mini": 1.62, "gpt-4.1-nano": 2.46, "gpt-5-mini": 1.62, "gpt-5-nano": 2.46, "o4-mini": 1.72}
_PATCH_PX, _MOST_PATCHES, _OTHER_FACTOR = 32, 1536, 1.62


def picture_tokens(width_px: int, height_px: int, endpoint: Endpoint) -> int:
    """Tokens of one picture, by the endpoint's rule."""
    return _counting(endpoint)[0](width_px, height_px)


def estimate(question: Question, endpoint: Endpoint) -> Usage:
    """What the server is going to count, within 10 % where its model is the one that the rule is for.

    Of the answer: what one of that form usually takes; never more than `max_output_tokens`, which is the most.
    """
    picture, video = _counting(endpoint)
    openai = is_openai(endpoint)
    total = 3 if openai else 0  # what begins the answer; Qwen's three are among the five of a message
    said = [question.instructions] if question.instructions or openai else ["You are a helpful assistant."]
    said += ["".join(part.text for part in question.parts if isinstance(part, Text))]
    said += [turn.text for turn in question.turns]
    total += sum(text_tokens(text) + (4 if openai else 5) for text in said) + (0 if openai else 3)
    for part in question.parts:
        if isinstance(part, Picture):
            total += picture(part.width_px, part.height_px)
        elif isinstance(part, Video):
            total += video(part)
    if openai and endpoint.extra.get("response_format", True) is not None:  # servers of one's own only constrain by it
        total += text_tokens(canonical_json(as_sent(question.schema)))
    return Usage(total, min(question.max_output_tokens, _answer_tokens(question.schema)))


def _counting(endpoint: Endpoint) -> tuple[Callable[[int, int], int], Callable[[Video], int]]:
    """How the endpoint counts a picture, and how a video."""
    if qwen := _QWEN.get(endpoint.token_rule):
        return qwen.picture, qwen.video

    def picture(width_px: int, height_px: int) -> int:
        count = {"openai-tiles": _tiles, "openai-patches": _patches}[endpoint.token_rule]
        return count(width_px, height_px, endpoint.model)

    return picture, lambda video: video.num_frames * picture(video.width_px, video.height_px)


def _tiles(width_px: int, height_px: int, model: str) -> int:
    base, each = next(tokens for start, tokens in _TILES.items() if model.startswith(start))
    shrink = min(1.0, _TILED_SIDE_PX / max(width_px, height_px))
    shrink *= min(1.0, _TILED_SHORT_SIDE_PX / (min(width_px, height_px) * shrink))
    return base + each * ceil(width_px * shrink / _TILE_PX) * ceil(height_px * shrink / _TILE_PX)


def _patches(width_px: int, height_px: int, model: str) -> int:
    factor = next((one for start, one in _PATCH_FACTORS.items() if model.startswith(start)), _OTHER_FACTOR)
    columns, rows = ceil(width_px / _PATCH_PX), ceil(height_px / _PATCH_PX)
    if columns * rows > _MOST_PATCHES:
        shrink = sqrt(_PATCH_PX**2 * _MOST_PATCHES / (width_px * height_px))
        wide, high = width_px * shrink / _PATCH_PX, height_px * shrink / _PATCH_PX
        shrink = min(floor(wide) / wide, floor(high) / high)  # whole squares along the side that is cut further
        columns, rows = ceil(wide * shrink - 1e-9), ceil(high * shrink - 1e-9)
    return ceil(min(columns * rows, _MOST_PATCHES) * factor)


def _answer_tokens(schema: Row) -> int:
    """Of a usual answer: keys and punctuation, a short sentence for a string, a few for the rest."""
    if "enum" in schema:
        return max((text_tokens(str(one)) for one in schema["enum"]), default=1)
    kind = schema.get("type")
    if kind == "object":
        properties: Mapping[str, Row] = schema.get("properties", {})
        return 2 + sum(text_tokens(name) + 3 + _answer_tokens(inner) for name, inner in properties.items())
    if kind == "array":
        return 2 + max(1, schema.get("minItems", 1)) * (2 + _answer_tokens(schema.get("items", {})))
    if kind == "string":
        return min(10, ceil(schema.get("maxLength", 1000) / 12))
    return 3
