//! What holds for any array, any bytes and any plan.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like the tests themselves")]

use std::io::{self, Read};

use ae_data::{BatchPlan, ElementType, Elements, IdxArray, Limits, OpenErrorKind, Order, idx, open_bytes};
use proptest::prelude::*;

/// Element values from any bit patterns, NaN included.
fn elements(element_type: ElementType, bits: &[u64]) -> Elements {
    let bits = bits.iter().copied();
    match element_type {
        ElementType::U8 => Elements::U8(bits.map(|b| b as u8).collect()),
        ElementType::I8 => Elements::I8(bits.map(|b| b as i8).collect()),
        ElementType::I16 => Elements::I16(bits.map(|b| b as i16).collect()),
        ElementType::I32 => Elements::I32(bits.map(|b| b as i32).collect()),
        ElementType::F32 => Elements::F32(bits.map(|b| f32::from_bits(b as u32)).collect()),
        ElementType::F64 => Elements::F64(bits.map(f64::from_bits).collect()),
    }
}

/// The bits of every element: unlike the elements themselves, equal to themselves where they are NaN.
fn bits(elements: &Elements) -> Vec<u64> {
    match elements {
        Elements::U8(values) => values.iter().map(|&v| u64::from(v)).collect(),
        Elements::I8(values) => values.iter().map(|&v| v as u64).collect(),
        Elements::I16(values) => values.iter().map(|&v| v as u64).collect(),
        Elements::I32(values) => values.iter().map(|&v| v as u64).collect(),
        Elements::F32(values) => values.iter().map(|&v| u64::from(v.to_bits())).collect(),
        Elements::F64(values) => values.iter().map(|&v| v.to_bits()).collect(),
    }
}

fn assert_same(a: &IdxArray, b: &IdxArray) {
    assert_eq!(a.dims(), b.dims());
    assert_eq!(a.element_type(), b.element_type());
    assert_eq!(bits(a.elements()), bits(b.elements()));
}

fn dims() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        8 => prop::collection::vec(0_usize..6, 0..5),
        // Sizes that no array could have, beside a 0 that makes it empty.
        1 => prop::collection::vec(0..=u32::MAX as usize, 0..5).prop_map(|mut dims| { dims.push(0); dims }),
        1 => (0_usize..=255).prop_map(|rank| vec![1; rank]),
    ]
}

fn arrays() -> impl Strategy<Value = IdxArray> {
    (prop::sample::select(&ElementType::ALL[..]), dims()).prop_flat_map(|(element_type, dims)| {
        let count = if dims.contains(&0) { 0 } else { dims.iter().product() };
        prop::collection::vec(any::<u64>(), count)
            .prop_map(move |bits| IdxArray::new(dims.clone(), elements(element_type, &bits)).unwrap())
    })
}

fn written(array: &IdxArray) -> Vec<u8> {
    let mut bytes = Vec::new();
    idx::write(array, &mut bytes).unwrap();
    bytes
}

/// Hands out its bytes in pieces of the given sizes, in turn; a size of 0 is an interruption.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.sizes.next() {
            Some(0) => Err(io::ErrorKind::Interrupted.into()),
            Some(&size) => {
                let end = size.min(buffer.len());
                self.bytes.read(&mut buffer[..end])
            }
            None => Ok(0),
        }
    }
}

/// Headers that are nearly right, followed by anything.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![4 => prop::sample::select(&[8_u8, 9, 11, 12, 13, 14][..]), 1 => any::<u8>()];
    let size = prop_oneof![4 => 0_u32..5, 1 => any::<u32>(), 1 => Just(u32::MAX)];
    let header = (code, 0_u8..5, prop::collection::vec(size, 0..5)).prop_map(|(code, rank, sizes)| {
        let mut bytes = vec![0, 0, code, rank];
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes
    });
    let tail = prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        2 => (header, tail.clone()).prop_map(|(header, tail)| [header, tail].concat()),
        1 => tail.clone(),
        1 => tail.prop_map(|tail| [&[0x1f, 0x8b, 8][..], &tail].concat()),
    ]
}

fn plans() -> impl Strategy<Value = (usize, usize, u64, u64)> {
    (1_usize..300, 1_usize..40, any::<u64>(), any::<u64>())
}

fn visited(plan: &BatchPlan, epoch: u64) -> Vec<u32> {
    plan.epoch(epoch).batches().flatten().copied().collect()
}

proptest! {
    #[test]
    fn write_then_read_is_identity(array in arrays()) {
        let bytes = written(&array);
        let limits = Limits::default();
        assert_same(&idx::parse(&bytes, &limits).unwrap(), &array);
        assert_same(&idx::read(&bytes[..], &limits).unwrap(), &array);
        assert_same(&open_bytes(&bytes, &limits).unwrap(), &array);
    }

    #[test]
    fn a_strict_prefix_and_a_longer_file_are_errors(array in arrays(), cut in any::<prop::sample::Index>()) {
        let mut bytes = written(&array);
        let limits = Limits::default();
        let prefix = &bytes[..cut.index(bytes.len())];
        prop_assert!(idx::parse(prefix, &limits).is_err());
        prop_assert!(idx::read(prefix, &limits).is_err());
        bytes.push(0);
        prop_assert!(idx::parse(&bytes, &limits).is_err());
        prop_assert!(idx::read(&bytes[..], &limits).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_what_is_read_can_be_written(bytes in hostile()) {
        let limits = Limits { max_bytes: 1 << 20 };
        let parsed = idx::parse(&bytes, &limits);
        prop_assert_eq!(idx::read(&bytes[..], &limits).is_ok(), parsed.is_ok());
        if let Ok(array) = parsed {
            prop_assert_eq!(written(&array), bytes.clone());
        }
        let _ = open_bytes(&bytes, &limits);
    }

    #[test]
    fn a_reader_in_pieces_gives_what_the_slice_gives(
        array in arrays(),
        spoilt in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        sizes in prop::collection::vec(0_usize..9, 0..5),
    ) {
        let mut bytes = written(&array);
        if let Some((at, byte)) = spoilt {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let sizes = [&sizes[..], &[3]].concat(); // one that is not 0, or it would never end
        let limits = Limits { max_bytes: 1 << 20 };
        let pieces = idx::read(Pieces { bytes: &bytes, sizes: sizes.iter().cycle() }, &limits);
        match (pieces, idx::read(&bytes[..], &limits)) {
            (Ok(pieces), Ok(whole)) => assert_same(&pieces, &whole),
            (Err(OpenErrorKind::Format(pieces)), Err(OpenErrorKind::Format(whole))) => prop_assert_eq!(pieces, whole),
            (pieces, whole) => prop_assert!(false, "{:?} in pieces, {:?} whole", pieces, whole),
        }
    }

    #[test]
    fn an_epoch_visits_each_index_once((items, batch_size, seed, epoch) in plans()) {
        for order in [Order::Shuffled { seed }, Order::Sequential] {
            let plan = BatchPlan::new(items, batch_size, order).unwrap();
            let mut all = visited(&plan, epoch);
            all.sort_unstable();
            prop_assert_eq!(all, (0..items as u32).collect::<Vec<u32>>());
            let sizes: Vec<usize> = plan.epoch(epoch).batches().map(<[u32]>::len).collect();
            prop_assert_eq!(sizes.len(), plan.batches_per_epoch());
            prop_assert!(sizes[..sizes.len() - 1].iter().all(|&size| size == batch_size));
        }
    }

    #[test]
    fn the_order_is_a_function_of_seed_and_epoch((items, batch_size, seed, epoch) in plans()) {
        let plan = |seed| BatchPlan::new(100 + items, batch_size, Order::Shuffled { seed }).unwrap();
        prop_assert_eq!(visited(&plan(seed), epoch), visited(&plan(seed), epoch));
        // Of over 100! orders, two alike would be no accident.
        prop_assert_ne!(visited(&plan(seed), epoch), visited(&plan(seed), epoch.wrapping_add(1)));
        prop_assert_ne!(visited(&plan(seed), epoch), visited(&plan(seed.wrapping_add(1)), epoch));
    }

    #[test]
    fn skipping_goes_on_where_a_stopped_epoch_left_off((items, batch_size, seed, epoch) in plans(), done in 0_usize..20) {
        let epoch = BatchPlan::new(items, batch_size, Order::Shuffled { seed }).unwrap().epoch(epoch);
        let all: Vec<&[u32]> = epoch.batches().collect();
        let rest: Vec<&[u32]> = epoch.batches().skip(done).collect();
        prop_assert_eq!(&rest[..], &all[done.min(all.len())..]);
    }
}
