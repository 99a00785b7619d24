"""Throughput of stages and of planning."""
