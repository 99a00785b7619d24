"""What questions will cost, before anything is rendered or asked: by the profile's sizes and the model's own rule."""

from __future__ import annotations

from caption.client.prices import cost_usd
from caption.client.tokens import estimate
from caption.pictures.foreseen import foreseen, foreseen_grid
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
    side_px, num_views = profile.caption.pictures.side_px, len(render.azimuths_deg)
    picture = foreseen_grid(render.width_px, render.height_px, side_px, num_views)
    wordings = WORDINGS[: profile.caption.votes]
    return _spend([category_question(picture, _USUAL, wording) for wording in wordings], num_assets, profile)


def _motion(profile: Profile) -> Question:
    """The question of a clip of the longest length that the profile keeps."""
    render = profile.render
    parts = foreseen(
        width_px=render.width_px,
        height_px=render.height_px,
        azimuths_deg=render.azimuths_deg,
        num_frames=profile.filters.max_frames,
        fps=profile.probe.fps,
        settings=profile.caption.pictures,
    )
    return motion_question(parts, _USUAL)


def _spend(questions: list[Question], number: int, profile: Profile) -> Spend:
    endpoint = profile.caption.endpoint
    each = [estimate(question, endpoint) for question in questions]
    whole = Usage(sum(one.input_tokens for one in each) * number, sum(one.output_tokens for one in each) * number)
    return Spend(len(questions) * number, whole.input_tokens, whole.output_tokens, cost_usd(whole, endpoint))
