"""What a training takes before it runs: draws, operations, memory, days and money. No torch."""
