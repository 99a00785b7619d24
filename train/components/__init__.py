"""What a model is made of besides our own layers: Wan's transformer, its video codec, its text encoder and tokenizer.

Each is built from an inline small configuration, or read from a folder in diffusers' layout.
"""
