"""A finished checkpoint stays usable, whatever parts models have had since."""

from __future__ import annotations

import pytest
import safetensors.torch
import torch

from train.recipes import mini_joint
from train.weights import load_model, new_model, save_model

HEED = "denoiser.shortcuts.heed.weight"


def test_weights_of_before_words_counted_differently_hear_all_words_alike() -> None:
    model = new_model(mini_joint(32), seed=3)
    tensors = safetensors.torch.load(save_model(model))
    del tensors[HEED]
    older = load_model(safetensors.torch.save(tensors), model.config)
    shortcuts, text = older.denoiser.shortcuts, older.text(["a dog walks"])
    assert shortcuts is not None
    mean = text[:, :3].mean(dim=1)
    expected = shortcuts.text(mean).unsqueeze(1) + torch.nn.functional.pad(
        shortcuts.moments(mean, [0, 4]), (0, 0, 1, 0)
    )
    torch.testing.assert_close(shortcuts.of_text(text, [0, 4]), expected)


def test_any_other_tensor_that_is_missing_is_told() -> None:
    model = new_model(mini_joint(32), seed=3)
    tensors = safetensors.torch.load(save_model(model))
    del tensors["denoiser.shortcuts.text.weight"]
    with pytest.raises(ValueError, match="shortcuts.text.weight"):
        load_model(safetensors.torch.save(tensors), model.config)
