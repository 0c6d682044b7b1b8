"""The process that runs a student's code: cells, calls, and frames.

It imports ``autograder.student`` and nothing else of the course.
"""
