"""Walls around a student's process, and the processes inside them.

A *backend* says how strong the walls are:

``bwrap``
    a jail of bubblewrap with nothing of the course in it. Every submission
    gets namespaces of its own in there, a scratch folder in memory, a list of
    allowed system calls, and Landlock where the kernel has it.
``landlock``
    the allowed system calls and Landlock alone, on the machine's own file
    system. It needs no rights and no package.
``none``
    a process with limits. It is for code that you trust.

None stands in for another: one that can't be had is an error.
"""

from autograder.sandbox.backends import (
    BACKENDS,
    Backend,
    NoSandbox,
    choose,
    strongest,
)
from autograder.sandbox.usage import Usage
from autograder.sandbox.warm import Child, Parent, parent

__all__ = [
    "BACKENDS",
    "Backend",
    "Child",
    "NoSandbox",
    "Parent",
    "Usage",
    "choose",
    "parent",
    "strongest",
]
