//! An axis: the range that holds the values, and ticks at round numbers with their labels.

use std::ops::Range;

use crate::chart::TICK_SIZE;
use crate::text;

/// The largest magnitude that an axis takes; sums and differences of such values are still finite.
pub(crate) const MAX_MAGNITUDE: f64 = 1e300;

/// Pixels between two labels of one axis, at least.
const MIN_LABEL_GAP: f64 = 6.0;

/// Spans below this are drawn as if all values were equal: their ticks could not be told apart.
const MIN_SPAN: f64 = 1e-290;

/// How a value becomes a position on the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// The position is the value. `whole`: ticks at whole numbers only, for things that are counted.
    Linear { whole: bool },
    /// The position is the value's decimal logarithm; values are above 0.
    Log,
}

impl Scale {
    fn position(self, value: f64) -> f64 {
        match self {
            Scale::Linear { .. } => value,
            Scale::Log => value.log10(),
        }
    }
}

/// A marked value and its label.
#[derive(Debug)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

impl Tick {
    /// The room of the label from left to right.
    pub(crate) fn width(&self) -> f64 {
        text::width(&self.label, TICK_SIZE)
    }
}

#[derive(Debug)]
pub(crate) struct Axis {
    scale: Scale,
    /// Positions at the two ends, the first below the second.
    ends: Range<f64>,
    /// From low to high, all between the ends.
    pub(crate) ticks: Vec<Tick>,
}

impl Axis {
    /// An axis that holds all `values` and `margin` times their span on either side, with about `n_ticks` ticks.
    ///
    /// Values are finite, at most [`MAX_MAGNITUDE`] in magnitude, above 0 where the scale is logarithmic, and at
    /// least one; the chart has checked that.
    pub(crate) fn new(scale: Scale, values: impl Iterator<Item = f64>, margin: f64, n_ticks: usize) -> Self {
        let (low, high) = values
            .map(|value| scale.position(value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
        let (middle, span) = (low.midpoint(high), high - low);
        let pad = if span > (middle.abs() * 1e-9).max(MIN_SPAN) {
            span * margin
        } else {
            match scale {
                Scale::Linear { whole: true } => (middle.abs() * 0.05).max(1.0),
                Scale::Linear { whole: false } if middle.abs() < MIN_SPAN => 1.0,
                Scale::Linear { whole: false } => middle.abs() * 0.05,
                Scale::Log => 0.1,
            }
        };
        let ends = low - pad..high + pad;
        let ticks = match scale {
            Scale::Linear { whole } => linear_ticks(&ends, n_ticks, whole),
            Scale::Log => log_ticks(&ends, n_ticks),
        };
        Self { scale, ends, ticks }
    }

    /// Where a value lies if the axis leads from the pixel `first` to the pixel `last`.
    pub(crate) fn place(&self, value: f64, first: f64, last: f64) -> f64 {
        let along = (self.scale.position(value) - self.ends.start) / (self.ends.end - self.ends.start);
        first + along * (last - first)
    }

    /// Takes away ticks whose label would touch the one before it on a horizontal axis of `length` pixels.
    pub(crate) fn thin_out(&mut self, length: f64) {
        let mut ticks = std::mem::take(&mut self.ticks);
        let mut free = f64::NEG_INFINITY;
        ticks.retain(|tick| {
            let (middle, half) = (self.place(tick.value, 0.0, length), tick.width() / 2.0);
            let fits = middle - half >= free;
            if fits {
                free = middle + half + MIN_LABEL_GAP;
            }
            fits
        });
        self.ticks = ticks;
    }

    /// The room of the widest label.
    pub(crate) fn widest_label(&self) -> f64 {
        self.ticks.iter().map(Tick::width).fold(0.0, f64::max)
    }
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten, the smallest such step that gives about `n` of them.
fn linear_ticks(ends: &Range<f64>, n: usize, whole: bool) -> Vec<Tick> {
    let rough = (ends.end - ends.start) / n as f64;
    let floor = rough.log10().floor() as i32;
    let (digit, exponent) = (floor..=floor + 1)
        .flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| (digit, exponent)))
        .filter(|&(_, exponent)| !whole || exponent >= 0)
        .find(|&(digit, exponent)| digit * 10f64.powi(exponent) >= rough)
        .unwrap_or((1.0, floor + 1));
    let step = digit * 10f64.powi(exponent);
    let first = (ends.start / step).ceil();
    let values = (0..=n).map(|i| (first + i as f64) * step);
    let values: Vec<f64> = values.take_while(|value| *value <= ends.end).collect();
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let tick = |value| Tick { value, label: tick_label(value, exponent, largest) };
    values.into_iter().map(tick).collect()
}

/// Ticks at powers of ten, with 2 and 5 or all nine digits between them where that gives too few.
fn log_ticks(ends: &Range<f64>, n: usize) -> Vec<Tick> {
    let decades = ends.start.floor() as i32..=ends.end.floor() as i32;
    let skip = (decades.end() - decades.start()) as usize / n + 1;
    let tick = |digit: f64, exponent: i32| {
        let value = digit * 10f64.powi(exponent);
        Tick { value, label: tick_label(value, exponent, value) }
    };
    for digits in [&[1.0][..], &[1.0, 2.0, 5.0], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]] {
        let exponents = decades.clone().step_by(skip);
        let ticks: Vec<Tick> = exponents
            .flat_map(|exponent| digits.iter().map(move |digit| tick(*digit, exponent)))
            .filter(|tick| ends.contains(&tick.value.log10()))
            .collect();
        if ticks.len() >= 3 {
            return ticks;
        }
    }
    // Over less than half a decade the axis is nearly linear, and so are its ticks.
    linear_ticks(&(10f64.powf(ends.start)..10f64.powf(ends.end)), n, false)
}

/// `value` to the digit of `10^exponent`, in scientific notation where `largest`, the axis's largest, is long.
fn tick_label(value: f64, exponent: i32, largest: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if largest < 1e6 && exponent >= -5 {
        return format!("{value:.*}", exponent.min(0).unsigned_abs() as usize);
    }
    let digits = value.abs().log10().floor() as i32 - exponent;
    format!("{value:.*e}", digits.max(0) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(scale: Scale, values: &[f64], n: usize) -> Vec<String> {
        let axis = Axis::new(scale, values.iter().copied(), 0.0, n);
        axis.ticks.into_iter().map(|tick| tick.label).collect()
    }

    const LINEAR: Scale = Scale::Linear { whole: false };
    const WHOLE: Scale = Scale::Linear { whole: true };

    #[test]
    fn ticks_are_round_numbers_with_as_many_digits_as_their_step() {
        assert_eq!(labels(LINEAR, &[0.058, 0.2625], 6), ["0.10", "0.15", "0.20", "0.25"]);
        assert_eq!(labels(LINEAR, &[-1.0, 1.0], 5), ["-1.0", "-0.5", "0", "0.5", "1.0"]);
        assert_eq!(labels(LINEAR, &[0.0, 4e7], 5), ["0", "1e7", "2e7", "3e7", "4e7"]);
        assert_eq!(labels(LINEAR, &[0.0, 5e-9], 6), ["0", "1e-9", "2e-9", "3e-9", "4e-9", "5e-9"]);
    }

    #[test]
    fn counted_things_have_whole_ticks() {
        assert_eq!(labels(WHOLE, &[1.0, 3.0], 10), ["1", "2", "3"]);
        assert_eq!(labels(WHOLE, &[1.0], 10), ["0", "1", "2"]);
        assert_eq!(
            labels(WHOLE, &[1.0, 50.0], 10),
            ["5", "10", "15", "20", "25", "30", "35", "40", "45", "50"]
        );
    }

    #[test]
    fn log_ticks_follow_the_number_of_decades() {
        assert_eq!(labels(Scale::Log, &[0.001, 10.0], 6), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(labels(Scale::Log, &[0.05, 0.6], 6), ["0.05", "0.1", "0.2", "0.5"]);
        assert_eq!(labels(Scale::Log, &[0.058, 0.2625], 6), ["0.06", "0.07", "0.08", "0.09", "0.1", "0.2"]);
        assert_eq!(labels(Scale::Log, &[0.0915, 0.0985], 6), ["0.092", "0.094", "0.096", "0.098"]);
        assert!((3..=8).contains(&labels(Scale::Log, &[1e-200, 1e200], 6).len()));
    }

    proptest! {
        #[test]
        fn an_axis_holds_its_values_and_has_a_few_ticks(
            values in prop::collection::vec(
                prop_oneof![-1e300f64..1e300, -2.0f64..2.0, -1e-290f64..1e-290, Just(0.0), Just(1e300)], 1..5),
            scale in prop_oneof![Just(LINEAR), Just(WHOLE), Just(Scale::Log)],
        ) {
            let fit = |value: f64| match scale {
                Scale::Log => value.abs().max(f64::MIN_POSITIVE),
                Scale::Linear { whole: true } => value.round(),
                Scale::Linear { whole: false } => value,
            };
            let values: Vec<f64> = values.into_iter().map(fit).collect();
            let axis = Axis::new(scale, values.iter().copied(), 0.05, 6);
            for value in values.iter().copied().chain(axis.ticks.iter().map(|tick| tick.value)) {
                let place = axis.place(value, 400.0, 50.0);
                prop_assert!((50.0 - 1e-6..=400.0 + 1e-6).contains(&place), "{value} at {place}: {axis:?}");
            }
            prop_assert!((1..=20).contains(&axis.ticks.len()), "{axis:?}");
            prop_assert!(axis.ticks.iter().all(|tick| tick.label.len() <= 18), "{axis:?}");
            prop_assert!(axis.ticks.windows(2).all(|pair| pair[0].label != pair[1].label), "{axis:?}");

            let mut axis = axis;
            axis.thin_out(300.0);
            let (half, middle) = (|tick: &Tick| tick.width() / 2.0, |tick: &Tick| axis.place(tick.value, 0.0, 300.0));
            prop_assert!(!axis.ticks.is_empty());
            for pair in axis.ticks.windows(2) {
                prop_assert!(middle(&pair[1]) - half(&pair[1]) > middle(&pair[0]) + half(&pair[0]), "{axis:?}");
            }
        }
    }
}
