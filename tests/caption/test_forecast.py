"""What a plan says that questions will cost, held against what the server counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from caption.category_stage import CategoryStage
from caption.stage import CaptionStage
from tests.support.captioned import render_row, standing, walking
from tests.support.curation import Tables, demo_profile, plain_work
from tests.support.tiny_vlm import NAME

# Of pictures: a tokenizer of 8192 words, trained on little, splits words that real ones have whole.
SIZE_PX = 224


def profile(output: Path, **endpoint: Any) -> Any:
    known = {"provider": "model", "categories": "model", "votes": 2, "endpoint": {"model": NAME, **endpoint}}
    render = {"width_px": SIZE_PX, "height_px": SIZE_PX}
    return demo_profile(output=str(output), caption=known, render=render, filters={"max_frames": 27})


@pytest.mark.slow
def test_a_plans_tokens_are_within_a_tenth_of_what_the_server_counts(tmp_path: Path, tiny_vlm: str) -> None:
    work = plain_work(tmp_path)
    known = {"title": "An old robot dog", "tags": ["robot", "animal", "low poly"], "motion_name": "Armature|Walk"}
    rows = [
        render_row(work.store, name, *made, size_px=(SIZE_PX, SIZE_PX), **known)
        for name, made in {"a": walking(), "b": standing()}.items()
    ]
    asked, tables = profile(tmp_path, base_url=tiny_vlm, bad_answers=1), Tables({"render": rows})
    for stage in (CaptionStage(), CategoryStage()):
        answers = list(stage.run(stage.plan(tables, asked), work))  # type: ignore[arg-type]
        counted = sum(answer.measured.extra["input_tokens"] for answer in answers)
        requests = sum(answer.measured.extra["requests"] for answer in answers)
        planned = stage.spend(len(answers), asked)
        assert planned is not None and planned.usd is None
        each = planned.input_tokens / planned.requests
        assert requests >= len(answers) and counted / requests == pytest.approx(each, rel=0.1)


def test_a_plan_prices_what_it_knows_the_price_of(tmp_path: Path) -> None:
    prices = {NAME: {"input_usd": 2.0, "output_usd": 10.0}}
    spend = CaptionStage().spend(1000, profile(tmp_path, prices=prices))
    assert spend is not None and spend.usd is not None and spend.requests == 1000
    assert spend.usd == pytest.approx((2 * spend.input_tokens + 10 * spend.output_tokens) / 1e6)
    votes = CategoryStage().spend(10, profile(tmp_path))
    assert votes is not None and votes.requests == 20
    assert CaptionStage().spend(10, demo_profile(output=str(tmp_path))) is None
