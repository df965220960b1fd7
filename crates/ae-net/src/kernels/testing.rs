//! What the unit tests share.

use super::arch::Arch;

/// Every width of vectors that the kernels are compiled for, whatever the machine has: 1, 4, 8 and its own; and
/// the instruction sets that it has.
pub(crate) fn architectures() -> Vec<Arch> {
    let all = [Arch::new(), Arch::Found(pulp::Arch::Scalar), Arch::Four, Arch::Eight];
    #[cfg(target_arch = "x86_64")]
    let all = all.into_iter().chain(pulp::x86::V3::try_new().map(|v3| Arch::Found(pulp::Arch::V3(v3))));
    all.into_iter().collect()
}
