"""Joints in space from discs in several views."""
