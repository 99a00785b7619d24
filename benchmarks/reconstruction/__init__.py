"""How exactly and how quickly pose maps become motions again."""
