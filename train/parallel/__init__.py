"""Training by several processes: who has which part of a step, what they tell each other, and who starts them."""
