#!/usr/bin/env python3
"""Whether PyTorch, from the same weights and in the same order, has the same losses step by step as both engines."""

import argparse
import csv
import itertools
import math
import pathlib

import torch
from torch import nn

import peer
from check_weights import load

BATCH, LEARNING_RATE, TOLERANCE = 64, 1e-3, 1e-5


def losses(weights: pathlib.Path, images: torch.Tensor, steps: int) -> list[float]:
    """The loss of each step before it is taken, over the images as they stand in the file."""
    model = load(weights)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    found = []
    for x in itertools.islice(images.split(BATCH), steps):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), x)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=pathlib.Path, help="the initial weights, a safetensors file")
    parser.add_argument("losses", type=pathlib.Path, help="a CSV file with the columns step, autodiff and fused")
    parser.add_argument("--steps", type=peer.positive, default=200)
    parser.add_argument("--data", type=pathlib.Path, default=peer.DATA)
    args = parser.parse_args()

    with args.losses.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if [int(row["step"]) for row in rows] != list(range(1, args.steps + 1)):
        raise SystemExit(f"{args.losses} does not hold the steps 1 to {args.steps} in order")
    series = {name: [float(row[name]) for row in rows] for name in ("autodiff", "fused")}
    images = torch.from_numpy(peer.images(args.data, "train"))
    series["pytorch"] = losses(args.weights, images, args.steps)
    if len(series["pytorch"]) != args.steps:
        raise SystemExit(f"an epoch has only {len(series['pytorch'])} steps")

    print(f"loss of step 1: {series['pytorch'][0]:.6f}, of step {args.steps}: {series['pytorch'][-1]:.6f} (PyTorch)")
    close = True
    for one, other in itertools.combinations(series, 2):
        differences = [abs(a - b) for a, b in zip(series[one], series[other])]
        # max() may pass over a NaN; the test below must not.
        largest = math.nan if any(map(math.isnan, differences)) else max(differences)
        print(f"{one} and {other}: largest difference {largest:.3g} (at most {TOLERANCE:g} is allowed)")
        close = close and largest <= TOLERANCE
    if not close:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
