"""A Qwen2.5-VL of a million random numbers behind a server of OpenAI's protocol: it sees, and knows nothing."""

NAME = "tiny-random-qwen2.5-vl"
