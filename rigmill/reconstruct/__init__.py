"""Pose maps back to 3D joints and rotations, and how good that is. The gate of the render stage and eval share it."""
