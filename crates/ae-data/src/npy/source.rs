//! Arrays as rows.

use super::reader::ArrayReader;
use crate::arrange::Arrangement;
use crate::content::Content;
use crate::error::{DataError, LoadError};
use crate::form::{Form, SourceKind};
use crate::limits::Limits;
use crate::samples::Samples;
use crate::shape::Shape;
use crate::source::{ReadOptions, Source};

/// An array, alone or in an archive, whose first size is the number of rows.
#[derive(Debug)]
pub(crate) struct NpySource {
    array: ArrayReader,
    form: Form,
    arrangement: Arrangement,
    limits: Limits,
}

impl NpySource {
    pub(crate) fn new(content: Content, options: &ReadOptions) -> Result<Self, LoadError> {
        Self::of(ArrayReader::open(content, options)?, options)
    }

    pub(crate) fn of(mut array: ArrayReader, options: &ReadOptions) -> Result<Self, LoadError> {
        if array.header().sizes.len() == 1 && asks_for_more_than_one(&options.form) {
            array.make_one_row();
        }
        let (form, arrangement) = settled(&array, &options.form).map_err(|source| array.refused(source))?;
        Ok(Self { array, form, arrangement, limits: options.limits })
    }
}

impl Source for NpySource {
    fn form(&self) -> &Form {
        &self.form
    }

    fn len(&self) -> usize {
        self.array.header().sizes[0]
    }

    fn next_chunk(&mut self, rows: usize) -> Result<Samples, LoadError> {
        let first = self.array.rows_read();
        let bytes = self.array.next_rows(rows, self.limits)?;
        let samples = self.array.header().dtype.samples(bytes, self.arrangement, first);
        samples.map_err(|source| self.array.refused(source))
    }
}

/// Whether a row should have more than one number.
fn asks_for_more_than_one(form: &Form) -> bool {
    form.size
        .is_some_and(|[rows, cols]| Shape { channels: form.channels.unwrap_or(1), rows, cols }.numbers() != 1)
}

/// The form with what the array says, and what its rows are.
fn settled(array: &ArrayReader, form: &Form) -> Result<(Form, Arrangement), DataError> {
    let elements = array.header().dtype.elements();
    form.require_elements(elements)?;
    let arrangement = Arrangement::of(&array.header().sizes[1..], form)?;
    let form = Form {
        kind: Some(SourceKind::Npy),
        elements: Some(elements),
        layout: arrangement.layout,
        ..form.clone().with_shape(arrangement.shape)
    };
    Ok((form, arrangement))
}
