//! What the unit tests share.

/// Every instruction set of this machine that the kernels are compiled for.
pub(crate) fn architectures() -> Vec<pulp::Arch> {
    let mut all = vec![pulp::Arch::Scalar, pulp::Arch::new()];
    #[cfg(target_arch = "x86_64")]
    all.extend(pulp::x86::V3::try_new().map(pulp::Arch::V3));
    all
}
