"""Families of bodies that several plans share."""
