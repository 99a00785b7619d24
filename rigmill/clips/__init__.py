"""What a rendered clip is made of: cameras, numbers, videos, pictures."""
