"""Checks for the assignments of "Training Neural Networks, Part I".

``autograder.student`` is all that a student installs; everything else belongs
to the instructor. The student's part imports nothing of the instructor's.
"""

from autograder.student.check import check

__all__ = ["check"]
