"""Makes the numbers that ../reference.rs compares ours with. Needs torch and safetensors.

    python make_reference.py

Writes beside itself shallow, deep and deeper.safetensors (weights, as PyTorch saves a state_dict) and
reference.json: inputs, codes, logits, reconstructions, loss and gradients, computed in float64.
Reads ours.safetensors, which a test of this crate wrote, into the same module by
load_state_dict(strict=True), and records what PyTorch computes from it.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

HERE = Path(__file__).parent
ROWS, PIXELS = 5, 6


class Autoencoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = nn.Sequential(*encoder)
        self.decoder = nn.Sequential(*decoder)


def shallow():
    return Autoencoder([nn.Linear(PIXELS, 3), nn.ReLU()], [nn.Linear(3, PIXELS)])


def deep():
    return Autoencoder(
        [nn.Linear(PIXELS, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)],
        [nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, PIXELS)],
    )


def deeper():
    sizes = [PIXELS, 5, 4, 3, 2]
    half = lambda sizes: [m for a, b in zip(sizes, sizes[1:]) for m in (nn.Linear(a, b), nn.ReLU())][:-1]
    return Autoencoder(half(sizes), half(sizes[::-1]))


def numbers(model, x):
    model, x = model.double(), x.double()
    code = model.encoder(x)
    logits = model.decoder(code)
    loss = nn.functional.binary_cross_entropy_with_logits(logits, x)
    loss.backward()
    flat = lambda tensor: tensor.detach().flatten().tolist()
    return {
        "x": flat(x),
        "code": flat(code),
        "logits": flat(logits),
        "reconstruction": flat(torch.sigmoid(logits)),
        "loss": loss.item(),
        "gradients": {name: flat(p.grad) for name, p in model.named_parameters()},
    }


def main():
    torch.manual_seed(0)
    x = torch.rand(ROWS, PIXELS)
    reference = {}
    for name, model in [("shallow", shallow()), ("deep", deep()), ("deeper", deeper())]:
        save_file(model.state_dict(), HERE / f"{name}.safetensors")
        reference[name] = numbers(model, x)
    ours = shallow()
    ours.load_state_dict(load_file(HERE / "ours.safetensors"), strict=True)
    reference["ours"] = numbers(ours, x)
    (HERE / "reference.json").write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    main()
