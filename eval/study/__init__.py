"""A user study: pages on which people say whose motion they prefer, and what all of them said."""
