"""Stages, their plans, and the driver that runs them."""
