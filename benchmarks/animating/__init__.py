"""What the joint model draws, and whether a mesh that is animated with it does what was asked."""
