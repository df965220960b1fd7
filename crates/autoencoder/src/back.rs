//! Rows back in the form they came in: as pictures, as an array, as a table, as IDX.

use std::io::Write;
use std::path::Path;

use ae_data::npy::{write_rows, write_rows_header};
use ae_data::{
    ElementKind, Form, IdxWriter, PictureWriter, Scaling, SourceKind, TableHead, TableWriter, Values,
    WriteError, WritePicturesError,
};
use ae_net::to_bytes;
use anyhow::{Context, Error, Result, ensure};

use crate::guard::{Format, require_new_folder, require_places};
use crate::output::{BadArgument, finish, make_ready, replace, say};
use crate::signals::{self, Stopped};

/// What a network makes, on its way into a file or a folder.
pub(crate) struct Back<'a> {
    pub(crate) form: &'a Form,
    pub(crate) scaling: Option<&'a Scaling>,
    /// Rows that there will be.
    pub(crate) count: usize,
    /// Whether each has a name, and whether a label.
    pub(crate) named: bool,
    pub(crate) labelled: bool,
}

/// Takes rows of outputs, with their names and labels where there are any.
pub(crate) type Take<'a> = &'a mut dyn FnMut(Option<&[String]>, Option<&[i32]>, Values) -> Result<()>;

impl<'a> Back<'a> {
    /// The formats that rows of this form can have, the one that they came in first.
    pub(crate) fn formats(form: &Form) -> Vec<Format> {
        let own = match form.kind {
            Some(SourceKind::Pictures) => Format::Pictures,
            Some(SourceKind::Npy) => Format::Npy,
            Some(SourceKind::Table) => Format::Csv,
            Some(SourceKind::Idx) | None => Format::Idx,
        };
        let bytes = form.elements == Some(ElementKind::Bytes);
        let picture = form.shape().is_some_and(|shape| shape.is_picture());
        let others = [
            (Format::Pictures, bytes && picture),
            (Format::Npy, true),
            (Format::Csv, true),
            (Format::Idx, bytes),
        ];
        let can = |format: Format| others.iter().any(|&(other, can)| other == format && can);
        let own = Some(own).filter(|&own| can(own));
        let others = others.into_iter().filter(|&(format, can)| can && Some(format) != own);
        own.into_iter().chain(others.map(|(format, _)| format)).collect()
    }

    /// Writes what `make` hands over.
    pub(crate) fn write(
        &self,
        out: &Path,
        format: Format,
        make: impl FnOnce(Take<'_>) -> Result<()>,
    ) -> Result<()> {
        match format {
            Format::Pictures => self.pictures(out, make)?,
            Format::Npy => replace(out, |out| self.array(out, make))?,
            Format::Csv => replace(out, |out| self.table(out, make))?,
            Format::Idx => replace(out, |out| self.idx(out, make))?,
            Format::Aez | Format::Png => unreachable!("no command asks for rows as {format:?}"),
        }
        Ok(())
    }

    fn pictures(&self, out: &Path, make: impl FnOnce(Take<'_>) -> Result<()>) -> Result<()> {
        let shape = self.form.shape().context("the shape of the pictures is not known")?;
        let hold = signals::hold();
        let failed = |error| match error {
            WritePicturesError::Io { .. } | WritePicturesError::Occupied { .. } => Error::from(error),
            error => Error::from(error).context(format!("cannot write {}", out.display())),
        };
        make_ready(out)?;
        let mut writer = PictureWriter::new(out, self.count, shape).map_err(failed)?;
        make(&mut |names, _, values| {
            signals::check()?;
            let Values::Bytes(bytes) = values else { unreachable!("pictures are asked for of bytes alone") };
            writer.write(names, &bytes).map_err(failed)
        })
        .map_err(|error| match signals::came() {
            Some(signal) => {
                Stopped::by(signal, format!("stopped by {signal}: {} is as it was", out.display())).into()
            }
            None => error,
        })?;
        writer.finish().map_err(failed)?;
        finish(hold, out)
    }

    fn array(&self, out: &mut dyn Write, make: impl FnOnce(Take<'_>) -> Result<()>) -> Result<()> {
        let shape = self.form.shape().context("the shape of the rows is not known")?;
        let (elements, layout) = (self.form.elements.unwrap_or(ElementKind::Floats), self.form.layout);
        write_rows_header(&mut *out, elements, self.count, shape, layout)?;
        make(&mut |_, _, values| Ok(write_rows(&mut *out, &values, shape, layout)?))
    }

    fn table(&self, out: &mut dyn Write, make: impl FnOnce(Take<'_>) -> Result<()>) -> Result<()> {
        let width = self.form.shape().map_or(0, |shape| shape.numbers());
        let columns = match self.form.columns.len() == width {
            true => self.form.columns.clone(),
            false if self.form.kind == Some(SourceKind::Table) => Vec::new(),
            false => (0..width).map(|column| format!("pixel{column}")).collect(),
        };
        let class = self.form.class_column.clone().unwrap_or_else(|| "class".to_owned());
        // Without a header there is no place for names.
        let head = TableHead {
            names: self.named && !columns.is_empty(),
            class: self.labelled.then_some(class),
            class_at: self.form.class_at,
            columns,
        };
        let (named, labelled) = (head.names, head.class.is_some());
        let mut table = TableWriter::new(out, head).map_err(bare)?;
        make(&mut |names, labels, values| {
            let classes = labels.filter(|_| labelled).map(|labels| self.form.class_names(labels));
            table.write(names.filter(|_| named), classes.as_deref(), &values, width).map_err(bare)
        })?;
        table.finish().map(drop).map_err(bare)
    }

    fn idx(&self, out: &mut dyn Write, make: impl FnOnce(Take<'_>) -> Result<()>) -> Result<()> {
        let shape = self.form.shape().context("the shape of the rows is not known")?;
        let mut writer = IdxWriter::new(out, self.count, shape, self.form.layout).map_err(bare)?;
        make(&mut |_, _, values| {
            let Values::Bytes(bytes) = values else { unreachable!("IDX is asked for of bytes alone") };
            writer.write(&bytes).map_err(bare)
        })?;
        writer.finish().map(drop).map_err(bare)
    }

    /// What outputs of the network, the first of which is row `first`, are in a file.
    pub(crate) fn values(&self, mut outputs: Vec<f32>, first: usize) -> Result<Values> {
        let width = self.form.shape().map_or(1, |shape| shape.numbers());
        let bytes = self.form.elements == Some(ElementKind::Bytes);
        if bytes && self.scaling.is_none() {
            return Ok(Values::Bytes(to_bytes(&outputs, width, first)?));
        }
        if let Some(at) = outputs.iter().position(|value| !value.is_finite()) {
            let (row, column) = (first + at / width, at % width);
            anyhow::bail!("row {row} comes to {} in column {column}", outputs[at]);
        }
        if let Some(scaling) = self.scaling {
            scaling.undo(&mut outputs);
        }
        Ok(match bytes {
            true => {
                Values::Bytes(outputs.iter().map(|value| value.round().clamp(0.0, 255.0) as u8).collect())
            }
            false => Values::Floats(outputs),
        })
    }
}

/// Refuses a path that asks for no format that any rows can have.
pub(crate) fn require_rows(out: &Path) -> Result<()> {
    Format::or_first(out, &[Format::Idx, Format::Npy, Format::Csv, Format::Pictures]).map(drop)
}

/// The format that a path asks for, of those that rows of a form can have.
pub(crate) fn format_of(out: &Path, form: &Form) -> Result<Format> {
    let floats = form.elements == Some(ElementKind::Floats);
    let as_bytes =
        floats && Format::of(out, &[Format::Idx, Format::Png]).is_ok() && out.extension().is_some();
    ensure!(
        !as_bytes,
        BadArgument(format!("{}: these rows are no bytes, so they go into .npy or .csv", out.display()))
    );
    Format::or_first(out, &Back::formats(form))
}

/// Proves that rows of a format can be written to a place, of all that is read apart.
pub(crate) fn require_place(
    out: &Path,
    format: Format,
    inputs: impl IntoIterator<Item = impl AsRef<Path>>,
) -> Result<()> {
    match format {
        Format::Pictures => require_new_folder(out, inputs),
        _ => require_places(&[out], inputs),
    }
}

/// Says what was written.
pub(crate) fn tell(out: &Path, count: usize, form: &Form) {
    let rows = match form.shape() {
        Some(shape) if shape.is_list() => format!("rows of {shape} numbers"),
        Some(shape) => format!("images of {shape} pixels"),
        None => "rows".to_owned(),
    };
    say!("wrote {}: {count} {rows}", out.display());
}

/// A failure of the output itself goes bare, to be told with its name.
pub(crate) fn bare(error: WriteError) -> Error {
    match error {
        WriteError::Io(error) => error.into(),
        error => error.into(),
    }
}
