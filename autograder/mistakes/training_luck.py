"""Wrong solutions of how much of the best score is luck."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

_luck = partial(Mistake, "selection_optimism")

_Z = "z = np.linspace(-12, 12, 4001)"
_PHI = "phi = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)"
_CDF = "0.5 * (1 + math.erf(a / np.sqrt(2)))"
_DENSITY = "density = n * Phi ** (n - 1) * phi"
_INTEGRAL = "return sigma * np.sum(z * density) * (z[1] - z[0])"
_DENSITY_HINT = "What is the sum of your density times the step? It must be 1."
_GRID_HINT = "Double the number of points. How many digits of the answer stay?"
_SIGMA_HINT = "Double sigma. What should happen to the answer?"
_TWO_HINT = "For n = 2 and sigma = 1 the answer is 1 / sqrt(pi). What is yours?"

MISTAKES = (
    _luck("exponent n", _DENSITY_HINT, ((_DENSITY, _DENSITY.replace("(n - 1)", "n")),)),
    _luck(
        "factor n forgotten", _DENSITY_HINT, ((_DENSITY, _DENSITY.replace("n * ", "")),)
    ),
    _luck(
        "factor n - 1",
        _DENSITY_HINT,
        ((_DENSITY, _DENSITY.replace("n * ", "(n - 1) * ")),),
    ),
    _luck(
        "factor n forgotten, exponent n",
        _DENSITY_HINT,
        ((_DENSITY, "density = Phi**n * phi"),),
    ),
    _luck("density of one score", _TWO_HINT, ((_DENSITY, "density = n * phi"),)),
    _luck(
        "distribution function in place of the density",
        _DENSITY_HINT,
        ((_DENSITY, "density = Phi**n"),),
    ),
    _luck(
        "expected minimum",
        "Is the best score too high or too low?",
        ((_DENSITY, _DENSITY.replace("Phi **", "(1 - Phi) **")),),
    ),
    _luck(
        "largest absolute value",
        _TWO_HINT,
        ((_DENSITY, "density = 2 * n * np.maximum(2 * Phi - 1, 0) ** (n - 1) * phi"),),
    ),
    _luck(
        "second largest",
        _TWO_HINT,
        ((_DENSITY, "density = n * (n - 1) * Phi ** (n - 2) * (1 - Phi) * phi"),),
    ),
    _luck(
        "z forgotten",
        "What does the integral add up: the density, or z times the density?",
        ((_INTEGRAL, _INTEGRAL.replace("z * density", "density")),),
    ),
    _luck(
        "from zero on",
        "Can the best of two errors be negative?",
        ((_Z, "z = np.linspace(0, 12, 2001)"),),
    ),
    _luck(
        "the most probable maximum",
        "Is the mean of a skewed density where it is highest?",
        ((_INTEGRAL, "return sigma * z[np.argmax(density)]"),),
    ),
    _luck(
        "median of the maximum",
        "Is the mean of a skewed density its median?",
        ((_INTEGRAL, "return sigma * np.interp(0.5, Phi**n, z)"),),
    ),
    _luck(
        "sqrt(2 ln n)",
        "For which n is this a good approximation?",
        ((_INTEGRAL, "return sigma * np.sqrt(2 * np.log(n))"),),
    ),
    _luck(
        "quantile 1 - 1/n",
        _TWO_HINT,
        ((_INTEGRAL, "return sigma * np.interp(1 - 1 / n, Phi, z)"),),
    ),
    _luck(
        "quantile n / (n + 1)",
        _TWO_HINT,
        ((_INTEGRAL, "return sigma * np.interp(n / (n + 1), Phi, z)"),),
    ),
    _luck(
        "erf without the root of 2",
        "What is Phi(1)? A table says 0.841.",
        ((_CDF, "0.5 * (1 + math.erf(a))"),),
    ),
    _luck(
        "erf in place of Phi", "What is Phi(0)?", ((_CDF, "math.erf(a / np.sqrt(2))"),)
    ),
    _luck(
        "erfc in place of erf",
        "What is Phi(3)? A table says 0.9987.",
        ((_CDF, "0.5 * (1 + math.erfc(a / np.sqrt(2)))"),),
    ),
    _luck(
        "phi without its 1/2",
        _DENSITY_HINT,
        ((_PHI, "phi = np.exp(-(z**2)) / np.sqrt(2 * np.pi)"),),
    ),
    _luck(
        "phi that is not divided", _DENSITY_HINT, ((_PHI, "phi = np.exp(-(z**2) / 2)"),)
    ),
    _luck(
        "phi divided by 2 pi",
        _DENSITY_HINT,
        ((_PHI, _PHI.replace("np.sqrt(2 * np.pi)", "(2 * np.pi)")),),
    ),
    _luck(
        "the step forgotten",
        _DENSITY_HINT,
        ((_INTEGRAL, "return sigma * np.sum(z * density)"),),
    ),
    _luck(
        "mean in place of the integral",
        _DENSITY_HINT,
        ((_INTEGRAL, "return sigma * np.mean(z * density)"),),
    ),
    _luck(
        "step off by one point",
        _GRID_HINT,
        ((_INTEGRAL, "return sigma * np.sum(z * density) * 24 / 4001"),),
    ),
    _luck(
        "from -3 to 3",
        "How likely is it that one of a thousand errors is above 3?",
        ((_Z, "z = np.linspace(-3, 3, 4001)"),),
    ),
    _luck("ten points", _GRID_HINT, ((_Z, "z = np.linspace(-12, 12, 10)"),)),
    _luck(
        "sigma ignored", _SIGMA_HINT, ((_INTEGRAL, _INTEGRAL.replace("sigma * ", "")),)
    ),
    _luck(
        "sigma squared",
        _SIGMA_HINT,
        ((_INTEGRAL, _INTEGRAL.replace("sigma", "sigma**2")),),
    ),
    _luck(
        "root of sigma",
        _SIGMA_HINT,
        ((_INTEGRAL, _INTEGRAL.replace("sigma", "sigma**0.5")),),
    ),
    _luck(
        "sigma over the root of n",
        "Does the error of one score get smaller with more scores?",
        ((_INTEGRAL, _INTEGRAL.replace("sigma", "sigma / np.sqrt(n)")),),
    ),
    _luck(
        "a thousand random draws",
        "How many digits does a mean of a thousand draws have?",
        (
            (
                _INTEGRAL,
                "draws = np.random.default_rng(0).normal(size=(1000, n))\n"
                "    return sigma * draws.max(axis=1).mean()",
            ),
        ),
    ),
)
