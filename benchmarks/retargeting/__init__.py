"""Retargeted motions against independent kinematics."""
