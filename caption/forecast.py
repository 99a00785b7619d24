"""What questions will cost, before anything is rendered or asked: by the profile's sizes and the model's own rule."""

from __future__ import annotations

from caption.client.prices import cost_usd
from caption.client.tokens import estimate
from caption.pictures.parts import Part, Picture, Text, Video
from caption.pictures.sizes import azimuth_words, grid_size, picture_sizes, video_sizes
from caption.questions.categories import WORDINGS, category_question
from caption.questions.hints import Hints
from caption.questions.motion import motion_question
from caption.questions.question import Question, Usage
from rigmill.config.schema import Profile
from rigmill.pipeline.stage import Spend

_USUAL = Hints("A title of four words", ("animal", "low poly", "rigged", "game"), "Armature Walk Cycle")


def motion_spend(num_clips: int, profile: Profile) -> Spend:
    """Of so many captions, each asked once. Corrections and new tries come on top."""
    return _spend([_motion(profile)], num_clips, profile)


def category_spend(num_assets: int, profile: Profile) -> Spend:
    """Of so many categories, each asked as often as there are votes."""
    render = profile.render
    width, height = grid_size(
        render.width_px, render.height_px, profile.caption.pictures.side_px, len(render.azimuths_deg)
    )
    picture = Picture(b"", width, height)
    wordings = WORDINGS[: profile.caption.votes]
    return _spend([category_question(picture, _USUAL, wording) for wording in wordings], num_assets, profile)


def _motion(profile: Profile) -> Question:
    """The question of a clip of the longest length that the profile keeps."""
    render, pictures = profile.render, profile.caption.pictures
    num_views, num_frames = len(render.azimuths_deg), profile.filters.max_frames
    sizes = picture_sizes(render.width_px, render.height_px, pictures, num_views, num_frames)
    videos = video_sizes(
        render.width_px, render.height_px, pictures, num_views=num_views, num_frames=num_frames, fps=profile.probe.fps
    )
    shown: list[Part] = []
    for place, (width, height) in enumerate(sizes):
        if place % pictures.views == 0:
            shown.append(Text("t = 0.00 s"))
        shown += [Text(f"{azimuth_words(90 * place % 360)}:"), Picture(b"", width, height)]
    for place, video in enumerate(videos):
        shown.append(Text(f"{azimuth_words(90 * place % 360)}:"))
        shown.append(Video(b"", video.width_px, video.height_px, video.num_frames, video.fps))
    return motion_question(shown, _USUAL)


def _spend(questions: list[Question], number: int, profile: Profile) -> Spend:
    endpoint = profile.caption.endpoint
    each = [estimate(question, endpoint) for question in questions]
    whole = Usage(sum(one.input_tokens for one in each) * number, sum(one.output_tokens for one in each) * number)
    return Spend(len(questions) * number, whole.input_tokens, whole.output_tokens, cost_usd(whole, endpoint))
