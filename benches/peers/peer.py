"""What every measurement of a training step has in common: the two models, the flags, the images, the order
they come in, and the line that is printed. The crate `protocol` is the same in Rust."""

import argparse
import gzip
import json
import pathlib
import statistics
import time
from dataclasses import dataclass

import numpy as np

DATA = pathlib.Path(__file__).resolve().parents[2] / "data" / "mnist"
IMAGES_MAGIC = 0x00000803


@dataclass(frozen=True)
class Model:
    name: str
    batch: int  # images a step
    widths: tuple[int, ...]  # values between the layers, from pixels to pixels
    relu: tuple[bool, ...]  # whether ReLU stands behind each layer but the last


MODELS = {
    model.name: model
    for model in (
        Model("shallow-32", 64, (784, 32, 784), (True,)),
        Model("deep-2", 128, (784, 512, 128, 2, 128, 512, 784), (True, True, False, True, True)),
    )
}


def arguments(variants: list[str]) -> argparse.Namespace:
    """The flags that all programs share; `variants` are the ways this framework can compute the step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=MODELS, default="shallow-32")
    parser.add_argument("--threads", type=positive, default=2)
    parser.add_argument("--blocks", type=positive, default=5, help="timed blocks; one more goes before them untimed")
    parser.add_argument("--steps", type=positive, default=200, help="steps in a block")
    parser.add_argument("--data", type=pathlib.Path, default=DATA)
    parser.add_argument("--variant", choices=variants, default=variants[0])
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("needs a number above 0")
    return number


def images(folder: pathlib.Path, part: str) -> np.ndarray:
    """The images of `part`, "train" or "t10k": f32 of shape (N, 784) in [0, 1]."""
    data = gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())
    magic, count, rows, columns = np.frombuffer(data, ">u4", 4)
    if magic != IMAGES_MAGIC:
        raise SystemExit(f"not an IDX file of images: {part} in {folder}")
    pixels = np.frombuffer(data, np.uint8, offset=16).reshape(count, rows * columns)
    return pixels.astype(np.float32) / np.float32(255)


def glorot(model: Model, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """(weight of shape (in, out), bias of shape (out,)) of each layer: Glorot uniform and zeros."""
    rng = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in zip(model.widths, model.widths[1:]):
        bound = (6 / (inputs + outputs)) ** 0.5
        weight = rng.uniform(-bound, bound, (inputs, outputs)).astype(np.float32)
        layers.append((weight, np.zeros(outputs, np.float32)))
    return layers


def batches(count: int, size: int, seed: int = 0):
    """Endless batches of row numbers, in a new order every epoch; what does not fill a batch is left out."""
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(count)
        yield from order[: count - count % size].reshape(-1, size)


def measure(framework: str, version: str, args: argparse.Namespace, count: int, block) -> None:
    """Times blocks of steps and prints the line. `block(rows)` trains on each batch of `rows`, of shape
    (steps, batch), once, and returns the mean of their losses."""
    model = MODELS[args.model]
    order = batches(count, model.batch)
    times = []
    for index in range(args.blocks + 1):
        rows = np.stack([next(order) for _ in range(args.steps)])
        started = time.perf_counter()
        train_bce = block(rows)
        if index > 0:
            times.append(time.perf_counter() - started)
    line = {
        "framework": framework,
        "version": version,
        "variant": args.variant,
        "model": model.name,
        "batch": model.batch,
        "threads": args.threads,
        "blocks": len(times),
        "steps": args.steps,
        "us_per_step": statistics.median(times) * 1e6 / args.steps,
        "train_bce": float(train_bce),
    }
    print(json.dumps(line), flush=True)
