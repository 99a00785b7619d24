"""Requests to Blender in processes of their own, and what runs there."""
