//! What no result shows: that each part is worked on once, and that nobody waits for ever.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::*;

fn teams() -> impl Iterator<Item = Team> {
    (1..=5).flat_map(|threads| [Team::new(threads).unwrap(), Team::up_to(threads).unwrap()])
}

/// Adds 1 to each of some numbers, a part at a time.
fn count(team: &Team, numbers: &mut [u32]) {
    team.for_each_chunk(numbers, 3, |_, part| part.iter_mut().for_each(|number| *number += 1));
}

#[test]
fn each_part_is_worked_on_once() {
    for team in teams() {
        for length in 0..40 {
            let mut numbers = vec![0; length];
            count(&team, &mut numbers);
            team.enter(|| count(&team, &mut numbers));
            assert_eq!(numbers, vec![2; length], "{team}");
        }
    }
}

#[test]
fn whoever_uses_a_team_beside_others_gets_its_parts_done() {
    for team in teams() {
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut numbers = [0; 30];
                    for _ in 0..50 {
                        team.enter(|| {
                            (0..4).for_each(|_| team.pace(Work::Score, 1, || count(&team, &mut numbers)))
                        });
                    }
                    assert_eq!(numbers, [200; 30], "{team}");
                });
            }
        });
    }
}

#[test]
fn whoever_comes_while_all_others_stand_aside_is_served() {
    let team = Team::up_to(2).unwrap();
    let crew = team.crew.as_ref().unwrap();
    while crew.set_pace(Work::Score) > 1 || crew.in_use() > 1 {
        let threads = crew.in_use();
        crew.note(Work::Score, 1, threads, if threads == 1 { 1e-3 } else { 1e-2 });
    }
    let mut numbers = [0; 30];
    team.enter(|| {
        std::thread::scope(|scope| scope.spawn(|| team.enter(|| count(&team, &mut numbers))).join().unwrap());
    });
    assert_eq!(numbers, [1; 30]);
}

#[test]
fn threads_that_fell_asleep_over_a_pause_come_back() {
    for team in teams() {
        let mut numbers = [0; 30];
        team.enter(|| {
            for _ in 0..3 {
                count(&team, &mut numbers);
                std::thread::sleep(Duration::from_millis(30));
            }
        });
        assert_eq!(numbers, [3; 30], "{team}");
    }
}

#[test]
fn a_panic_in_a_part_is_the_callers() {
    for team in teams() {
        for bad in [0, 29] {
            let mut numbers: Vec<_> = (0..30).collect();
            // Long enough for every thread to come to its own.
            let work = |_, part: &mut [u32]| {
                std::thread::sleep(Duration::from_millis(1));
                assert!(part[0] != bad);
            };
            let all = || team.for_each_chunk(&mut numbers, 1, work);
            assert!(catch_unwind(AssertUnwindSafe(|| team.enter(all))).is_err(), "{team}");
            let mut numbers = [0; 30];
            count(&team, &mut numbers);
            assert_eq!(numbers, [1; 30], "{team}, after a panic");
        }
    }
}

#[test]
fn it_says_how_many_threads_it_has_used() {
    for team in teams() {
        let work = || team.pace(Work::Score, 1, || std::thread::sleep(Duration::from_micros(100)));
        team.enter(|| (0..30).for_each(|_| work()));
        let used = team.used();
        assert!((used.values().sum::<f64>() - 1.0).abs() < 1e-9, "{team}: {used:?}");
        assert!(used.keys().all(|&threads| (1..=team.threads()).contains(&threads)), "{team}: {used:?}");
        if !team.to_string().starts_with("up to") {
            assert_eq!(used.into_keys().collect::<Vec<_>>(), [team.threads()], "{team}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn threads_have_a_processor_each_while_all_are_in_use_and_then_leave_it() {
    let allowed = || rustix::thread::sched_getaffinity(None).unwrap().count() as usize;
    let all = allowed();
    let team = Team::new(all).unwrap();
    let Some(crew) = &team.crew else { return };
    // A container may be promised less than all processors that it can see.
    let expected = if processors().get() == all { 1 } else { all };
    let mut inside = vec![0; all];
    team.enter(|| {
        assert_eq!(allowed(), expected);
        team.for_each_chunk(&mut inside, 1, |_, part| {
            std::thread::sleep(Duration::from_millis(20));
            part[0] = allowed();
        });
    });
    assert_eq!(inside, vec![expected; all]);
    assert_eq!(crew.install(allowed), all);
    assert_eq!(allowed(), all);
}
