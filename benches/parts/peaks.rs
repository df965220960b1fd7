//! What a machine can do at most, a thread: the best of many short tries, on as many threads at once as asked.

use std::fmt;
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use pulp::{Arch, Simd, WithSimd};

/// Memories that reading and updating are measured in, bytes: two thirds of what the caches of many processors hold, and
/// far more than any.
const MEMORIES: [usize; 5] = [16 << 10, 256 << 10, 640 << 10, 8 << 20, 128 << 20];

/// By thread and second, at most.
#[derive(Debug)]
pub(crate) struct Peaks {
    /// Multiplications with an addition, single precision.
    pub(crate) products: f64,
    pub(crate) divisions: f64,
    pub(crate) roots: f64,
    /// Bytes in pieces of an image, from all over the memory.
    pub(crate) scattered: f64,
    read: [f64; MEMORIES.len()],
    updated: [f64; MEMORIES.len()],
}

impl Peaks {
    pub(crate) fn measure(threads: usize) -> Self {
        let arch = Arch::new();
        let arithmetic = |kind: Kind| {
            const ROUNDS: usize = 20_000;
            best(threads, || kind, move |kind| arch.dispatch(Arithmetic { kind: *kind, rounds: ROUNDS }))
        };
        let memory = |kind: Pass| {
            MEMORIES.map(|bytes| {
                best(
                    threads,
                    || vec![1.0_f32; bytes / 4],
                    move |values| {
                        let passes = (4_usize << 20).div_ceil(bytes);
                        (0..passes).map(|_| arch.dispatch(Memory { kind, values })).sum()
                    },
                )
            })
        };
        Self {
            products: arithmetic(Kind::Product),
            divisions: arithmetic(Kind::Division),
            roots: arithmetic(Kind::Root),
            scattered: best(threads, || (vec![1_u8; MEMORIES[4]], 0), |(bytes, next)| scattered(bytes, next)),
            read: memory(Pass::Read),
            updated: memory(Pass::Update),
        }
    }

    /// Bytes read, from a memory of so many.
    pub(crate) fn reading(&self, bytes: f64) -> f64 {
        self.read[smallest(bytes)]
    }

    /// Bytes read and written again.
    pub(crate) fn updating(&self, bytes: f64) -> f64 {
        self.updated[smallest(bytes)]
    }
}

/// The smallest memory that holds so many bytes.
fn smallest(bytes: f64) -> usize {
    MEMORIES.iter().position(|&memory| bytes <= memory as f64).unwrap_or(MEMORIES.len() - 1)
}

impl fmt::Display for Peaks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let giga = |value: f64| format!("{:.1}", value * 1e-9);
        let all = |values: &[f64]| values.iter().map(|&value| giga(value)).collect::<Vec<_>>().join(", ");
        let Self { products, divisions, roots, scattered, read, updated } = self;
        write!(out, "{} G multiply-adds/s, ", giga(*products))?;
        write!(out, "{} G divisions/s, {} G roots/s; GB/s read ", giga(*divisions), giga(*roots))?;
        write!(out, "[{}] and updated [{}] in memories of ", all(read), all(updated))?;
        write!(out, "{MEMORIES:?} bytes, {} from all over the last", giga(*scattered))
    }
}

/// The most that `work` does a second, in what it counts, on each of some threads at once.
fn best<T, W: Fn(&mut T) -> f64 + Sync>(threads: usize, make: impl Fn() -> T + Sync, work: W) -> f64 {
    const TRIES: usize = 200;
    let barrier = Barrier::new(threads);
    let one = || {
        let mut own = make();
        let rate = |_| {
            barrier.wait();
            let begun = Instant::now();
            let count = work(&mut own);
            count / begun.elapsed().as_secs_f64()
        };
        (0..TRIES).map(rate).fold(0.0, f64::max)
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|thread| thread.join().expect("it only computes")).fold(f64::INFINITY, f64::min)
    })
}

#[derive(Clone, Copy)]
enum Kind {
    Product,
    Division,
    Root,
}

/// Chains of operations that do not wait for each other; counts operations.
struct Arithmetic {
    kind: Kind,
    rounds: usize,
}

impl WithSimd for Arithmetic {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        const CHAINS: usize = 12;
        let (a, b) = (simd.splat_f32s(black_box(0.5)), simd.splat_f32s(black_box(1.5)));
        let mut chains = [b; CHAINS];
        for _ in 0..self.rounds {
            for chain in &mut chains {
                *chain = match self.kind {
                    Kind::Product => simd.mul_add_e_f32s(*chain, a, b),
                    Kind::Division => simd.div_f32s(b, *chain),
                    Kind::Root => simd.sqrt_f32s(*chain),
                };
            }
        }
        black_box(chains.map(|chain| simd.reduce_sum_f32s(chain)));
        (self.rounds * CHAINS * S::F32_LANES) as f64
    }
}

#[derive(Clone, Copy)]
enum Pass {
    Read,
    Update,
}

/// One pass over a memory; counts its bytes.
struct Memory<'a> {
    kind: Pass,
    values: &'a mut [f32],
}

impl WithSimd for Memory<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let bytes = size_of_val(self.values) as f64;
        let factor = simd.splat_f32s(black_box(1.0));
        match self.kind {
            Pass::Read => {
                let mut sums = [simd.splat_f32s(0.0); 8];
                for values in S::as_simd_f32s(self.values).0.as_chunks::<8>().0 {
                    for (sum, &value) in sums.iter_mut().zip(values) {
                        *sum = simd.add_f32s(*sum, value);
                    }
                }
                black_box(sums.map(|sum| simd.reduce_sum_f32s(sum)));
            }
            Pass::Update => {
                for value in S::as_mut_simd_f32s(self.values).0 {
                    *value = simd.mul_f32s(*value, factor);
                }
                black_box(self.values);
            }
        }
        bytes
    }
}

/// Reads pieces of an image's size from places far apart, from piece `next` on; counts their bytes.
fn scattered(bytes: &[u8], next: &mut usize) -> f64 {
    const PIECE: usize = 784;
    const PIECES: usize = 1_000;
    /// Far, and no divisor of the number of places.
    const STRIDE: usize = 61_343;
    let places = bytes.len() / PIECE;
    let mut all = 0;
    for piece in *next..*next + PIECES {
        let start = piece * STRIDE % places * PIECE;
        all ^= bytes[start..start + PIECE].iter().step_by(64).fold(0, |all, byte| all ^ byte);
    }
    *next += PIECES;
    black_box(all);
    (PIECE * PIECES) as f64
}
