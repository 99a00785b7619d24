"""What chance decides about a draw."""

from __future__ import annotations

from dataclasses import replace

from shards.loader.choices import Chances

CHANCES = Chances(seed=3, num_frames=17, frame_stride=1, num_views=2, condition_dropout=0.2)


def test_the_rest_pose_is_the_condition_as_often_as_asked() -> None:
    def share(chances: Chances) -> float:
        seen = [chances.seen(step=step, place=0, clip_frames=40, clip_views=4) for step in range(2000)]
        return sum(each.from_template for each in seen) / len(seen)

    assert 0.46 < share(CHANCES) < 0.54 and 0.87 < share(replace(CHANCES, rest_share=0.9)) < 0.93


def test_captions_are_left_out_as_often_as_asked_and_the_others_stay_what_they_were() -> None:
    def said(chances: Chances) -> list[int | None]:
        return [chances.sentence(step=step, place=place, num_captions=5) for step in range(500) for place in range(4)]

    all_of_them, some = said(CHANCES), said(replace(CHANCES, caption_dropout=0.1))
    assert None not in all_of_them and set(all_of_them) == set(range(5))
    assert 0.08 < some.count(None) / len(some) < 0.12
    assert all(left in (None, was) for left, was in zip(some, all_of_them))
