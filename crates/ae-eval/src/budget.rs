//! Which labels are seen where not all of them are to be.

use ae_data::{BatchPlan, Order};

use crate::random::{LABEL_DRAW, seed_for};
use crate::{EvalError, Labelled};

/// How many labels the probe may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Those of all training rows.
    All,
    /// So many in all, the same number of each class, drawn from the seed ten times.
    Labels(usize),
}

/// The rows whose labels the probe may see.
pub(crate) fn choose(
    train: Labelled<'_>,
    budget: Budget,
    seed: u64,
    draw: u64,
) -> Result<Vec<u32>, EvalError> {
    let rows = train.rows().len();
    let order = match budget {
        Budget::All => Order::Sequential,
        Budget::Labels(_) => Order::Shuffled { seed: seed_for(seed, LABEL_DRAW, draw) },
    };
    // One batch of everything: a permutation of all rows.
    let epoch = BatchPlan::new(rows, rows, order)?.epoch(0);
    let all = epoch.batches().next().unwrap_or_default();
    let labels = match budget {
        Budget::All => return Ok(all.to_vec()),
        Budget::Labels(labels) => labels,
    };
    let of_train = train.classes();
    let members = of_train.members();
    let classes = members.len();
    if labels == 0 || !labels.is_multiple_of(classes) {
        return Err(EvalError::argument(
            "labels",
            format_args!("as many of each of {classes} classes"),
            labels,
        ));
    }
    let needed = labels / classes;
    let lacking = of_train.labels.iter().zip(&members).find(|&(_, &found)| found < needed);
    if let Some((class, found)) = lacking {
        return Err(EvalError::argument(
            "labels",
            format_args!("{needed} of each class"),
            format_args!("{found} of class {class}"),
        ));
    }
    let mut missing = vec![needed; classes];
    let chosen = all.iter().copied().filter(|&row| {
        let missing = &mut missing[of_train.of_rows[row as usize] as usize];
        let take = *missing > 0;
        *missing -= usize::from(take);
        take
    });
    Ok(chosen.collect())
}

/// How many labels `asked` comes to with as many of each class, if `train` has them.
pub(crate) fn balanced(train: Labelled<'_>, asked: usize) -> Option<usize> {
    let members = train.classes().members();
    let each = asked / members.len();
    (each > 0 && members.iter().all(|&count| count >= each)).then_some(each * members.len())
}

#[cfg(test)]
mod tests {
    use ae_net::Rows;

    use super::*;

    #[test]
    fn draws_are_balanced_and_follow_from_the_seed() {
        let labels: Vec<i32> = (0..90).map(|i| [-1, 6, -1, 900][i % 4]).collect();
        let values = vec![0.0; 90];
        let train = Labelled::new(Rows::values(&values, 1).unwrap(), &labels).unwrap();
        let draw = |seed, draw| choose(train, Budget::Labels(30), seed, draw).unwrap();
        let first = draw(0, 0);
        for class in [-1, 6, 900] {
            assert_eq!(first.iter().filter(|&&row| labels[row as usize] == class).count(), 10);
        }
        let mut sorted = first.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 30, "no row twice");
        assert_eq!(draw(0, 0), first);
        for (seed, number) in [(1, 0), (0, 1)] {
            let mut other = draw(seed, number);
            other.sort_unstable();
            assert_ne!(other, sorted, "seed {seed}, draw {number}");
        }
        assert_eq!(choose(train, Budget::All, 0, 0).unwrap(), (0..90).collect::<Vec<u32>>());
    }

    #[test]
    fn as_many_of_each_class_as_there_are() {
        let labels = [1, 1, 1, 1, 6, 6, 6];
        let values = [0.0; 7];
        let train = Labelled::new(Rows::values(&values, 1).unwrap(), &labels).unwrap();
        assert_eq!(
            [1, 2, 5, 6, 7, 8].map(|asked| balanced(train, asked)),
            [None, Some(2), Some(4), Some(6), Some(6), None]
        );
    }
}
