//! The instruction set that kernels run on.

use pulp::WithSimd;

/// This machine's best vectors; in tests also others.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Arch {
    /// What pulp finds.
    Found(pulp::Arch),
    /// Vectors of 4 numbers, as ARM's NEON has them, on any machine.
    #[cfg(test)]
    Four,
    /// Vectors of 8, as AVX2's.
    #[cfg(test)]
    Eight,
}

impl Arch {
    pub(crate) fn new() -> Self {
        Self::Found(pulp::Arch::new())
    }

    #[inline(always)]
    pub(crate) fn dispatch<W: WithSimd>(self, work: W) -> W::Output {
        match self {
            Self::Found(arch) => arch.dispatch(work),
            #[cfg(test)]
            Self::Four => work.with_simd(pulp::Scalar128b),
            #[cfg(test)]
            Self::Eight => work.with_simd(pulp::Scalar256b),
        }
    }
}
