"""Grading a submission: intake, the worker's process, verdicts, points.

Everything here is trusted code; a student's code runs in the worker alone.
"""
