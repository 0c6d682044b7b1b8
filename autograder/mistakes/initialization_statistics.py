"""Wrong fans, gains, variances and statistics."""

from __future__ import annotations

from autograder.mistakes import Mistake

MISTAKES = [
    Mistake(
        "fans",
        "fan-in and fan-out swapped in a linear layer",
        "Which axis of W does x.dot(W) sum over?",
        (("fan_in, fan_out = shape", "fan_out, fan_in = shape"),),
    ),
    Mistake(
        "fans",
        "fan-in and fan-out swapped in a convolution",
        "Does a filter sum over channels or over filters?",
        (("C * HH * WW, F * HH * WW", "F * HH * WW, C * HH * WW"),),
    ),
    Mistake(
        "fans",
        "convolution without its receptive field",
        "How many numbers does one 3 x 3 filter over one channel sum?",
        (("C * HH * WW, F * HH * WW", "C, F"),),
    ),
    Mistake(
        "fans",
        "receptive field in the fan-in alone",
        "In how many places of the output does one input take part?",
        (("C * HH * WW, F * HH * WW", "C * HH * WW, F"),),
    ),
    Mistake(
        "fans",
        "square filters assumed",
        "What are HH and WW of a 3 x 5 filter?",
        (("C * HH * WW, F * HH * WW", "C * HH * HH, F * HH * HH"),),
    ),
    Mistake(
        "fans",
        "channels last",
        "In which order are F, C, HH and WW?",
        (("F, C, HH, WW = shape", "HH, WW, C, F = shape"),),
    ),
    Mistake(
        "constant_init",
        "ones, whatever the value",
        "Which of the arguments does your function not use?",
        (("np.full(shape, float(value))", "np.ones(shape)"),),
    ),
    Mistake(
        "constant_init",
        "a number in place of an array",
        "What does x.dot(W) need W to be?",
        (("np.full(shape, float(value))", "float(value)"),),
    ),
    Mistake(
        "constant_init",
        "shape turned round",
        "Print the shape of your result.",
        (("np.full(shape,", "np.full(shape[::-1],"),),
    ),
    Mistake(
        "output_variance",
        "means taken as zero",
        "What is E[x^2] after a ReLU?",
        (("var_x + mean_x**2", "var_x"), ("- mean_x**2 * mean_w**2", "")),
    ),
    Mistake(
        "output_variance",
        "mean of x taken as zero in E[x^2]",
        "Write E[x^2] with Var(x) and E[x].",
        (("square_x = var_x + mean_x**2", "square_x = var_x"),),
    ),
    Mistake(
        "output_variance",
        "second term forgotten",
        "Which variance have constants?",
        ((" - mean_x**2 * mean_w**2", ""),),
    ),
    Mistake(
        "output_variance",
        "means not squared",
        "Write E[x^2] with Var(x) and E[x].",
        (
            ("var_x + mean_x**2", "var_x + mean_x"),
            ("var_w + mean_w**2", "var_w + mean_w"),
        ),
    ),
    Mistake(
        "output_variance",
        "fan-in squared",
        "The variance of a sum of D independent numbers is D times, or D^2 times?",
        (("fan_in * (", "fan_in**2 * ("),),
    ),
    Mistake(
        "output_variance",
        "fan-in forgotten",
        "How many products are added up?",
        (("fan_in * (", "("),),
    ),
    Mistake(
        "gain",
        "2 for a ReLU",
        "Is it a factor of the variance or of the standard deviation?",
        (("np.sqrt(2),", "2.0,"),),
    ),
    Mistake(
        "gain",
        "slope ignored",
        "What is the gain of a leaky ReLU with slope 1, which is the identity?",
        (("np.sqrt(2 / (1 + slope**2))", "np.sqrt(2)"),),
    ),
    Mistake(
        "gain",
        "slope not squared",
        "What does a slope s do to a square?",
        (("1 + slope**2", "1 + slope"),),
    ),
    Mistake(
        "gain",
        "1 for tanh",
        "Look tanh up in the table.",
        (("5 / 3", "1.0"),),
    ),
    Mistake(
        "gain",
        "5/3 turned round",
        "Does tanh make its input larger or smaller? What must the gain do?",
        (("5 / 3", "3 / 5"),),
    ),
    Mistake(
        "activation_statistics",
        "before the nonlinearity",
        "Are the numbers that you average the ones that the next layer sees?",
        (
            ("means.append(h.mean())", "means.append(a.mean())"),
            ("stds.append(h.std())", "stds.append(a.std())"),
        ),
    ),
    Mistake(
        "activation_statistics",
        "every layer on the input x",
        "What goes into the second layer?",
        (("a = h.dot(W)", "a = x.dot(W)"),),
    ),
    Mistake(
        "activation_statistics",
        "always tanh",
        "Which of the arguments does your function not use?",
        (('np.tanh(a) if nonlinearity == "tanh" else np.maximum(0, a)', "np.tanh(a)"),),
    ),
    Mistake(
        "activation_statistics",
        "variance in place of standard deviation",
        "In which unit does the histogram of the activations have its width?",
        (("h.std()", "h.var()"),),
    ),
    Mistake(
        "activation_statistics",
        "divided by the count less one",
        "Print h.std() and what you have.",
        (("h.std()", "h.std(ddof=1)"),),
    ),
    Mistake(
        "activation_statistics",
        "the input counted as a layer",
        "How many layers are there, and how many numbers do you return?",
        (("means, stds = [], []", "means, stds = [x.mean()], [x.std()]"),),
    ),
    Mistake(
        "gradient_statistics",
        "from the last layer to the first",
        "Which layer does the first number belong to?",
        (
            ("on_activations[::-1]", "on_activations"),
            ("on_weights[::-1]", "on_weights"),
        ),
    ),
    Mistake(
        "gradient_statistics",
        "slope of the nonlinearity forgotten",
        "The gradient on h must go back through f before it meets W.",
        (("da = dh * slope", "da = dh"),),
    ),
    Mistake(
        "gradient_statistics",
        "slope of tanh as 1 - h",
        "Take the derivative of tanh, and write it with h = tanh(a).",
        (("1 - h**2", "1 - h"),),
    ),
    Mistake(
        "gradient_statistics",
        "slope of a ReLU from what came in",
        "Which number decides whether a ReLU lets a gradient through?",
        (("else h > 0", "else dh > 0"),),
    ),
    Mistake(
        "gradient_statistics",
        "mean of the gradient in place of its size",
        "Gradients of both signs cancel in a mean. What is asked for?",
        (
            ("np.sqrt((dh**2).mean())", "dh.mean()"),
            ("np.sqrt((dW**2).mean())", "dW.mean()"),
        ),
    ),
    Mistake(
        "gradient_statistics",
        "root forgotten",
        "Compare your number for dout with dout itself.",
        (
            ("np.sqrt((dh**2).mean())", "(dh**2).mean()"),
            ("np.sqrt((dW**2).mean())", "(dW**2).mean()"),
        ),
    ),
    Mistake(
        "gradient_statistics",
        "mean gradient of the weights over the batch",
        "Does dout hold a mean over the batch already?",
        (("dW = before.T.dot(da)", "dW = before.T.dot(da) / len(x)"),),
    ),
]
