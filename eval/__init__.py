"""Pose maps back to joints, rotations and an animated mesh, and the numbers that judge them."""
