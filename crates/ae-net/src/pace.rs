//! How many threads to take for one kind of work, found out while the work goes on.
//!
//! More threads are faster, unless the machine does something else too: a thread that has to share its processor
//! holds up all that wait for it. What is best changes while a program runs, and can only be seen by trying. A
//! [`Pace`] hears how long each call took, and says with how many threads to make the next:
//!
//! - *watch*: it sums up how much longer calls took than another number of threads would have needed. Calls that are
//!   faster pay back what slow ones took, and once [`ALARM`] has come together it changes;
//! - *look*: now and then it makes a few calls with half as many threads, or twice as many, and stays with what is faster.
//!
//! What trying costs, looks and changes that proved wrong, may be [`SHARE`] of the time, so it tries seldom where trying is
//! dear: one processor that is busy makes a step on two threads cost twenty. All of it is arithmetic on the seconds it
//! is told, so that tests can replay any machine.

/// Seconds that calls may lose before the number of threads changes: more than one slice of a processor's time that
/// goes to somebody else.
const ALARM: f64 = 4e-3;
/// What one call counts for at most, so that no single hitch is an alarm.
const ONCE: f64 = 0.75 * ALARM;
/// Of all time, what trying may take.
const SHARE: f64 = 1.0 / 200.0;
/// Seconds of trying that can be saved up, or two calls where those are longer.
const SAVED: f64 = 4.0 * ALARM;
/// Seconds of work after which another number that was slower is looked at again: at first, and at most. The wait doubles
/// each time it is slower again.
const AGAIN: (f64, f64) = (0.008, 0.256);
/// Calls of a look, and most that the usual time of a call is taken from.
const CALLS: usize = 8;
/// Seconds that a look should last.
const LOOK: f64 = 4e-3;
/// How much faster another number has to be.
const BETTER: f64 = 0.98;

/// The state of one kind of work. Times are seconds a unit, such as a row.
#[derive(Debug)]
pub(crate) struct Pace {
    choices: Vec<Choice>,
    /// Which of them is in use.
    current: usize,
    look: Option<Look>,
    /// The last calls of the current choice.
    recent: Recent,
    /// Seconds that calls took longer than the best other choice would have.
    lost: f64,
    /// Seconds and units since nothing was lost.
    since: (f64, f64),
    /// Seconds in all.
    elapsed: f64,
    /// Seconds that trying may still take.
    saved: f64,
    /// Units of a full call; others say little of it.
    full: usize,
}

/// A number of threads.
#[derive(Debug)]
struct Choice {
    threads: usize,
    /// What a unit takes, as far as it is known.
    unit_s: Option<f64>,
    /// When to look at it, in seconds of work.
    due: f64,
    /// How long to wait then, should it be slower.
    wait: f64,
}

/// A few calls with another choice.
#[derive(Debug)]
struct Look {
    at: usize,
    calls: usize,
    /// Whether the first call, in which threads wake up and caches fill, is over.
    warm: bool,
    seen: Recent,
    /// Seconds more than the current choice would have taken.
    cost: f64,
}

/// The last few times of a unit.
#[derive(Debug, Default)]
struct Recent {
    times: [f64; CALLS],
    count: usize,
}

impl Recent {
    fn push(&mut self, unit_s: f64) {
        self.times[self.count % CALLS] = unit_s;
        self.count += 1;
    }

    fn median(&self) -> Option<f64> {
        let mut times = self.times;
        let times = &mut times[..self.count.min(CALLS)];
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied()
    }
}

impl Pace {
    /// A pace of up to `most` threads, `first` of them at first.
    pub(crate) fn new(most: usize, first: usize) -> Self {
        let numbers = std::iter::successors(Some(1), |n| Some(n * 2)).take_while(|&n| n < most).chain([most]);
        let choices: Vec<_> =
            numbers.map(|threads| Choice { threads, unit_s: None, due: 0.0, wait: AGAIN.0 }).collect();
        Self {
            current: choices.iter().rposition(|choice| choice.threads <= first).unwrap_or(0),
            choices,
            look: None,
            recent: Recent::default(),
            lost: 0.0,
            since: (0.0, 0.0),
            elapsed: 0.0,
            saved: 2.0 * ALARM,
            full: 0,
        }
    }

    /// Threads for the next call.
    pub(crate) fn threads(&self) -> usize {
        self.choices[self.look.as_ref().map_or(self.current, |look| look.at)].threads
    }

    /// Hears that a call of `units`, at least 1, took so long.
    pub(crate) fn took(&mut self, units: usize, seconds: f64) {
        self.elapsed += seconds;
        self.saved = (self.saved + seconds * SHARE).min(SAVED.max(2.0 * seconds));
        self.full = self.full.max(units);
        if units * 2 <= self.full {
            return;
        }
        match self.look.take() {
            None => self.watch(units as f64, seconds),
            Some(look) => self.go_on_looking(look, units as f64, seconds),
        }
    }

    fn watch(&mut self, units: f64, seconds: f64) {
        self.recent.push(seconds / units);
        self.since = (self.since.0 + seconds, self.since.1 + units);
        let others = self.others().filter_map(|other| Some((other, self.choices[other].unit_s?)));
        if let Some((other, unit_s)) = others.min_by(|a, b| a.1.total_cmp(&b.1)) {
            self.lost += (seconds - unit_s * units).min(ONCE);
            if self.lost <= 0.0 {
                (self.lost, self.since) = (0.0, (0.0, 0.0));
            }
            if self.lost > ALARM {
                self.saved -= self.lost;
                let unit_s = self.since.0 / self.since.1;
                return self.change(other, unit_s);
            }
        }
        self.begin_look(seconds);
    }

    /// The choices next to the current one.
    fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let (current, count) = (self.current, self.choices.len());
        [current.checked_sub(1), Some(current + 1)].into_iter().flatten().filter(move |&at| at < count)
    }

    /// Leaves the current choice, which takes `unit_s`, for another.
    fn change(&mut self, to: usize, unit_s: f64) {
        let left = &mut self.choices[self.current];
        (left.unit_s, left.due, left.wait) = (Some(unit_s), self.elapsed + AGAIN.0, AGAIN.0);
        self.current = to;
        self.recent = Recent::default();
        (self.lost, self.since) = (0.0, (0.0, 0.0));
    }

    /// Looks at what is due longest, if there is time saved for it; a call takes `seconds` now.
    fn begin_look(&mut self, seconds: f64) {
        let calls = ((LOOK / seconds) as usize).clamp(1, CALLS);
        if self.recent.count < calls || self.saved < calls as f64 * seconds {
            return;
        }
        let due = |&other: &usize| self.choices[other].due;
        let Some(at) = self.others().min_by(|a, b| due(a).total_cmp(&due(b))) else { return };
        if due(&at) <= self.elapsed {
            let (warm, seen) = (calls < CALLS, Recent::default());
            self.look = Some(Look { at, calls, warm, seen, cost: 0.0 });
        }
    }

    fn go_on_looking(&mut self, mut look: Look, units: f64, seconds: f64) {
        let usual = self.recent.median().expect("there were calls before a look");
        look.cost += seconds - usual * units;
        if look.warm {
            look.seen.push(seconds / units);
        }
        look.warm = true;
        let lost = look.cost > ALARM.max(usual * units);
        if look.seen.count < look.calls && !lost {
            self.look = Some(look);
            return;
        }
        self.saved -= look.cost.max(0.0);
        let found = if lost { seconds / units } else { look.seen.median().expect("a look has calls") };
        let choice = &mut self.choices[look.at];
        (choice.unit_s, choice.due) = (Some(found), self.elapsed + choice.wait);
        choice.wait = AGAIN.1.min(2.0 * choice.wait);
        if !lost && found < usual * BETTER {
            self.change(look.at, usual);
        }
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
