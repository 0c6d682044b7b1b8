"""Wrong layer and instance norms on tensors, and what goes wrong in all three."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

INV_STD = "inv_std = 1 / torch.sqrt(var + eps)"
DX = "dx = inv_std * (dx_hat - along_one - x_hat * along_x_hat)"
FIRST = ".to(exact).reshape(-1, 1, 1, 1)"
RESULT = "return (g * x_hat + b).to(x.dtype)"


def wrong_function(
    exercise: str, values: str, axes: str, count: str, call: str, plain: str
) -> tuple[Mistake, ...]:
    """What goes wrong in each of the three functions.

    Parameters
    ----------
    values : what is averaged over ``axes``, ``count`` numbers a mean
    call : how the function hands over to autograd; ``plain`` is a body that
        leaves the way back to autograd
    """
    wrong = partial(Mistake, exercise)
    var = f"(centred * centred).mean({axes}, keepdim=True)"
    return (
        wrong(
            "eps outside the root",
            "Set eps to 0.3 and look which of the two forms the formula has.",
            ((INV_STD, "inv_std = 1 / (torch.sqrt(var) + eps)"),),
        ),
        wrong(
            "no eps",
            "What does your function give where all numbers behind a mean are equal?",
            ((INV_STD, "inv_std = 1 / torch.sqrt(var)"),),
        ),
        wrong(
            "eps hard-coded",
            "Where does your eps come from?",
            ((INV_STD, "inv_std = 1 / torch.sqrt(var + 1e-5)"),),
        ),
        wrong(
            "unbiased variance where it normalizes",
            "Tensor.var divides by the count less one if nothing is said. What does "
            "the formula say?",
            (
                (
                    var,
                    f"(centred * centred).sum({axes}, keepdim=True)"
                    f" / max({count} - 1, 1)",
                ),
            ),
        ),
        wrong(
            "one-pass variance",
            "At a mean of 10,000, how many digits are left of E[x^2] - E[x]^2?",
            (
                (
                    var,
                    f"({values} * {values}).mean({axes}, keepdim=True)"
                    f" - {values}.mean({axes}, keepdim=True) ** 2",
                ),
            ),
        ),
        wrong(
            "computed in 16 bits",
            "How many digits has bfloat16? Add up nine numbers around 4 in it.",
            (("torch.promote_types(x.dtype, torch.float32)", "x.dtype"),),
        ),
        wrong(
            "result always in float32",
            "What dtype does the layer after this one expect?",
            ((RESULT, "return (g * x_hat + b).float()"),),
        ),
        wrong(
            "float64 computed in float32",
            "float64 has 16 digits. How many are left on the way?",
            (("torch.promote_types(x.dtype, torch.float32)", "torch.float32"),),
        ),
        wrong(
            "made on the CPU",
            "On which device is your new tensor, and on which is x?",
            ((INV_STD, f"var = torch.zeros(var.shape) + var\n        {INV_STD}"),),
        ),
        wrong(
            "mean treated as constant",
            "Change one number. Does the mean behind it stay?",
            ((DX, "dx = inv_std * (dx_hat - x_hat * along_x_hat)"),),
        ),
        wrong(
            "variance treated as constant",
            "Change one number. Does the variance behind it stay?",
            ((DX, "dx = inv_std * (dx_hat - along_one)"),),
        ),
        wrong(
            "sums in place of means in dx",
            "Count how many numbers share the mean.",
            (
                (f"dx_hat.mean({axes}", f"dx_hat.sum({axes}"),
                (f"(dx_hat * x_hat).mean({axes}", f"(dx_hat * x_hat).sum({axes}"),
            ),
        ),
        wrong(
            "gamma missing in dx",
            "How does doubling gamma change the output, and so its gradient?",
            (("dout * g", "dout * torch.ones_like(g)"),),
        ),
        wrong(
            "dgamma without x_hat",
            "What is the output's derivative by gamma?",
            (("dgamma = (dout * x_hat)", "dgamma = dout"),),
        ),
        wrong(
            "dgamma and dbeta swapped",
            "In which order did the forward get gamma and beta?",
            (("dgamma, dbeta)\n", "dbeta, dgamma)\n"),),
        ),
        wrong(
            "no backward of its own",
            "Where does autograd find your backward? Look at the result's grad_fn.",
            ((call, plain),),
        ),
    )


def wrong_images(exercise: str) -> tuple[Mistake, ...]:
    """What goes wrong where gamma and beta belong to channels."""
    wrong = partial(Mistake, exercise)
    sums = ("dgamma = (dout * x_hat).sum((0, 2, 3))", "dbeta = dout.sum((0, 2, 3))")
    return (
        wrong(
            "dgamma and dbeta of shape (1, C, 1, 1)",
            "Which shape did gamma have? Its gradient has the same.",
            tuple((s, s.replace("3))", "3), keepdim=True)")) for s in sums),
        ),
        wrong(
            "gamma and beta on the last axis",
            "Which axis of x belongs to gamma? Print both shapes.",
            (
                ("gamma.to(exact).reshape(-1, 1, 1)", "gamma.to(exact)"),
                ("beta.to(exact).reshape(-1, 1, 1)", "beta.to(exact)"),
            ),
        ),
        wrong(
            "gamma and beta on the first axis",
            "Which axis of x belongs to gamma? Print both shapes.",
            (
                ("gamma.to(exact).reshape(-1, 1, 1)", f"gamma{FIRST}"),
                ("beta.to(exact).reshape(-1, 1, 1)", f"beta{FIRST}"),
            ),
        ),
        wrong(
            "one image's dgamma",
            "How many images use one gamma?",
            ((sums[0], "dgamma = (dout * x_hat)[0].sum((1, 2))"),),
        ),
    )


layer = partial(Mistake, "torch_layernorm")
instance = partial(Mistake, "torch_instancenorm")

OF_LAYER = (
    *wrong_function(
        "torch_layernorm",
        "rows",
        "-1",
        "x.shape[-1]",
        "return LayerNormFunction.apply(x, gamma, beta, eps)",
        "centred = x - x.mean(-1, keepdim=True)\n"
        "    std = torch.sqrt(centred.square().mean(-1, keepdim=True) + eps)\n"
        "    return gamma * centred / std + beta",
    ),
    layer(
        "it is batch norm",
        "Over which axis is the mean of a row?",
        (
            ("rows.mean(-1,", "rows.mean(0,"),
            ("(centred * centred).mean(-1,", "(centred * centred).mean(0,"),
        ),
    ),
    layer(
        "one mean for a whole example",
        "A sequence has T rows. How many means has it?",
        (
            ("rows.mean(-1,", "rows.mean(list(range(1, x.ndim)),"),
            (
                "(centred * centred).mean(-1,",
                "(centred * centred).mean(list(range(1, x.ndim)),",
            ),
        ),
    ),
    layer(
        "gamma taken out of the sums",
        "Is gamma the same for all numbers that the sums run over?",
        (("dout * g", "dout"), ("dx = inv_std *", "dx = g * inv_std *")),
    ),
    layer(
        "dgamma per row",
        "How many rows use one gamma?",
        (("(dout * x_hat).flatten(0, -2).sum(0)", "(dout * x_hat).sum(-1)"),),
    ),
)

OF_INSTANCE = (
    *wrong_function(
        "torch_instancenorm",
        "wide",
        "(2, 3)",
        "(x.shape[2] * x.shape[3])",
        "return InstanceNormFunction.apply(x, gamma, beta, eps)",
        "centred = x - x.mean((2, 3), keepdim=True)\n"
        "    std = torch.sqrt(centred.square().mean((2, 3), keepdim=True) + eps)\n"
        "    x_hat = centred / std\n"
        "    return gamma.reshape(-1, 1, 1) * x_hat + beta.reshape(-1, 1, 1)",
    ),
    *wrong_images("torch_instancenorm"),
    *(
        instance(
            name,
            hint,
            (
                ("wide.mean((2, 3),", f"wide.mean({axes},"),
                ("(centred * centred).mean((2, 3),", f"centred.square().mean({axes},"),
            ),
        )
        for name, hint, axes in (
            (
                "it is batch norm",
                "Does your answer depend on other images?",
                "(0, 2, 3)",
            ),
            (
                "it is layer norm",
                "Do two channels of an image share a mean in your function?",
                "(1, 2, 3)",
            ),
            (
                "layer norm of each pixel",
                "What does one mean belong to: a channel, or a position?",
                "1",
            ),
            ("statistics of each row of an image", "Is W the only axis?", "3"),
        )
    ),
)

MISTAKES = [*OF_LAYER, *OF_INSTANCE]
