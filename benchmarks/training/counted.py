"""What torch keeps and holds in a training step at any size, counted on tensors without contents: nothing is computed.

A GPU's step is counted as a GPU would do it: autocast to bfloat16, norms in float32 and by one kernel, frozen weights
in bfloat16. What a CPU without CUDA cannot count is the workspace of kernels and the holes of the allocator.
"""

from __future__ import annotations

import contextlib
import weakref
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from train.model.joint import JointVideoPose, Pair
from train.objective import add_noise, prediction_loss
from train.planning.cost import DrawShape
from train.recipes import WHOLE, Checkpointing, DeviceName, ModelConfig, Trains

FLOAT32 = ("time_embedder", "scale_shift_table", "norm1", "norm2", "norm3")  # of Wan's weights, as diffusers reads them


@dataclass(frozen=True)
class Counted:
    """Bytes: that wait for the backward pass, and the most that the second step holds with all its weights."""

    saved: int
    peak: int


def of_stage(config: ModelConfig, trains: Trains, *, layers: int = 0) -> ModelConfig:
    """What a stage trains, where it is built from its configuration alone."""
    own = config.denoiser
    changed = replace(
        own,
        num_layers=layers or own.num_layers,
        adapter_rank=0 if trains in WHOLE else config.adapter_rank,
        multi_view=trains in ("all", "views"),
        sees_camera=trains == "poses",
        modalities={"video": ("rgb",), "poses": ("pose",)}.get(trains, own.modalities),
        origin="inline" if trains in WHOLE else own.origin,
    )
    return replace(config, denoiser=changed)


def counted(
    config: ModelConfig, shape: DrawShape, trains: Trains, how: Checkpointing, *, device: DeviceName, ema: bool = False
) -> Counted:
    """Of the denoiser, the loss, and AdamW; latents come from a cache."""
    with FakeTensorMode(), Held() as held, contextlib.ExitStack() as stack:
        model = built(config, device=device)
        trained = model.trained_by(trains)
        model.checkpointing = how
        own = config.denoiser
        size = (shape.num_clips, shape.num_views, own.in_channels)
        parts = [torch.empty(*size, frames, shape.rows, shape.columns) for frames in [shape.num_latent] * 4 + [1] * 2]
        clean, noise, condition = (Pair(*pair) for pair in zip(parts[::2], parts[1::2]))
        given = [
            torch.empty(shape.num_clips),
            torch.empty(shape.num_clips, shape.num_text, own.text_dim),
            torch.empty(shape.num_clips, shape.num_views, 6, shape.rows, shape.columns),
        ]
        optimiser = torch.optim.AdamW(trained, lr=1e-3)
        means = [weight.detach().clone() for weight in trained] if ema else []
        lasting = {_piece(tensor) for tensor in [*model.parameters(), *model.buffers(), *parts, *given]}
        seen: dict[int, Any] = {}

        def pack(tensor: Tensor) -> Tensor:
            if _piece(tensor) not in lasting:
                seen.setdefault(_piece(tensor), tensor.untyped_storage())
            return tensor

        if device == "gpu":
            stack.enter_context(torch.autocast("cpu", torch.bfloat16, cache_enabled=False))

        def step() -> int:
            seen.clear()
            sigma, text, rays = given
            with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
                said = model(
                    Pair(add_noise(clean.rgb, noise.rgb, sigma), add_noise(clean.pose, noise.pose, sigma)),
                    condition=condition,
                    timestep=sigma * 1000,
                    text=text,
                    rays=rays,
                )
                losses = prediction_loss(said, clean=clean, noise=noise, sigma=sigma, config=config)
                loss = torch.stack([getattr(losses, name) for name in own.modalities]).mean()
            del said, losses
            saved = sum(storage.nbytes() for storage in seen.values())
            seen.clear()
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            return saved

        step()
        held.begin()
        saved = step()
        del means
        return Counted(saved=saved, peak=held.most)


def _piece(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def built(config: ModelConfig, *, device: DeviceName) -> JointVideoPose:
    """The model in the types in which it is trained; in a mode of fakes its numbers are nowhere."""
    with torch.device("meta"):
        model = JointVideoPose(config.denoiser)
    halved = device == "gpu" and config.denoiser.origin == "folder"
    for module_name, module in model.named_modules():
        for name, weight in module._parameters.items():
            if weight is None:
                continue
            whole = f"{module_name}.{name}"
            half = halved and whole.startswith("wan.") and not any(part in whole for part in ("lora_", *FLOAT32))
            made = torch.empty(weight.shape, dtype=torch.bfloat16 if half else torch.float32)
            module._parameters[name] = nn.Parameter(made)
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype)
        if device == "gpu" and isinstance(module, nn.RMSNorm):
            module.forward = partial(_norm, module)  # type: ignore[method-assign]
    return model


def _norm(module: nn.RMSNorm, value: Tensor) -> Tensor:
    """In float32 and by one kernel, as CUDA's autocast and kernels have it and a CPU's do not."""
    assert module.weight is not None
    return _Norm.apply(value.float(), module.weight.float())  # type: ignore[no-any-return]


class _Norm(torch.autograd.Function):
    """_fused_rms_norm: it keeps its input, a number a row, and the weight."""

    @staticmethod
    def forward(context: Any, value: Tensor, weight: Tensor) -> Tensor:
        context.save_for_backward(value, value.new_empty(value.shape[:-1]), weight)
        return torch.empty_like(value)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Any:  # type: ignore[override]
        value, _, weight = context.saved_tensors
        needs = context.needs_input_grad
        return torch.empty_like(value) if needs[0] else None, torch.empty_like(weight) if needs[1] else None


class Held(TorchDispatchMode):
    """Bytes of all tensors that are alive, and the most of them since `begin`."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known: dict[int, Any] = {}

    def begin(self) -> None:
        self.most = self.now

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **kwargs or {})
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor):
                self._see(tensor.untyped_storage())
        self.most = max(self.most, self.now)
        return out

    def _see(self, storage: Any) -> None:
        key = storage._cdata
        if key in self._known:
            return
        size = storage.nbytes()
        self.now += size

        def gone(_: Any) -> None:
            self.now -= size
            del self._known[key]

        self._known[key] = weakref.ref(storage, gone)


def flops(config: ModelConfig, shape: DrawShape, trains: Trains | None) -> int:
    """Operations by torch's counter; `trains` None: of the forward pass alone."""
    from torch.utils.flop_counter import FlopCounterMode

    own = config.denoiser
    with torch.device("meta"):
        model = JointVideoPose(own)
        size = (shape.num_clips, shape.num_views, own.in_channels)
        noisy = torch.empty(*size, shape.num_latent, shape.rows, shape.columns)
        first = torch.empty(*size, 1, shape.rows, shape.columns)
        given = {
            "condition": Pair(first, first),
            "timestep": torch.empty(shape.num_clips),
            "text": torch.empty(shape.num_clips, shape.num_text, own.text_dim),
            "rays": torch.empty(shape.num_clips, shape.num_views, 6, shape.rows, shape.columns),
        }
    model.trained_by(trains or "all")
    with FlopCounterMode(display=False) as counter, torch.set_grad_enabled(trains is not None):
        out = model(Pair(noisy, noisy), **given)
        if trains is not None:
            (out.rgb.sum() + out.pose.sum()).backward()
    return int(counter.get_total_flops())
