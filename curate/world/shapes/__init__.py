"""Skinned surfaces as grids of points: tubes, balls, boxes, lathes, sheets."""
