"""Pose maps: colours, drawn joints, drawing, markers."""
