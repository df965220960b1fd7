//! Integers through the coder: any, by any tables, and what they cost; and bytes that no coder has made.

use constriction::stream::model::EncoderModel;
use proptest::prelude::*;

use super::*;

impl Table {
    /// What an integer costs, in bits.
    fn cost(&self, symbol: i32) -> f32 {
        let place = self.place(symbol);
        let (_, frequency) =
            self.model.left_cumulative_and_probability(place.index).expect("a place of the model");
        let magnitude = place.beyond.map_or(0.0, |beyond| 6.0 + (beyond + 1).ilog2() as f32);
        PRECISION as f32 - (frequency.get() as f32).log2() + magnitude
    }
}

fn table() -> impl Strategy<Value = Table> {
    let first = prop_oneof![Just(i32::MIN), -20..20_i32, Just(i32::MAX - 400)];
    (first, prop::collection::vec(0..=64_u8, 1..400))
        .prop_map(|(first, levels)| Table::new(first, &levels).unwrap())
}

fn symbol() -> impl Strategy<Value = i32> {
    prop_oneof![8 => -30..30_i32, 1 => any::<i32>(), 1 => Just(i32::MIN), 1 => Just(i32::MAX)]
}

fn unpack(bytes: &[u8], tables: &[Table], count: usize) -> Result<Vec<i32>, EntropyError> {
    let mut unpacker = Unpacker::new(bytes)?;
    let symbols = (0..count).map(|at| unpacker.next(&tables[at % tables.len()])).collect::<Result<_, _>>()?;
    unpacker.finish()?;
    Ok(symbols)
}

proptest! {
    #[test]
    fn any_integers_come_back_by_any_tables(
        tables in prop::collection::vec(table(), 1..5),
        symbols in prop::collection::vec(symbol(), 0..300),
    ) {
        let coded = symbols.iter().enumerate().map(|(at, &symbol)| (&tables[at % tables.len()], symbol));
        let bytes = pack(coded);
        prop_assert_ne!(bytes.last(), Some(&0));
        prop_assert_eq!(unpack(&bytes, &tables, symbols.len()).unwrap(), symbols.clone());
        // The costs add up to the bits.
        let cost: f32 = symbols.iter().enumerate().map(|(at, &s)| tables[at % tables.len()].cost(s)).sum();
        prop_assert!((bytes.len() as f32) <= cost / 8.0 * 1.001 + 8.0, "{} bytes for {cost} bits", bytes.len());
    }

    #[test]
    fn bytes_that_can_be_read_are_those_that_would_be_written(
        tables in prop::collection::vec(table(), 1..3),
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        count in 0..40_usize,
    ) {
        if let Ok(symbols) = unpack(&bytes, &tables, count) {
            let coded = symbols.iter().enumerate().map(|(at, &symbol)| (&tables[at % tables.len()], symbol));
            prop_assert_eq!(pack(coded), bytes);
        }
    }

    #[test]
    fn fitted_tables_cost_little_more_than_the_entropy(
        counts in prop::collection::btree_map(-40..40_i32, 1..5_000_u64, 1..60),
    ) {
        let table = Table::fit(&counts);
        let total: u64 = counts.values().sum();
        let entropy: f64 = counts.values().map(|&n| n as f64 * (total as f64 / n as f64).log2()).sum();
        let cost: f64 = counts.iter().map(|(&s, &n)| n as f64 * f64::from(table.cost(s))).sum();
        // Coarse levels, and integers that were not worth listing.
        prop_assert!(cost <= entropy + 0.006 * total as f64 + 400.0, "{cost} bits, entropy {entropy}");
    }
}

#[test]
fn a_constant_costs_nothing() {
    let table = Table::fit(&BTreeMap::from([(-7, 12)]));
    let bytes = pack((0..100_000).map(|_| (&table, -7)));
    assert!(bytes.len() <= 1, "{} bytes", bytes.len());
    assert_eq!(unpack(&bytes, std::slice::from_ref(&table), 100_000).unwrap(), vec![-7; 100_000]);
}

#[test]
fn outliers_are_left_to_the_escape() {
    let counts = BTreeMap::from([(-1_000_000, 1), (-1, 50), (0, 100), (1, 50), (4_000_000, 2)]);
    let table = Table::fit(&counts);
    assert_eq!(table, Table::new(-1, &[8, 4, 8]).unwrap());
    assert!(table.cost(4_000_000) < 60.0 && table.cost(0) < 1.01);
    // More integers than a table spans, all as frequent.
    let wide: BTreeMap<i32, u64> = (0..10_000).map(|symbol| (symbol, 100)).collect();
    assert!(Table::fit(&wide).cost(0) < 13.0 || Table::fit(&wide).cost(9_999) < 13.0);
    let far = BTreeMap::from([(i32::MIN, 1_u64 << 40), (i32::MAX, 1 << 40)]);
    let far = Table::fit(&far);
    assert_eq!(
        unpack(&pack([(&far, i32::MIN), (&far, i32::MAX)].into_iter()), &[far], 2),
        Ok(vec![i32::MIN, i32::MAX])
    );
}

#[test]
fn what_is_no_table_is_refused() {
    let refused = |first, levels: &[u8]| Table::new(first, levels).unwrap_err();
    assert_eq!(refused(0, &[]), EntropyError::span(0));
    assert_eq!(refused(0, &[9; MAX_SPAN + 1]), EntropyError::span(4_097));
    assert_eq!(refused(3, &[0, 65]), EntropyError::level(4, 65));
    assert_eq!(
        refused(i32::MAX, &[0, 0]).to_string(),
        "the first integer of a table: expected one that 2 integers can begin at, found 2147483647"
    );
    assert_eq!(
        refused(3, &[0, 65]).to_string(),
        "a level of a table: expected one from 0 to 64, found 65 of integer 4"
    );
    assert!(Table::new(i32::MAX, &[0]).is_ok() && Table::new(0, &[64; MAX_SPAN]).is_ok());
}

#[test]
fn what_is_no_packing_is_refused() {
    let table = Table::new(0, &[8; 4]).unwrap();
    let symbols = [0, 3, 1, 2, 2, 1, 0, 3, 3, 3, 3, 3, 3, 1, 2, 3, 3, 3, 3, 3, 3];
    let bytes = pack(symbols.iter().map(|&symbol| (&table, symbol)));
    let unpack = |bytes: &[u8], count| unpack(bytes, std::slice::from_ref(&table), count);
    assert_eq!(unpack(&bytes, symbols.len()).unwrap(), symbols);
    assert_eq!(unpack(&bytes, symbols.len() - 1), Err(EntropyError::Unfinished));
    assert_eq!(unpack(&[&bytes[..], &[1]].concat(), symbols.len()), Err(EntropyError::Unfinished));
    assert_eq!(unpack(&[&bytes[..], &[0]].concat(), symbols.len()), Err(EntropyError::TrailingZero));
    // An escape beyond 32 bits: one of 4,294,967,297 places above the table is past its end.
    let high = Table::new(i32::MAX - 1, &[0]).unwrap();
    let low = Table::new(i32::MIN, &[0]).unwrap();
    let bytes = pack([(&low, i32::MAX)].into_iter());
    assert_eq!(self::unpack(&bytes, &[high], 1), Err(EntropyError::TooLarge));
}
