"""Words for clips: motion captions and one of 25 categories."""
