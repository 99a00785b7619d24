"""What tokens cost."""

from __future__ import annotations

from caption.questions.question import Usage
from rigmill.config.caption import Endpoint

_PER = 1_000_000  # tokens that a price is for


def cost_usd(usage: Usage, endpoint: Endpoint) -> float | None:
    """What the usage costs at the profile's price of the model; None: the profile has no price for it."""
    price = endpoint.prices.get(endpoint.model)
    if price is None:
        return None
    return (usage.input_tokens * price.input_usd + usage.output_tokens * price.output_usd) / _PER
