"""What a launched kernel becomes on a GPU, with no GPU at hand.

A launch is noted as plain data (``launches``, ``source``). Another process, in
which Triton does not interpret, makes PTX of it (``ptx``) and machine code of
that (``assembly``), and reads off what a GPU would do (``code``, ``offsets``).
``server`` is that process in a student's notebook; in grading the judge has
two of them behind walls.
"""
