"""LoRA on the linear layers of Wan's blocks, by peft. At the start it adds exactly nothing."""

from __future__ import annotations

import torch
from diffusers import WanTransformer3DModel
from peft import LoraConfig
from torch import Tensor, nn

NAME = "default"  # of the one adapter, as peft calls it by itself
TARGETS = ("to_q", "to_k", "to_v", "to_out.0", "ffn.net.0.proj", "ffn.net.2")  # of self- and cross-attention


def add_adapters(wan: WanTransformer3DModel, *, rank: int) -> None:
    """Put adapters of this rank under every linear layer of the blocks, in float32 whatever the base is.

    They are drawn from the global random state. peft freezes all the rest of the transformer.
    """
    wan.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=list(TARGETS)), adapter_name=NAME)
    for name, weight in wan.named_parameters():
        if "lora_" in name:
            weight.data = weight.data.float()


@torch.no_grad()
def plain_state(module: nn.Module) -> dict[str, Tensor]:
    """A module's tensors as they were named before adapters, with what the adapters add put into them."""
    state: dict[str, Tensor] = {}
    for name, tensor in module.state_dict().items():
        if "lora_" in name:
            continue
        head, found, tail = name.partition(".base_layer.")
        if found and tail == "weight":
            layer = module.get_submodule(head)
            tensor = tensor + layer.get_delta_weight(NAME).to(tensor.dtype)  # type: ignore[operator]
        state[f"{head}.{tail}" if found else name] = tensor
    return state
