"""What a vision-language model is asked, and what its answers must be."""
