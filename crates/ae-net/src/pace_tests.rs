//! Machines, replayed: how long a step takes with some number of threads, at any moment.

use super::*;

/// Seconds of a step of one row with so many threads, `now` seconds after the start.
type Machine<'a> = &'a dyn Fn(usize, f64) -> f64;

const ONE: f64 = 115e-6;
const TWO: f64 = 70e-6;

fn quiet(threads: usize, _: f64) -> f64 {
    if threads == 1 { ONE } else { TWO }
}

/// Another program has one of the two processors: one thread finds the other, two wait for each other.
fn busy(threads: usize, _: f64) -> f64 {
    if threads == 1 { ONE } else { 4.0 * ONE }
}

/// Works for `seconds`; the steps that were done and the share of time with one thread.
fn run(pace: &mut Pace, machine: Machine<'_>, seconds: f64) -> (f64, f64) {
    let (mut now, mut steps, mut alone) = (0.0, 0.0, 0.0);
    while now < seconds {
        let threads = pace.threads();
        let took = machine(threads, now);
        pace.took(64, took);
        now += took;
        steps += 1.0;
        alone += if threads == 1 { took } else { 0.0 };
    }
    (steps, alone / seconds)
}

#[test]
fn on_a_quiet_machine_it_costs_less_than_a_hundredth() {
    let (steps, alone) = run(&mut Pace::new(2, 2), &quiet, 4.0);
    assert!(steps * TWO > 0.99 * 4.0, "{steps} steps");
    assert!(alone < 0.01, "{alone} of the time on one thread");
}

#[test]
fn where_a_second_thread_hinders_it_costs_less_than_two_hundredths() {
    let (steps, alone) = run(&mut Pace::new(2, 2), &busy, 4.0);
    assert!(steps * ONE > 0.98 * 4.0, "{steps} steps");
    assert!(alone > 0.97, "{alone} of the time on one thread");
}

#[test]
fn steps_that_look_well_and_then_hang_are_found_out() {
    // Fifty steps at full speed, then the second thread loses its processor for 9 ms.
    let clock = std::cell::Cell::new(0);
    let machine = |threads: usize, now: f64| {
        clock.set(clock.get() + 1);
        if threads == 2 && clock.get() % 50 == 0 { 9e-3 } else { quiet(threads, now) }
    };
    let (steps, alone) = run(&mut Pace::new(2, 2), &machine, 8.0);
    assert!(steps * ONE > 0.97 * 8.0, "{steps} steps");
    assert!(alone > 0.9, "{alone} of the time on one thread");
}

#[test]
fn one_hitch_is_no_alarm() {
    let hitch =
        |threads: usize, now: f64| if (0.3..0.305).contains(&now) { 20e-3 } else { quiet(threads, now) };
    let (_, alone) = run(&mut Pace::new(2, 2), &hitch, 2.0);
    assert!(alone < 0.01, "{alone} of the time on one thread");
}

#[test]
fn it_follows_the_machine_both_ways() {
    for (first, then, alone_then) in
        [(&quiet as Machine<'_>, &busy as Machine<'_>, true), (&busy, &quiet, false)]
    {
        let mut pace = Pace::new(2, 2);
        run(&mut pace, first, 3.0);
        // Trying may have used up what was saved: a second at most until it notices.
        run(&mut pace, then, 1.0);
        let (_, alone) = run(&mut pace, then, 1.0);
        assert!(if alone_then { alone > 0.97 } else { alone < 0.02 }, "{alone} of the time on one thread");
    }
}

#[test]
fn of_many_threads_it_finds_the_number_that_helps_most() {
    for (best, most) in [(1, 16), (2, 16), (4, 16), (4, 6), (8, 16), (6, 6), (12, 12), (16, 16)] {
        // Each thread beyond the best number costs.
        let machine = |threads: usize, _: f64| {
            200e-6 / threads.min(best) as f64 + 20e-6 * threads.saturating_sub(best) as f64
        };
        for first in [1, most] {
            let mut pace = Pace::new(most, first);
            run(&mut pace, &machine, 1.0);
            let (steps, _) = run(&mut pace, &machine, 1.0);
            let ideal = best as f64 / 200e-6;
            assert!(
                steps > 0.98 * ideal,
                "best {best} of {most}, from {first}: {} of the ideal",
                steps / ideal
            );
        }
    }
}

#[test]
fn long_calls_are_not_tried_with_before_there_is_time_for_it() {
    // 50 ms a call: one look at one thread costs 50 ms, a hundredth of 5 s.
    let slow = |threads: usize, now: f64| quiet(threads, now) * 700.0;
    let (steps, _) = run(&mut Pace::new(2, 2), &slow, 20.0);
    assert!(steps * TWO * 700.0 > 0.98 * 20.0, "{steps} steps");
    // But then they are.
    let mut pace = Pace::new(2, 1);
    run(&mut pace, &slow, 40.0);
    assert_eq!(pace.threads(), 2);
}

#[test]
fn short_calls_say_nothing_of_full_ones() {
    // Nine in ten calls have one row of 64, and take as long as the others.
    let mut pace = Pace::new(2, 2);
    for step in 1..20_000 {
        let took = quiet(pace.threads(), 0.0);
        pace.took(if step % 10 == 0 { 64 } else { 1 }, took);
    }
    assert_eq!(pace.threads(), 2);
    let known: Vec<_> = pace.choices.iter().filter_map(|choice| choice.unit_s).collect();
    assert!(!known.is_empty() && known.iter().all(|&unit_s| unit_s < 2e-6), "{known:?}");
}

#[test]
fn one_thread_is_one_thread() {
    let (_, alone) = run(&mut Pace::new(1, 1), &quiet, 0.1);
    assert!(alone > 0.99);
}
