"""Asking a server that speaks OpenAI's protocol: one policy of retries, limits, a cache, a budget, batches."""
