"""What a chain of operations keeps for its backward pass, and the most that passes hold at once, by shapes. No torch.

The rules are torch's: which operand an operation keeps depends on which operands want gradients, what is kept twice
lies there once, a cast is a copy, a view is none. tests/train/planning/test_memory.py holds them against torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Value:
    """Numbers in one piece of memory; views of it are the same value."""

    numbers: int
    width: int  # bytes a number
    grad: bool = False  # whether a gradient is wanted
    lasting: bool = False  # a weight, or what lives longer than the chain: counted elsewhere

    @property
    def size(self) -> int:
        return self.numbers * self.width


@dataclass(slots=True)
class _Step:
    used: tuple[Value, ...]
    given: tuple[Value, ...]  # of these, what has a gradient passed on to it
    out: Value
    kept: tuple[Value, ...]
    passes: bool = False  # the gradient goes through as it is
    extra: int = 0  # bytes that the backward pass needs beside


@dataclass(eq=False, slots=True)
class _Piece:
    """Memory of a gradient, which several values may share."""

    size: int


@dataclass(slots=True)
class Tape:
    """Operations in their order; `width` is that of matrix products, `fused_norms` whether a kernel does the norms."""

    width: int
    fused_norms: bool
    steps: list[_Step] = field(default_factory=list)

    def do(
        self, out: Value, used: Sequence[Value], kept: Sequence[Value] = (), *, passes: bool = False, extra: int = 0
    ) -> Value:
        """Any operation; what it keeps counts where its result has a gradient."""
        given = tuple(value for value in used if value.grad)
        waits = tuple(value for value in kept if not value.lasting) if out.grad else ()
        self.steps.append(_Step(tuple(used), given, out, waits, passes, extra))
        return out

    def hold(self, *values: Value) -> None:
        """A function's own names end here: so long what they name stays, used or not."""
        self.do(Value(0, 1), values)

    def cast(self, value: Value, width: int) -> Value:
        if value.width == width:
            return value
        return self.do(Value(value.numbers, width, value.grad), [value])

    def copy(self, value: Value) -> Value:
        """Another order of the same numbers."""
        return self.do(Value(value.numbers, value.width, value.grad), [value])

    def add(self, one: Value, other: Value) -> Value:
        out = Value(max(one.numbers, other.numbers), max(one.width, other.width), one.grad or other.grad)
        return self.do(out, [one, other], passes=one.size == other.size)

    def mul(self, one: Value, other: Value) -> Value:
        """Either may be broadcast to the other."""
        out = Value(max(one.numbers, other.numbers), max(one.width, other.width), one.grad or other.grad)
        kept = [other] * one.grad + [one] * other.grad
        broadcast = [value for value in (one, other) if value.grad and value.numbers < out.numbers]
        return self.do(out, [one, other], kept, extra=len(broadcast) * out.size)

    def linear(self, value: Value, inside: int, outside: int, *, width: int, trained: bool) -> Value:
        """By a weight of so many bytes a number."""
        given = self.cast(value, self.width)
        weight = Value(inside * outside, width, trained, lasting=True)
        used = self.cast(weight, self.width)
        out = Value(value.numbers // inside * outside, self.width, given.grad or trained)
        return self.do(out, [given, used], [used] * given.grad + [given] * trained)

    def layer_norm(self, value: Value, dim: int, *, trained: bool = False) -> Value:
        """In float32, of what is float32 already."""
        moments = Value(2 * value.numbers // dim, 4)
        return self.do(Value(value.numbers, 4, value.grad or trained), [value], [value, moments])

    def rms_norm(self, value: Value, dim: int, *, width: int, trained: bool) -> Value:
        given = self.cast(value, 4)
        weight = self.cast(Value(dim, width, trained, lasting=True), 4)
        size = Value(value.numbers // dim, 4)
        out = Value(value.numbers, 4, given.grad or trained)
        if self.fused_norms:
            return self.do(out, [given, weight], [given, size, weight])
        normed = self.do(Value(value.numbers, 4, given.grad), [given], [given, size])
        return self.do(out, [normed, weight], [weight] * normed.grad + [normed] * trained)

    def turn(self, value: Value, tables: Sequence[Value]) -> Value:
        """By rotary positions: halves in, halves out, put together in place."""
        return self.do(Value(value.numbers, value.width, value.grad), [value], tables, extra=value.size)

    def gelu(self, value: Value) -> Value:
        return self.do(Value(value.numbers, value.width, value.grad), [value], [value])

    def attend(self, query: Value, key: Value, value: Value, *, heads: int, dim: int) -> Value:
        parts = [self.cast(part, self.width) for part in (query, key, value)]
        out = Value(query.numbers, self.width, any(part.grad for part in parts))
        sums = Value(query.numbers // dim * heads, 4)
        return self.do(out, parts, [*parts, sums, out])

    @property
    def kept(self) -> int:
        """Bytes that wait for the backward pass."""
        return sum(value.size for value in {id(value): value for step in self.steps for value in step.kept}.values())

    def forward_peak(self) -> int:
        """The most bytes that the forward pass holds at once: what it keeps so far, and what is still to be used."""
        last_use = {id(value): place for place, step in enumerate(self.steps) for value in step.used}
        alive: dict[int, Value] = {}
        kept: dict[int, Value] = {}
        most = 0
        for place, step in enumerate(self.steps):
            kept |= {id(value): value for value in step.kept}
            alive |= {id(value): value for value in (*step.used, step.out) if not value.lasting}
            most = max(most, sum(value.size for value in (alive | kept).values()))
            alive = {key: value for key, value in alive.items() if last_use.get(key, -1) > place}
        return most

    def backward_peak(self) -> int:
        """The most bytes that the backward pass holds at once, with what waits for it and the gradient it is given."""
        waiting = Counter(id(value) for step in self.steps for value in step.kept)
        live, most = self.kept, 0
        last = next(step.out for step in reversed(self.steps) if step.out.grad)
        gradients: dict[int, _Piece] = {id(last): _Piece(last.size)}
        for step in reversed(self.steps):
            mine = gradients.pop(id(step.out), None)
            if mine is None:
                continue
            fresh = [mine if step.passes else _Piece(value.size) for value in step.given]
            held = {id(piece): piece for piece in (mine, *fresh, *gradients.values())}
            most = max(most, live + step.extra + sum(piece.size for piece in held.values()))
            for value, piece in zip(step.given, fresh):
                if value.lasting:
                    continue  # a weight's gradient is counted elsewhere
                before = gradients.get(id(value))
                gradients[id(value)] = piece if before is None else _Piece(value.size)
                if before is not None:  # the sum lies beside both
                    most = max(most, live + value.size + sum(piece.size for piece in held.values()))
            for value in step.kept:
                waiting[id(value)] -= 1
                if not waiting[id(value)]:
                    live -= value.size
        return most
