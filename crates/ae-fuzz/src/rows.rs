//! Rows of any source: however they are read, they are the same.

use std::error::Error;
use std::io::Cursor;
use std::path::Path;

use ae_data::{
    ElementKind, Form, IdxError, Limits, LoadError, NpyError, OpenErrorKind, ReadOptions, Samples, Source,
    TableErrorKind, Values, load, open_source, stream_source,
};

/// As much as is read of any source, which is little, so that what is too much is tried too.
pub(crate) const LIMITS: Limits = Limits { max_bytes: 1 << 16 };

/// Opens a file of `bytes` at once, in chunks of one row and of three, and in such chunks from a stream; and once more by the
/// form that was found.
///
/// # Panics
/// If they differ, or rows are not what their form says.
pub(crate) fn read(path: &Path, bytes: &[u8], options: &ReadOptions) -> Option<(Form, Samples)> {
    let whole = load(path, options).map(|loaded| (loaded.form, loaded.samples));
    let stream = Cursor::new(bytes.to_vec());
    assert_same(&whole, open_source(path, options).and_then(|source| in_chunks(source, 1)));
    assert_same(&whole, open_source(path, options).and_then(|source| in_chunks(source, 3)));
    assert_same(&whole, stream_source(stream, path, options).and_then(|source| in_chunks(source, 3)));
    let (form, samples) = whole.ok()?;
    assert_form(&form, &samples);
    let recorded = ReadOptions { form, ..options.clone() };
    match load(path, &recorded) {
        Ok(again) => {
            assert_eq!(again.form, recorded.form, "another form of the same rows");
            assert!(same(&again.samples, &samples), "other rows by the form that they have");
        }
        // Columns of one name, of which only some were meant, can't be found by it.
        Err(LoadError::Table(error)) if matches!(error.source, TableErrorKind::Ambiguous { .. }) => {}
        Err(error) => panic!("refused by the form that was found: {}", told(&error)),
    }
    Some((recorded.form, samples))
}

/// All rows of a source; nothing where they are more than [`LIMITS`] allow.
pub(crate) fn in_chunks(
    mut source: Box<dyn Source>,
    at_once: usize,
) -> Result<Option<(Form, Samples)>, LoadError> {
    let (mut bytes, mut floats) = (Vec::new(), Vec::new());
    let (mut names, mut labels) = (Vec::new(), Vec::new());
    let (form, mut rows) = (source.form().clone(), 0);
    let shape = form.shape().expect("an open source knows its shape");
    loop {
        let chunk = source.next_chunk(at_once)?;
        assert_eq!((chunk.shape(), chunk.len().min(at_once)), (shape, chunk.len()));
        assert_eq!(chunk.names().is_some(), source.has_names(), "names");
        assert_eq!(chunk.labels().is_some(), source.has_labels(), "labels");
        if chunk.is_empty() {
            break;
        }
        rows += chunk.len();
        names.extend_from_slice(chunk.names().unwrap_or_default());
        labels.extend_from_slice(chunk.labels().unwrap_or_default());
        match chunk.values() {
            Values::Bytes(chunk) => bytes.extend_from_slice(chunk),
            Values::Floats(chunk) => floats.extend_from_slice(chunk),
        }
        if (bytes.len() + size_of_val(&floats[..])) as u64 > LIMITS.max_bytes {
            return Ok(None);
        }
    }
    assert_eq!(rows, source.len(), "another number of rows than was said");
    let values = match form.elements {
        Some(ElementKind::Bytes) => Values::Bytes(bytes),
        _ => Values::Floats(floats),
    };
    let mut samples = Samples::new(shape, values).expect("whole rows");
    if source.has_names() {
        samples = samples.with_names(names).expect("a name a row");
    }
    if source.has_labels() {
        samples = samples.with_labels(labels).expect("a label a row");
    }
    Ok(Some((form, samples)))
}

/// Whether all of it is the same, floats to their bits.
pub(crate) fn same(one: &Samples, other: &Samples) -> bool {
    let bits = |samples: &Samples| match samples.values() {
        Values::Bytes(_) => Vec::new(),
        Values::Floats(floats) => floats.iter().map(|float| float.to_bits()).collect(),
    };
    one == other && bits(one) == bits(other)
}

/// An error with its causes.
pub(crate) fn told(error: &dyn Error) -> String {
    error.source().map_or(error.to_string(), |source| format!("{error}: {}", told(source)))
}

fn assert_form(form: &Form, samples: &Samples) {
    assert!(form.kind.is_some());
    assert_eq!(form.shape(), Some(samples.shape()));
    let elements = match samples.values() {
        Values::Bytes(_) => ElementKind::Bytes,
        Values::Floats(floats) => {
            assert!(floats.iter().all(|float| float.is_finite()));
            ElementKind::Floats
        }
    };
    assert_eq!(form.elements, Some(elements));
}

fn assert_same(
    whole: &Result<(Form, Samples), LoadError>,
    parts: Result<Option<(Form, Samples)>, LoadError>,
) {
    match (whole, parts) {
        (Ok((form, samples)), Ok(Some((other_form, other)))) => {
            assert_eq!(*form, other_form, "another form in chunks");
            assert!(same(samples, &other), "chunks are another set");
        }
        // A chunk may be within the limit where all of it is not, and a stream is held where a file is read twice.
        (Err(whole), Ok(_)) if is_limit(whole) => {}
        (_, Err(parts)) if is_limit(&parts) => {}
        (Err(whole), Err(parts)) if is_limit(whole) => assert!(!is_change(&parts), "{}", told(&parts)),
        (Err(whole), Err(parts)) => {
            assert!(!is_change(&parts), "{}", told(&parts));
            // A table is checked from end to end before the first row comes, so that the same is found wrong.
            if let (LoadError::Table(_), LoadError::Table(_)) = (whole, &parts) {
                assert_eq!(told(whole), told(&parts));
            }
        }
        (whole, parts) => panic!("{whole:?} at once, {parts:?} in chunks"),
    }
}

fn is_change(error: &LoadError) -> bool {
    matches!(error, LoadError::Table(error) if matches!(error.source, TableErrorKind::Changed))
}

/// Whether it is refused for its size alone.
fn is_limit(error: &LoadError) -> bool {
    match error {
        LoadError::Limit { .. } => true,
        LoadError::Table(error) => matches!(error.source, TableErrorKind::Held { .. }),
        LoadError::Open(error) => matches!(
            error.source,
            OpenErrorKind::Npy(NpyError::Limit { .. }) | OpenErrorKind::Format(IdxError::Limit { .. })
        ),
        _ => false,
    }
}
