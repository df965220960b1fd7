#!/usr/bin/env python3
"""Whether PyTorch, with a run's weights, rebuilds the test images as the repository does."""

import argparse
import pathlib

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

import peer

TOLERANCE = 1e-5


class Autoencoder(nn.Module):
    """One layer a side, as PyTorch would write it: its parameter names are those of the file."""

    def __init__(self, pixels: int, code: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(pixels, code), nn.ReLU())
        self.decoder = nn.Sequential(nn.Linear(code, pixels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encoder(x))


def load(weights: pathlib.Path) -> Autoencoder:
    tensors = load_file(weights)
    code, pixels = tensors["encoder.0.weight"].shape
    model = Autoencoder(pixels, code)
    model.load_state_dict(tensors, strict=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=pathlib.Path, help="a run's model.safetensors")
    parser.add_argument(
        "reconstructions", type=pathlib.Path, help="our reconstructions of the test images: little-endian f32, nothing else"
    )
    parser.add_argument("--data", type=pathlib.Path, default=peer.DATA)
    args = parser.parse_args()

    x = torch.from_numpy(peer.images(args.data, "t10k"))
    ours = np.fromfile(args.reconstructions, "<f4")
    if ours.size != x.numel():
        raise SystemExit(f"{args.reconstructions} holds {ours.size} numbers, not {x.numel()}")
    ours = torch.from_numpy(ours).reshape(x.shape)

    with torch.no_grad():
        logits = load(args.weights)(x)
        theirs = torch.sigmoid(logits)
        bce = nn.functional.binary_cross_entropy_with_logits(logits.double(), x.double()).item()
        mse = (theirs.double() - x.double()).square().mean().item()
        difference = (theirs - ours).abs().max().item()
    print(f"PyTorch on {len(x)} test images: BCE {bce:.6f}, MSE {mse:.6f}")
    print(f"largest difference from our reconstructions: {difference:.3g} (at most {TOLERANCE:g} is allowed)")
    # Written so that a NaN fails.
    if not difference <= TOLERANCE:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
