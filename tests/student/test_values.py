"""Arrays survive as data: numbers, dtype, shape and layout."""

import json

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.student import values
from autograder.student.values import build_array, describe, encode, layout_of

DTYPES = (np.float64, np.float32, np.float16, np.int64, np.int32)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def every_other(x):
    if not x.ndim:
        return x
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def one_axis_repeated(x):
    axis = x.shape.index(max(x.shape)) if x.ndim else None
    return x if axis is None else np.broadcast_to(x.take([0], axis), x.shape)


LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": every_other,
    "backwards": lambda x: x[::-1] if x.ndim else x,
    "turned": np.transpose,
    "broadcast": lambda x: one_axis_repeated(x) if x.size else x,
}

ARRAYS = st.builds(
    lambda x, layout: LAYOUTS[layout](x),
    hnp.arrays(st.sampled_from(DTYPES), SHAPES),
    st.sampled_from(list(LAYOUTS)),
)


def stored_and_built(x, framework="numpy"):
    arrays = {}
    spec = json.loads(json.dumps(encode(x, arrays, framework)))
    return spec, build_array(spec, arrays[spec["array"]])


def same_bits(x, y):
    return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()


@given(ARRAYS)
def test_an_array_comes_back_to_the_bit(x):
    _, built = stored_and_built(x)
    assert same_bits(built, x)


@given(ARRAYS)
def test_the_layout_comes_back_too(x):
    _, built = stored_and_built(x)
    assert layout_of(built) == layout_of(x)
    assert built.flags.c_contiguous == x.flags.c_contiguous


@given(ARRAYS)
def test_what_is_stored_is_contiguous(x):
    arrays = {}
    encode(x, arrays, "numpy")
    assert arrays["a0"].flags.c_contiguous


@pytest.mark.parametrize("layout", LAYOUTS)
def test_two_builds_share_nothing(layout):
    arrays = {}
    spec = encode(LAYOUTS[layout](np.arange(6.0).reshape(2, 3)), arrays, "numpy")
    one, other = (build_array(spec, arrays["a0"]) for _ in range(2))
    assert not np.shares_memory(one, other)
    assert not np.shares_memory(one, arrays["a0"])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64"])
def test_a_tensor_has_the_layout_of_the_array(layout, dtype):
    x = LAYOUTS[layout](np.arange(12).reshape(3, 4).astype(dtype))
    _, built = stored_and_built(x, "torch")
    assert built.dtype == getattr(torch, dtype)
    assert np.array_equal(built.cpu().numpy(), x)
    assert built.is_contiguous() == x.flags.c_contiguous
    assert (0 in built.stride()) == (0 in x.strides)


@pytest.mark.parametrize("layout", ["C", "F", "strided", "broadcast"])
def test_bfloat16_is_stored_as_float32_and_built_as_bfloat16(layout):
    x = LAYOUTS[layout](np.array([[1.0, 2.5], [1.0, -3e38]], ml_dtypes.bfloat16))
    spec, built = stored_and_built(x, "torch")
    assert spec["dtype"] == "bfloat16"
    assert built.dtype == torch.bfloat16
    assert np.array_equal(built.float().cpu().numpy(), x.astype(np.float32))


def test_scalars_and_containers_are_described():
    arrays = {}
    given_value = {"mode": "train", "n": [1, np.float32(0.5), None, True]}
    assert encode(given_value, arrays, "numpy") == {
        "dict": {
            "mode": {"scalar": "train"},
            "n": {
                "list": [
                    {"scalar": 1},
                    {"scalar": 0.5},
                    {"scalar": None},
                    {"scalar": True},
                ]
            },
        }
    }
    assert arrays == {}
    assert list(encode((np.ones(2), 3), arrays, "numpy")) == ["tuple"]
    assert list(arrays) == ["a0"]


@pytest.mark.parametrize("value", [{1, 2}, object(), 1j, b"bytes"])
def test_a_case_can_hold_nothing_else(value):
    with pytest.raises(TypeError, match=type(value).__name__):
        encode(value, {}, "numpy")


@given(ARRAYS)
def test_an_array_that_is_returned_is_copied(x):
    seen = describe(x)
    assert seen.kind == "NumPy array"
    assert seen.dtype == x.dtype.name
    assert same_bits(seen.array, x)
    assert not np.shares_memory(seen.array, x)


@pytest.mark.parametrize(
    ("value", "kind", "dtype"),
    [
        (3, "number", "float64"),
        (2.5, "number", "float64"),
        (np.float32(1.5), "NumPy number", "float32"),
        (np.int64(7), "NumPy number", "int64"),
        (np.ones(2, bool), "NumPy array", "bool"),
        (np.ma.masked_array([1.0], [True]), "NumPy array", "float64"),
    ],
)
def test_numbers_are_read(value, kind, dtype):
    seen = describe(value)
    assert (seen.kind, seen.dtype) == (kind, dtype)
    assert type(seen.array) is np.ndarray
    assert seen.shape == np.shape(value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "None"),
        (True, "True or False"),
        (np.True_, "True or False"),
        ([1.0], "list"),
        ("text", "str"),
        (1j, "complex"),
        (np.array([1j]), "NumPy array of dtype complex128"),
        (np.array([None]), "NumPy array of dtype object"),
        (10**400, "int that can't be read"),
        (np.broadcast_to(0.0, values.LARGEST + 1), "NumPy array with 16,777,217"),
        (torch.zeros(1).expand(values.LARGEST + 1), "torch tensor with 16,777,217"),
        (torch.tensor([1j]), "torch tensor of dtype complex64"),
        (torch.eye(2).to_sparse(), "Tensor that can't be read"),
    ],
)
def test_of_anything_else_only_the_type_is_kept(value, kind):
    seen = describe(value)
    assert seen.kind.startswith(kind)
    assert seen.array is None
    assert seen.shape is None


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "bool"])
def test_tensors_are_read_without_their_graph(dtype):
    tensor = torch.tensor([[1.0, 0.0]]).to(getattr(torch, dtype))
    tensor.requires_grad_(tensor.is_floating_point())
    seen = describe(tensor)
    assert (seen.kind, seen.dtype) == ("torch tensor", dtype)
    assert np.array_equal(seen.array, [[1.0, 0.0]])


def test_an_object_that_claims_to_be_an_array_is_not_believed():
    class Liar:
        __class__ = np.ndarray

        def __array__(self, *args, **kwargs):
            return np.zeros(3)

    assert describe(Liar()).array is None
