"""Makes the files that ../numpy.rs reads. Needs numpy.

    python make_fixtures.py

Writes beside itself the same four codes of three numbers in every form that is read: as each kind of float, in both
byte orders and both orders of the array, packed and not; and forms that are refused.
"""

from pathlib import Path

import numpy

HERE = Path(__file__).parent
# Each is a float of 16 bits, 65504 the largest, 2**-24 the smallest above 0.
CODES = numpy.array([[0.5, -1.25, 65504], [2**-24, -0.0, 3], [0.333251953125, 7, -2048], [1, 2, 1024.0]])

for size in (2, 4, 8):
    for byte_order, name in (("<", "little"), (">", "big")):
        codes = CODES.astype(f"{byte_order}f{size}")
        numpy.save(HERE / f"f{size}_{name}_c.npy", codes)
        numpy.save(HERE / f"f{size}_{name}_fortran.npy", numpy.asfortranarray(codes))
numpy.savez(HERE / "stored.npz", CODES.astype("float32"))
numpy.savez_compressed(HERE / "deflated.npz", codes=numpy.asfortranarray(CODES))
numpy.save(HERE / "one.npy", CODES[1].astype("float32"))
numpy.savez(HERE / "two.npz", codes=CODES, labels=numpy.arange(4))
numpy.save(HERE / "integers.npy", numpy.arange(12).reshape(4, 3))
