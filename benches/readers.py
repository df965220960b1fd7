#!/usr/bin/env python3
"""Reads the files of `readers.rs` as one does in Python, and prints the medians beside ours.

    cargo bench -p ae-benches --bench readers
    pip install numpy pandas pillow
    python3 benches/readers.py target

The argument is cargo's target folder: the bench has left its files in `tmp/readers` there, and its medians in `criterion`.
"plain" is what the library does by itself, "same" gives what ours gives: pictures as planes, finite floats of 32 bits.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

ROUNDS = 9


def planes(array):
    return np.ascontiguousarray(array.transpose(0, 3, 1, 2))


def finite(array):
    if not np.isfinite(array).all():
        raise ValueError("not finite")
    return array


def pictures(folder):
    return np.stack([np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.rglob("*.png"))])


def idx(path):
    data = path.read_bytes()
    dims = np.frombuffer(data, ">u4", data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(dims)


def npz(path):
    with np.load(path) as archive:
        return archive["pictures"]


WAYS = {
    "pictures": {"plain": pictures, "same": lambda path: planes(pictures(path))},
    "pictures.idx": {"plain": idx},
    "pictures_u8.npy": {"plain": np.load, "same": lambda path: planes(np.load(path))},
    "pictures_f32.npy": {"plain": np.load, "same": lambda path: planes(finite(np.load(path)))},
    "pictures_u8.npz": {"plain": npz, "same": lambda path: planes(npz(path))},
    "digits.csv": {
        "plain": lambda path: pd.read_csv(path).to_numpy(),
        "same": lambda path: pd.read_csv(path, dtype=np.uint8).to_numpy(),
    },
    "measured.csv": {
        "plain": lambda path: pd.read_csv(path).to_numpy(),
        "same": lambda path: finite(pd.read_csv(path, dtype=np.float32).to_numpy()),
    },
}


def median_ms(read, path):
    read(path)
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        read(path)
        times.append(time.perf_counter() - begun)
    return 1e3 * statistics.median(times)


def main():
    target = Path(sys.argv[1])
    print(f"numpy {np.__version__}, pandas {pd.__version__}, pillow {Image.__version__}")
    print("| file | way | ours, ms | theirs, ms | ours / theirs |\n| --- | --- | ---: | ---: | ---: |")
    for name, ways in WAYS.items():
        estimates = target / "criterion" / "readers" / name / "new" / "estimates.json"
        ours = json.loads(estimates.read_text())["median"]["point_estimate"] / 1e6
        for way, read in ways.items():
            theirs = median_ms(read, target / "tmp" / "readers" / name)
            print(f"| {name} | {way} | {ours:.1f} | {theirs:.1f} | {ours / theirs:.2f} |", flush=True)


if __name__ == "__main__":
    main()
