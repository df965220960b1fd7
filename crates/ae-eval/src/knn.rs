//! Classification by the nearest training points: how far apart a code keeps what is different.
//!
//! The rule: of the training points, those take part that are no farther away (Euclidean distance) than the
//! `k`-th nearest, all of them where several are equally far; the class with the most of them is the answer,
//! the lowest one if several have as many. So the answer depends on the set of points alone, not on their
//! order, nor on how they are searched. (R's `class::knn` calls it `use.all`; implementations that cut ties
//! off at `k` differ only where distances are equal.)
//!
//! Points that are equal, as codes of dead units can be, are kept as one with many labels: a tree of them
//! would have nothing to split. Up to four dimensions an R*-tree finds the candidates; beyond, products of
//! all queries with all points do, in single precision and with a bound on their rounding. Among the
//! candidates, distances in double precision decide.

use std::cmp::Reverse;

use ae_net::{Activation, Dense, Rows, Stack, Team};
use rstar::{RTree, primitives::GeomWithData};

use crate::labelled::share_of_equal;
use crate::{EvalError, Labelled};

/// Points in a block of products.
const POINTS_AT_ONCE: usize = 1 << 10;
/// Queries in a block of products.
const QUERIES_AT_ONCE: usize = 1 << 10;

/// Labelled points that queries are compared with.
///
/// # Example
/// ```
/// use ae_eval::{Labelled, Neighbours};
/// use ae_net::{Rows, Team};
/// let points = [0.0, 0.1, 0.2, 5.0, 5.1, 5.2];
/// let neighbours = Neighbours::new(Labelled::new(Rows::values(&points, 1)?, &[0, 0, 0, 1, 1, 1])?);
/// let found = neighbours.classify(&Team::new(1)?, Rows::values(&[0.4, 4.0], 1)?, 3)?;
/// assert_eq!(found, [0, 1]);
/// # Ok::<(), ae_eval::EvalError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Neighbours {
    dims: usize,
    /// `(D, dims)`: each point once.
    points: Vec<f32>,
    /// `(D + 1)`: where in `labels` each point's labels begin.
    starts: Vec<usize>,
    /// One label a training row, each point's in ascending order.
    labels: Vec<i32>,
}

impl Neighbours {
    /// The points of a training set.
    pub fn new(train: Labelled<'_>) -> Self {
        let dims = train.rows().width();
        let mut values = train.rows().to_values();
        // 0 and -0 are one place.
        values.iter_mut().for_each(|value| *value += 0.0);
        let row = |index: usize| &values[index * dims..][..dims];
        let mut order: Vec<usize> = (0..train.rows().len()).collect();
        let label = |index: usize| train.labels()[index];
        order.sort_by(|&a, &b| {
            row(a).partial_cmp(row(b)).expect("rows are finite").then(label(a).cmp(&label(b)))
        });
        let (mut points, mut starts) = (Vec::new(), Vec::new());
        for (place, &index) in order.iter().enumerate() {
            if place == 0 || row(index) != row(order[place - 1]) {
                points.extend_from_slice(row(index));
                starts.push(place);
            }
        }
        starts.push(order.len());
        let labels = order.iter().map(|&index| label(index)).collect();
        Self { dims, points, starts, labels }
    }

    /// The class of each query, `(B, dims)` to `(B)`, by its `k` nearest points.
    ///
    /// # Errors
    /// [`EvalError::Net`] if the queries are of another width than the points or not finite, [`EvalError::Argument`]
    /// unless `k` is from 1 to the number of points.
    pub fn classify(&self, team: &Team, queries: Rows<'_>, k: usize) -> Result<Vec<i32>, EvalError> {
        queries.require_width("queries", self.dims)?;
        queries.require_finite("queries")?;
        if k == 0 || k > self.labels.len() {
            return Err(EvalError::argument("neighbours", format_args!("1 to {}", self.labels.len()), k));
        }
        match self.dims {
            1 | 2 => Ok(self.by_tree::<2>(queries, k)),
            3 => Ok(self.by_tree::<3>(queries, k)),
            4 => Ok(self.by_tree::<4>(queries, k)),
            _ => self.by_products(team, queries, k),
        }
    }

    /// Share of the test rows whose class is found, in [0, 1].
    ///
    /// # Errors
    /// As [`classify`](Self::classify).
    pub fn accuracy(&self, team: &Team, test: Labelled<'_>, k: usize) -> Result<f64, EvalError> {
        Ok(share_of_equal(&self.classify(team, test.rows(), k)?, test.labels()))
    }

    /// `D` is at least the number of dimensions: those that are missing are 0 everywhere.
    fn by_tree<const D: usize>(&self, queries: Rows<'_>, k: usize) -> Vec<i32> {
        let place = |row: &[f32]| {
            let mut place = [0.0; D];
            place.iter_mut().zip(row).for_each(|(wide, &x)| *wide = f64::from(x));
            place
        };
        let points = (0..).zip(self.points.chunks_exact(self.dims));
        let tree =
            RTree::bulk_load(points.map(|(point, row)| GeomWithData::new(place(row), point)).collect());
        let values = queries.to_values();
        let mut candidates = Vec::new();
        let classes = values.chunks_exact(self.dims).map(|query| {
            candidates.clear();
            let (mut labels, mut reach) = (0, f64::INFINITY);
            for (point, distance) in tree.nearest_neighbor_iter_with_distance_2(place(query)) {
                if distance > reach {
                    break;
                }
                candidates.push(point.data);
                labels += self.labels_of(point.data).len();
                if labels >= k {
                    reach = distance;
                }
            }
            self.vote(query, &candidates, k)
        });
        classes.collect()
    }

    fn by_products(&self, team: &Team, queries: Rows<'_>, k: usize) -> Result<Vec<i32>, EvalError> {
        let dims = self.dims;
        let values = queries.to_values();
        // A power of two changes no digit, and keeps squares from overflowing.
        let norms = |rows: &[f32]| rows.chunks_exact(dims).map(norm).fold(0.0, f64::max);
        let scale = power_below(1.0 / norms(&self.points).max(norms(&values)));
        let scaled = |rows: &[f32]| rows.iter().map(|&x| (f64::from(x) * scale) as f32).collect::<Vec<_>>();
        let (near_queries, near_points) = (scaled(&values), scaled(&self.points));
        let longest = norms(&near_points);
        let mut nearest: Vec<Nearest> =
            near_queries.chunks_exact(dims).map(|query| Nearest::new(k, slack(query, longest))).collect();
        let mut scores = vec![0.0; QUERIES_AT_ONCE.min(queries.len()) * POINTS_AT_ONCE];
        for (block, points) in near_points.chunks(POINTS_AT_ONCE * dims).enumerate() {
            // |q - p|^2 = |q|^2 - 2 (q . p - |p|^2 / 2): a layer computes what stands in the brackets.
            let count = points.len() / dims;
            let bias = points.chunks_exact(dims).map(|point| (-0.5 * norm(point).powi(2)) as f32).collect();
            let layer = Stack::new(&[Dense::new(dims, points.to_vec(), bias, Activation::Linear)?])?;
            let queries = near_queries.chunks(QUERIES_AT_ONCE * dims);
            for (queries, nearest) in queries.zip(nearest.chunks_mut(QUERIES_AT_ONCE)) {
                let scores = &mut scores[..nearest.len() * count];
                layer.forward(team, Rows::values(queries, dims)?, scores)?;
                for (nearest, scores) in nearest.iter_mut().zip(scores.chunks_exact(count)) {
                    nearest.add(block * POINTS_AT_ONCE, scores);
                }
            }
        }
        let found = values.chunks_exact(dims).zip(nearest).map(|(query, mut nearest)| {
            nearest.prune();
            let candidates: Vec<u32> = nearest.candidates.iter().map(|&(_, point)| point).collect();
            self.vote(query, &candidates, k)
        });
        Ok(found.collect())
    }

    fn labels_of(&self, point: u32) -> &[i32] {
        let point = point as usize;
        &self.labels[self.starts[point]..self.starts[point + 1]]
    }

    /// The answer, given candidates among which are all points that take part.
    fn vote(&self, query: &[f32], candidates: &[u32], k: usize) -> i32 {
        let distance = |&point: &u32| {
            let place = &self.points[point as usize * self.dims..][..self.dims];
            let squares = place.iter().zip(query).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
            (squares.sum::<f64>(), point)
        };
        let mut ranked: Vec<(f64, u32)> = candidates.iter().map(distance).collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut votes, mut reach) = (Vec::new(), f64::INFINITY);
        for (distance, point) in ranked {
            if distance > reach {
                break;
            }
            votes.extend_from_slice(self.labels_of(point));
            if votes.len() >= k {
                reach = distance;
            }
        }
        votes.sort_unstable();
        // The first of the longest runs.
        let classes = votes.chunk_by(i32::eq);
        classes.min_by_key(|of_class| Reverse(of_class.len())).expect("at least k rows take part")[0]
    }
}

/// The candidates of one query while blocks of points go by.
struct Nearest {
    k: usize,
    /// How much the score of a point that takes part can seem to lie below that of the `k`-th best.
    slack: f32,
    /// Scores below it cannot take part.
    threshold: f32,
    /// (score, point), in the order they were met.
    candidates: Vec<(f32, u32)>,
    /// Length of the list at which it is pruned.
    full: usize,
}

impl Nearest {
    fn new(k: usize, slack: f32) -> Self {
        Self { k, slack, threshold: f32::NEG_INFINITY, candidates: Vec::new(), full: 2 * k }
    }

    fn add(&mut self, first: usize, scores: &[f32]) {
        // Most groups of scores have nothing: a loop that only counts is vectorised.
        const GROUP: usize = 32;
        for (group, scores) in scores.chunks(GROUP).enumerate() {
            let above: u32 = scores.iter().map(|&score| u32::from(score >= self.threshold)).sum();
            if above == 0 {
                continue;
            }
            for (index, &score) in scores.iter().enumerate() {
                if score >= self.threshold {
                    self.candidates.push((score, (first + group * GROUP + index) as u32));
                }
            }
            if self.candidates.len() >= self.full {
                self.prune();
            }
        }
    }

    /// Drops what cannot take part any more.
    fn prune(&mut self) {
        if self.candidates.len() > self.k {
            let (_, kth, _) = self.candidates.select_nth_unstable_by(self.k - 1, |a, b| b.0.total_cmp(&a.0));
            self.threshold = kth.0 - self.slack;
            let threshold = self.threshold;
            self.candidates.retain(|candidate| candidate.0 >= threshold);
        }
        // Equal scores may leave more than k: pruned again only when they have doubled.
        self.full = 2 * self.candidates.len().max(self.k);
    }
}

/// The largest power of two that is not above `x`; 1 for infinity.
fn power_below(x: f64) -> f64 {
    if x.is_finite() { x.log2().floor().exp2() } else { 1.0 }
}

fn norm(row: &[f32]) -> f64 {
    row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt()
}

/// How far below the `k`-th best score that of a point can lie which takes part: twice a bound on the error
/// of `q . p - |p|^2 / 2` in single precision, and what rounding in double precision can make equal in the
/// vote.
///
/// A sum of `n` products in any order, fused or not, is off by at most `n u / (1 - n u)` times the sum of
/// their magnitudes (Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.1), which is at most
/// `|q| |p|`; `u` is half of epsilon. The factor for `dims + 2` terms, doubled, covers the bias and its
/// addition, and the denominator.
fn slack(query: &[f32], longest: f64) -> f32 {
    let n = query.len() as f64 + 2.0;
    let length = norm(query);
    let single = 2.0 * n * f64::from(f32::EPSILON) * (length * longest + longest * longest);
    let double = n * f64::EPSILON * (length + longest).powi(2);
    // A term that underflows is off by less than the smallest normal number.
    (single + double + n * f64::from(f32::MIN_POSITIVE)) as f32
}
