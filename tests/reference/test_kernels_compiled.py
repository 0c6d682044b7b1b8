"""The fast kernels compiled for an H200, with no GPU: spills, width of loads."""

import pytest

from benchmarks.gpu.machine_code import Call, codes_of

KERNELS = "autograder.reference.kernels"
CALLS = {}


def norm(module, name, x, gamma, row, *more):
    for part, given in (
        ("forward", (x, gamma, gamma, *more)),
        ("backward", (x, x, gamma, row, row, *more)),
    ):
        call = Call(f"{KERNELS}.{module}", f"{module}_{part}", given)
        CALLS[f"{module} {part} {name}"] = call


for dtype, widths in (("float32", (128, 8192, 32768)), ("bfloat16", (1024, 16384))):
    for D in widths:
        row = ["float32", [4096]]
        norm("layernorm", f"{D} {dtype}", [dtype, [4096, D]], [dtype, [D]], row)
    image, channel = [dtype, [64, 320, 64, 64]], ["float32", [320]]
    norm("groupnorm", f"320 {dtype}", image, channel, ["float32", [64, 32]], 32)
    norm("batchnorm", f"320 {dtype}", image, channel, channel)
    flat = [dtype, [2**20]]
    CALLS[f"normal {dtype}"] = Call(f"{KERNELS}.fill", "normal_", (flat, 1))
    CALLS[f"gelu {dtype}"] = Call(
        f"{KERNELS}.elementwise", "activation_forward", (flat, "gelu")
    )
SMALL = {"sum_rows_kernel", "merge_kernel"}


@pytest.fixture(scope="module")
def codes():
    return dict(zip(CALLS, codes_of(list(CALLS.values())), strict=True))


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_spilled_and_numbers_come_16_bytes_at_a_time(name, codes):
    assert codes[name]
    for code in codes[name]:
        assert code.stack == 0, code
        if code.kernel in SMALL:
            continue
        if name.split()[0] != "normal":
            assert code.load == 16, code
        # statistics and sums of a row or a channel are one number
        sums = ("statistics", "gradients", "sums")
        if not any(word in code.kernel for word in sums):
            assert code.store == 16, code


def test_two_blocks_find_place_for_rows_of_16384(codes):
    [code] = codes["layernorm forward 16384 bfloat16"]
    assert code.blocks == 2
    assert code.occupancy == 0.5


def test_the_backward_pass_of_rows_fetches_ahead(codes):
    """A persistent program has its next rows on their way, in shared memory."""
    code = codes["layernorm backward 8192 float32"][0]
    assert code.kernel == "layernorm_backward_rows"
    assert code.shared >= 2 * 2 * 8192 * 4
