"""Walls around a student's process, and the processes inside them."""
