"""Wrong networks on tensors: what they start from, and what they compute."""

from __future__ import annotations

from functools import partial

from autograder.mistakes import Mistake

network = partial(Mistake, "TorchMLP")
COPY = "layer.weight.copy_(std * numbers)"
STD = "(2 / layer.in_features)"

MISTAKES = [
    network(
        "PyTorch's default left as it is",
        "What did torch.nn.Linear put into its weight, and who overwrites it?",
        ((COPY, "pass"),),
    ),
    network(
        "biases drawn too",
        "Which numbers does a bias start from here?",
        (("layer.bias.zero_()", "layer.bias.normal_(generator=generator)"),),
    ),
    network(
        "biases of one",
        "Which numbers does a bias start from here?",
        (("layer.bias.zero_()", "layer.bias.fill_(1)"),),
    ),
    network(
        "the same seed for every layer",
        "Compare the weights of two layers of the same size. Are they equal?",
        (
            (
                "numbers = torch",
                "generator.set_state(state)\n                numbers = torch",
            ),
            (
                "with torch.no_grad():",
                "state = generator.get_state()\n        with torch.no_grad():",
            ),
        ),
    ),
    network(
        "a generator of its own, with a fixed seed",
        "Make two networks. Are they equal?",
        (
            (
                'draw = {"generator": generator',
                'draw = {"generator": torch.Generator().manual_seed(0)',
            ),
        ),
    ),
    network(
        "Xavier in place of Kaiming",
        "Which nonlinearity stands between the layers?",
        ((STD, "(2 / (layer.in_features + layer.out_features))"),),
    ),
    network(
        "fan-out in place of fan-in",
        "Which fan keeps the size of the activations?",
        ((STD, "(2 / layer.out_features)"),),
    ),
    network(
        "gain missing",
        "What share of E[x^2] is left after a ReLU?",
        ((STD, "(1 / layer.in_features)"),),
    ),
    network(
        "variance in place of standard deviation",
        "What is the variance of c times a standard normal number?",
        (("std * numbers", "std**2 * numbers"),),
    ),
    network(
        "the global generator",
        "Who can repeat your numbers, when `generator` is not what they come from?",
        (('"generator": generator, ', ""),),
    ),
    network(
        "the last layer without its factor of 2",
        "Which variance has the weight of the last layer in the docstring?",
        (
            (
                "layer.bias.zero_()",
                "layer.bias.zero_()\n            self.layers[-1].weight.div_(2**0.5)",
            ),
        ),
    ),
    network(
        "a ReLU after the last layer",
        "May an output of the network be negative?",
        (("return last(x)", "return torch.relu(last(x))"),),
    ),
    network(
        "no ReLU",
        "What do two linear layers without anything between them make?",
        (("torch.relu(layer(x))", "layer(x)"),),
    ),
    network(
        "tanh in place of ReLU",
        "Which nonlinearity stands between the layers?",
        (("torch.relu(layer(x))", "torch.tanh(layer(x))"),),
    ),
    network(
        "layers in a plain list",
        "What does list(network.parameters()) show?",
        (("torch.nn.ModuleList(", "list("),),
    ),
]
