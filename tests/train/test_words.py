"""The text encoder without weights: words differ, forms of a word are near, and their order is heard."""

from __future__ import annotations

import torch

from train.job import sampling_after
from train.recipes import small_joint
from train.words import WordEncoder, heard, words_of

ENCODER = WordEncoder(small_joint(64).text)


def near(first: str, second: str) -> float:
    """Cosine of two words' tokens."""
    one, other = (ENCODER([word])[0, 0] for word in (first, second))
    return float(torch.nn.functional.cosine_similarity(one, other, dim=0))


def test_every_word_is_a_token_of_unit_size_and_zeros_follow() -> None:
    found = ENCODER(["A dog, slowly, walks!", ""])
    assert found.shape == (2, 24, 96)
    size = found.square().mean(dim=-1).sqrt()
    torch.testing.assert_close(size[0, :4], torch.ones(4))
    assert size[0, 4:].max() == 0 and size[1].max() == 0


def test_forms_of_a_word_are_near_and_other_words_are_not() -> None:
    assert near("walk", "walks") > 0.35 and near("opens", "opening") > 0.2
    for first, second in (("left", "right"), ("opens", "closes"), ("walks", "runs"), ("dog", "cat")):
        assert abs(near(first, second)) < 0.2, (first, second)


def test_a_token_knows_the_word_before_it() -> None:
    both = ENCODER(["its left arm", "its right arm"])
    assert not torch.equal(both[0, 2], both[1, 2])
    assert torch.equal(both[0, 0], both[1, 0])


def test_letters_case_and_neighbours_in_the_batch_do_not_count() -> None:
    assert torch.equal(ENCODER(["A Dog walks."])[0], ENCODER(["x", "a dog walks"])[1])


def test_captions_longer_than_it_reads_are_cut() -> None:
    assert ENCODER(["word " * 60]).square().mean(dim=-1).min() > 0.9


def test_a_sentence_is_told_without_words_that_were_never_heard() -> None:
    words = words_of(["A dog walks.", "a Dog's left arm"])
    assert words == ["a", "arm", "dog", "dog's", "left", "walks"]
    assert heard("A red fox walks.", words) == ("a walks", ["red", "fox"])
    assert heard("A dog walks", words) == ("a dog walks", [])
    assert heard("Zebras gallop!", words) == ("Zebras gallop!", []), "nothing would be left"


def test_forms_of_a_word_that_was_heard_are_told() -> None:
    words = words_of(["A horse walks.", "A robot waves its right hand, jumps and runs around."])
    for sentence in ("a horse walk", "a horse walked", "horses run", "a robot jumped", "waving"):
        assert heard(sentence, words) == (sentence, []), sentence
    assert heard("a knight trots round the room", words) == ("a", ["knight", "trots", "round", "the", "room"])


def test_a_model_that_is_trained_on_has_heard_its_own_captions_too() -> None:
    samples = [{"caption": "A red fox runs.", "captions": None}, {"caption": "It runs.", "captions": ["A fox trots."]}]
    after = sampling_after({"sampling": {"steps": 10, "words": ["dog", "runs"]}}, samples)
    assert after == {"steps": 10, "words": ["a", "dog", "fox", "it", "red", "runs", "trots"]}
    assert sampling_after({"sampling": {"steps": 10}}, samples) == {"steps": 10} and sampling_after({}, samples) == {}
