"""What tables and folders hold beside the plan: how much it is, and how it goes when a person asks."""
