//! What is decided of a folder when all its pictures have been looked at: size, channels, classes.

use std::collections::{BTreeSet, HashMap};

use crate::error::DataError;
use crate::form::{ElementKind, Form, SourceKind};
use crate::pictures::error::PicturesError;
use crate::pictures::picture::{Facts, MAX_PIXELS};
use crate::shape::Shape;

/// Refuses what pictures can't be brought to.
pub(crate) fn require_possible(form: &Form) -> Result<(), DataError> {
    form.require_elements(ElementKind::Bytes)?;
    if let Some(channels) = form.channels
        && channels != 1
        && channels != 3
    {
        return Err(DataError::argument("channels of pictures", "1 (grey) or 3 (colour)", channels));
    }
    if let Some([rows, cols]) = form.size {
        let size = Shape::picture(rows, cols).check()?;
        if size.numbers() as u64 > MAX_PIXELS {
            return Err(DataError::argument(
                "size of pictures",
                format!("at most {MAX_PIXELS} pixels"),
                size,
            ));
        }
    }
    Ok(())
}

/// The form with the size and the channels of all pictures, of which there is at least one.
pub(crate) fn settled(form: &Form, pictures: &[(String, Facts)]) -> Result<Form, PicturesError> {
    let (name, first) = &pictures[0];
    let size = match form.size {
        Some(size) => size,
        None => match pictures.iter().find(|(_, facts)| facts.size() != first.size()) {
            None => [first.rows as usize, first.cols as usize],
            Some((other, facts)) => {
                let (first, other) = ((name.clone(), first.size()), (other.clone(), facts.size()));
                return Err(PicturesError::Sizes { first, other });
            }
        },
    };
    let grey = pictures.iter().all(|(_, facts)| facts.grey);
    Ok(Form {
        kind: Some(SourceKind::Pictures),
        channels: form.channels.or(Some(if grey { 1 } else { 3 })),
        size: Some(size),
        elements: Some(ElementKind::Bytes),
        ..form.clone()
    })
}

/// The label of each picture if all are in sub-folders, the first folder of its path being its class. Classes that are not
/// yet known are numbered in the order of their bytes.
pub(crate) fn labels(
    pictures: &[(String, Facts)],
    classes: &mut Vec<String>,
) -> Result<Option<Vec<i32>>, PicturesError> {
    let found: Option<Vec<&str>> =
        pictures.iter().map(|(name, _)| name.split_once('/').map(|(class, _)| class)).collect();
    let Some(found) = found else { return Ok(None) };
    if classes.is_empty() {
        let sorted: BTreeSet<&str> = found.iter().copied().collect();
        *classes = sorted.into_iter().map(String::from).collect();
    }
    let numbers: HashMap<&str, i32> = classes.iter().map(String::as_str).zip(0..).collect();
    let label = |class: &str| match numbers.get(class) {
        Some(&label) => Ok(label),
        None => Err(PicturesError::Class { class: class.to_owned(), known: numbers.len() }),
    };
    found.into_iter().map(label).collect::<Result<_, _>>().map(Some)
}
