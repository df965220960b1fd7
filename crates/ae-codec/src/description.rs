//! What a file says of its images apart from sizes: how many channels they have, what their classes are called, and a text
//! about where they came from. A file of grey images without any of it has no such part.

use crate::bytes::Bytes;
use crate::layout::{CHECKSUM_BYTES, MAX_NAMES, with_checksum};
use crate::{AezError, CodecError, names};

/// Bytes that the text about the form may have.
pub const MAX_FORM_BYTES: usize = 1 << 16;

/// What the errors call this part.
pub(crate) const WHAT: &str = "the description";
/// Where the part's own length stands, at its beginning.
pub(crate) const LENGTH_BYTES: u64 = 4;

/// What a file may carry beside codes and labels; by default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// Whether each image has a name.
    pub named: bool,
    /// The names of the classes, up to [`MAX_NAMES`]: label `n` stands for the one at place `n`. Empty where labels are no
    /// more than numbers. Each is as the name of an image is: see [`Writer::push`](crate::Writer::push).
    pub classes: Vec<String>,
    /// A text of 1 to [`MAX_FORM_BYTES`] bytes, such as JSON, that whoever wrote the file keeps in it. It comes back as it
    /// is, and nothing here looks into it.
    pub form: Option<String>,
}

impl Extras {
    fn form_bytes(&self) -> &[u8] {
        self.form.as_deref().unwrap_or_default().as_bytes()
    }

    /// Refuses what no file can hold.
    pub(crate) fn check(&self) -> Result<(), CodecError> {
        let bytes = self.form_bytes().len();
        if self.form.is_some() && !(1..=MAX_FORM_BYTES).contains(&bytes) {
            return Err(CodecError::argument(
                "bytes of the form",
                format_args!("1 to {MAX_FORM_BYTES}"),
                bytes,
            ));
        }
        if self.classes.len() as u64 > MAX_NAMES {
            let expected = format_args!("at most {MAX_NAMES}");
            return Err(CodecError::argument("classes", expected, self.classes.len()));
        }
        names::check_each(&self.classes)
            .and_then(|()| names::check_together(&self.classes, self.form_bytes()))
            .map_err(|refused| refused.argument("names of classes"))
    }

    /// The part with its checksum; empty where nothing has to be said.
    pub(crate) fn describe(&self, channels: usize) -> Vec<u8> {
        if channels == 1 && self.classes.is_empty() && self.form.is_none() {
            return Vec::new();
        }
        let packed = names::pack(&self.classes, self.form_bytes());
        let sizes = [channels, self.classes.len()].map(|size| (size as u32).to_le_bytes());
        let length = LENGTH_BYTES + sizes.as_flattened().len() as u64 + packed.len() as u64 + CHECKSUM_BYTES;
        with_checksum([&(length as u32).to_le_bytes()[..], sizes.as_flattened(), &packed].concat())
    }
}

/// Reads what [`Extras::describe`] has written, but for the checksum: the channels, and the extras of a file with names or without.
pub(crate) fn from_bytes(bytes: &[u8], named: bool) -> Result<(u32, Extras), AezError> {
    let mut bytes = Bytes::new(WHAT, bytes);
    let (_length, channels, classes) = (bytes.u32()?, bytes.u32()?, bytes.u32()?);
    if channels == 0 {
        return Err(AezError::value("the description's channels", "at least 1", 0));
    }
    AezError::at_most("the description's classes", MAX_NAMES, classes.into())?;
    let unpacked = names::unpack(bytes.rest(), classes as usize);
    let (classes, form) = unpacked.map_err(|refused| refused.value("the description's names of classes"))?;
    AezError::at_most("the description's bytes of form", MAX_FORM_BYTES as u64, form.len() as u64)?;
    let form = String::from_utf8(form)
        .map_err(|error| AezError::value("the description's form", "a text in UTF-8", error))?;
    let form = Some(form).filter(|form| !form.is_empty());
    Ok((channels, Extras { named, classes, form }))
}
