"""Wrong counts of the bytes that a backward keeps."""

from __future__ import annotations

from functools import partial

from autograder.mistakes.activations_torch import mistake

_bytes = partial(mistake, "torch_saved_bytes")

_B_KEEP = "kept[tensor.data_ptr()] = tensor  # alive, so no address comes twice"
_B_RETURN = "return sum(t.numel() * t.element_size() for t in kept.values())"
_B_CALL = "function(x)\n"
_B_START = "x = x.detach().requires_grad_()"

BYTES = (
    _bytes(
        "a tensor counted twice",
        "Is it another tensor, or the same one again?",
        (_B_KEEP, "kept[len(kept)] = tensor"),
    ),
    _bytes(
        "nothing needs a gradient",
        "For whom does autograd keep anything? Look at x.requires_grad.",
        (_B_START, "x = x.detach()"),
    ),
    _bytes(
        "elements counted, not bytes",
        "How many bytes has one element?",
        (_B_RETURN, "return sum(t.numel() for t in kept.values())"),
    ),
    _bytes(
        "4 bytes an element",
        "How many bytes has an element of float64? And one of a mask?",
        (_B_RETURN, "return sum(4 * t.numel() for t in kept.values())"),
    ),
    _bytes(
        "as many bytes an element as x has",
        "How many bytes has an element of a mask?",
        (_B_RETURN, "return sum(t.numel() * x.element_size() for t in kept.values())"),
    ),
    _bytes(
        "tensors counted, not bytes",
        "How large is each of them?",
        (_B_RETURN, "return len(kept)"),
    ),
    _bytes(
        "x not counted",
        "Is x kept for the backward when the function saves it?",
        (_B_RETURN, f"kept.pop(x.data_ptr(), None)\n    {_B_RETURN}"),
    ),
    _bytes(
        "output not counted",
        "Is the output kept for the backward when the function saves it?",
        (_B_CALL, f"out = {_B_CALL}"),
        (_B_RETURN, f"kept.pop(out.data_ptr(), None)\n    {_B_RETURN}"),
    ),
    _bytes(
        "the largest one alone",
        "How many tensors are kept at a time?",
        (
            _B_RETURN,
            _B_RETURN.replace("sum(", "max(", 1).replace(
                "for t in kept.values())", "for t in [*kept.values(), x[:0]])"
            ),
        ),
    ),
    _bytes(
        "input and output, whatever is kept",
        "Which of the two does the hook see?",
        (_B_CALL, f"out = {_B_CALL}"),
        (_B_RETURN, "return sum(t.numel() * t.element_size() for t in (x, out))"),
    ),
)

MISTAKES = BYTES
