"""Where assets come from. Each module lists candidates and fetches one of them."""
