"""From noise to data along a velocity, over Wan's flow sigmas. A solver serves one sampling: UniPC remembers steps."""

from __future__ import annotations

from typing import Literal, Protocol

from diffusers import UniPCMultistepScheduler
from torch import Tensor

from train.objective import shift_sigma

SolverName = Literal["euler", "unipc"]


class Solver(Protocol):
    """`sigmas` are the noise levels of all steps, from (almost) 1 down, and 0 after them."""

    sigmas: list[float]

    def step(self, index: int, state: Tensor, velocity: Tensor) -> Tensor:
        """The state at sigmas[index + 1], from that at sigmas[index] and the velocity there."""


class Euler:
    """Straight steps."""

    def __init__(self, num_steps: int, *, shift: float) -> None:
        self.sigmas = [shift_sigma(1 - place / num_steps, shift) for place in range(num_steps + 1)]

    def step(self, index: int, state: Tensor, velocity: Tensor) -> Tensor:
        return state + (self.sigmas[index + 1] - self.sigmas[index]) * velocity


class UniPC:
    """diffusers' UniPC, as Wan2.1 is sampled: it predicts from the steps before and corrects what it predicted."""

    def __init__(self, num_steps: int, *, shift: float) -> None:
        self.scheduler = UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift
        )
        self.scheduler.set_timesteps(num_steps)
        self.sigmas = [float(sigma) for sigma in self.scheduler.sigmas]

    def step(self, index: int, state: Tensor, velocity: Tensor) -> Tensor:
        done: Tensor = self.scheduler.step(velocity, self.scheduler.timesteps[index], state).prev_sample
        return done


def solver_of(name: SolverName, num_steps: int, *, shift: float) -> Solver:
    """A new solver of this name."""
    return Euler(num_steps, shift=shift) if name == "euler" else UniPC(num_steps, shift=shift)
