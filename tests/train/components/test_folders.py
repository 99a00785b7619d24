"""Components from folders in diffusers' layout: read as stock diffusers reads them; what is wrong is one error."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import WanPipeline

from rigmill.errors import UserError
from tests.support.tiny_wan import LATENTS_MEAN, LATENTS_STD, save_tiny_wan
from train.codec import num_latent_frames
from train.components.places import Places, find, fingerprint, fingerprints
from train.recipes import tiny_wan
from train.weights import load_model, new_model, own_names, save_model

CONFIG = tiny_wan(32)
ALONE = replace(CONFIG, denoiser=replace(CONFIG.denoiser, multi_view=False))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_wan(tmp_path_factory.mktemp("weights") / "wan", CONFIG)


@pytest.fixture(scope="module")
def stock(root: Path) -> WanPipeline:
    return WanPipeline.from_pretrained(root, local_files_only=True)


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RIGMILL_WEIGHTS", raising=False)


def test_the_model_of_a_folder_is_that_of_the_folder(root: Path, stock: WanPipeline) -> None:
    model = new_model(CONFIG, seed=3, folders=find(CONFIG, Places(root=str(root))))
    for name, tensor in stock.transformer.state_dict().items():
        assert torch.equal(model.denoiser.wan.state_dict()[name], tensor), name
    assert model.denoiser.views is not None
    for layer, block in zip(model.denoiser.views, stock.transformer.blocks):
        assert torch.equal(layer.attention.to_q.weight, block.attn1.to_q.weight)
        assert not layer.attention.to_out[0].weight.any()
    assert not any(tensor.is_meta for tensor in model.state_dict().values())


def test_captions_are_encoded_as_the_stock_pipeline_does_and_kept_without_their_padding(
    root: Path, stock: WanPipeline
) -> None:
    model = new_model(CONFIG, seed=3, folders=find(CONFIG, Places(root=str(root))))
    captions = ["a fox runs", "a cabinet opens both of its doors, slowly, and closes them again"]
    truth, _ = stock.encode_prompt(captions, do_classifier_free_guidance=False, max_sequence_length=48)
    with torch.no_grad():
        torch.testing.assert_close(model.text(captions), truth, rtol=0, atol=1e-5)
    assert [len(states) for states in model.text._known.values()] == [len("a fox runs") + 1, 48]


def test_the_codec_has_the_mean_and_deviation_that_its_configuration_names(root: Path, stock: WanPipeline) -> None:
    codec = new_model(ALONE, seed=3, folders=find(ALONE, Places(root=str(root)))).codec
    torch.manual_seed(0)
    videos = torch.rand(2, 3, 5, 32, 32) * 2 - 1
    with torch.no_grad():
        raw = stock.vae.encode(videos).latent_dist.mode()
    mean, deviation = (torch.tensor(values).view(1, -1, 1, 1, 1) for values in (LATENTS_MEAN, LATENTS_STD))
    latents = codec.encode(videos)
    assert latents.shape == (2, 16, 2, 4, 4)
    torch.testing.assert_close(latents, (raw - mean) / deviation, rtol=0, atol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(codec.decode(latents), stock.vae.decode(raw).sample, rtol=0, atol=1e-4)
    first = codec.encode(videos[:, :, :1])
    torch.testing.assert_close(first, latents[:, :, :1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("num_frames", [2, 4, 16, 18, 80])
def test_lengths_that_the_codec_would_cut_are_refused(root: Path, num_frames: int) -> None:
    codec = new_model(ALONE, seed=3, folders=find(ALONE, Places(root=str(root)))).codec
    with pytest.raises(ValueError, match=f"{num_frames} frames: the codec needs 4k"):
        num_latent_frames(codec, num_frames)
    with pytest.raises(ValueError, match="4k"):
        codec.encode(torch.zeros(1, 3, num_frames, 16, 16))


def test_a_checkpoint_on_a_folder_holds_its_own_parts_alone_and_comes_back(root: Path) -> None:
    folders = find(CONFIG, Places(root=str(root)))
    model = new_model(CONFIG, seed=3, folders=folders)
    assert {name.split(".")[1] for name in own_names(model)} == {"modality", "camera", "views"}
    saved = save_model(model)
    assert save_model(load_model(saved, CONFIG, folders)) == saved
    with pytest.raises(ValueError, match="too many or too few"):
        load_model(saved, ALONE, folders)


def test_places_are_asked_in_order(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Path(shutil.copytree(root, tmp_path / "other"))
    monkeypatch.setenv("RIGMILL_WEIGHTS", str(other))
    assert find(CONFIG, Places())["vae"] == other / "vae"
    assert find(CONFIG, Places(root=str(root)))["vae"] == root / "vae", "what a profile says goes before the variable"
    mixed = find(CONFIG, Places(root=str(root), own={"vae": str(other / "vae")}))
    assert (mixed["vae"], mixed["transformer"]) == (other / "vae", root / "transformer")
    (other / "vae" / "config.json").unlink()
    assert find(CONFIG, Places(own={"vae": str(other / "vae")}, root=str(root)))["vae"] == root / "vae"


def test_other_weights_of_one_architecture_have_another_fingerprint(root: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(root / "transformer", tmp_path / "transformer"))
    assert fingerprint(other) == fingerprint(root / "transformer")
    wanted = fingerprints(find(CONFIG, Places(root=str(root))))
    assert find(CONFIG, Places(root=str(root), own={"transformer": str(other)}), wanted=wanted)
    file = other / "diffusion_pytorch_model.safetensors"
    data = bytearray(file.read_bytes())
    data[-3] ^= 1
    file.write_bytes(data)
    assert fingerprint(other) != fingerprint(root / "transformer")
    with pytest.raises(UserError) as caught:
        find(CONFIG, Places(own={"transformer": str(other)}), wanted=wanted)
    assert "other weights than the checkpoint" in caught.value.why


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


CASES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "no transformer": (lambda root: shutil.rmtree(root / "transformer"), "transformer (2.8 GB", "no such folder"),
    "no config": (lambda root: (root / "vae" / "config.json").unlink(), "vae (0.25 GB", "config.json missing"),
    "a broken config": (lambda root: (root / "vae" / "config.json").write_text("{"), "vae", "cannot be read"),
    "no tensors": (
        lambda root: (root / "text_encoder" / "model.safetensors").unlink(),
        "text_encoder (11.4 GB",
        "no .safetensors",
    ),
    "a part of the tensors": (
        lambda root: (
            (root / "transformer" / "diffusion_pytorch_model.safetensors").unlink(),
            (root / "transformer" / "diffusion_pytorch_model.safetensors.index.json").write_text(
                json.dumps({"weight_map": {"a": "diffusion_pytorch_model-00001-of-00002.safetensors"}})
            ),
        ),
        "transformer",
        "diffusion_pytorch_model-00001-of-00002.safetensors missing",
    ),
    "no tokenizer": (lambda root: shutil.rmtree(root / "tokenizer"), "tokenizer (20 MB", "no such folder"),
    "an empty tokenizer": (
        lambda root: (root / "tokenizer" / "tokenizer_config.json").unlink(),
        "tokenizer",
        "tokenizer_config.json missing",
    ),
    "another transformer": (
        lambda root: edit(root / "transformer" / "config.json", num_layers=40),
        "transformer",
        "expected num_layers 2, found 40",
    ),
    "another codec": (lambda root: edit(root / "vae" / "config.json", z_dim=48), "vae", "expected z_dim 16, found 48"),
    "another text encoder": (
        lambda root: edit(root / "text_encoder" / "config.json", d_model=768),
        "text_encoder",
        "expected d_model 32, found 768",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_missing_or_wrong_component_is_one_error_of_one_screen(root: Path, tmp_path: Path, case: str) -> None:
    change, named, why = CASES[case]
    copy = Path(shutil.copytree(root, tmp_path / "w"))
    change(copy)
    with pytest.raises(UserError) as caught:
        find(CONFIG, Places(root=str(copy)))
    error = caught.value
    assert error.code == "E520" and named in error.what and why in error.why and "train.weights.root:" in error.why
    assert "hf download Wan-AI/Wan2.1-T2V-1.3B-Diffusers" in error.fix and "train.recipe=tiny_joint" in error.fix
    assert len(error.render().splitlines()) <= 8


def test_where_nothing_is_set_all_components_are_named_at_once() -> None:
    with pytest.raises(UserError) as caught:
        find(CONFIG, Places())
    assert all(name in caught.value.what for name in ("transformer", "vae", "text_encoder", "tokenizer"))
    assert "none of train.weights.COMPONENT, train.weights.root and $RIGMILL_WEIGHTS is set" in caught.value.why
    text = caught.value.render()
    assert len(text.splitlines()) <= 8 and "hf download" in text


def test_tensors_that_cannot_be_read_are_an_error_of_ours(root: Path, tmp_path: Path) -> None:
    """The libraries would say that the network is to blame."""
    copy = Path(shutil.copytree(root, tmp_path / "w"))
    for component, file in (
        ("transformer", "diffusion_pytorch_model.safetensors"),
        ("text_encoder", "model.safetensors"),
    ):
        path = copy / component / file
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(UserError) as caught:
            new_model(CONFIG, seed=0, folders=find(CONFIG, Places(root=str(copy))))
        assert caught.value.code == "E521" and component in caught.value.what
        path.write_bytes(whole)
