"""The small model that is shipped: its data, its training from nothing, and how well it draws."""
