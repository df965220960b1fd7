//! `ae info`.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use ae_codec::{AezError, Damage, Reader};
use ae_data::Shape;
use anyhow::{Context, Error, Result, bail};
use clap::Args;

use crate::output::answer;
use crate::standard::file;

/// Say what an .aez file holds, and whether it is sound
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// The compressed file
    #[arg(value_name = "FILE", value_parser = file())]
    pub(crate) file: PathBuf,
}

/// Prints the file's sizes, and reads every block.
pub(crate) fn run(args: &InfoArgs) -> Result<()> {
    let mut reader = open(&args.file)?;
    answer(describe(&reader))?;
    let found = reader.sound_blocks().with_context(|| format!("cannot read {}", args.file.display()))?;
    let lost = reader.blocks() - found.sound.len();
    for error in found.lost {
        answer(format_args!("{:#}", Error::new(error)))?;
    }
    if lost > 0 {
        bail!("{}: {lost} of {} blocks are damaged", args.file.display(), reader.blocks());
    }
    answer(format_args!("all {} blocks are sound", reader.blocks()))
}

pub(crate) fn open(file: &Path) -> Result<Reader<BufReader<File>>, AezError> {
    Reader::open(file, Damage::Refuse)
}

/// What is known without reading a block, line by line.
pub(crate) fn describe(reader: &Reader<BufReader<File>>) -> String {
    let (header, sizes) = (reader.header(), reader.sizes());
    let per_image = |bytes: u64| bytes as f64 / header.images as f64;
    let raw = header.images as f64 * header.pixels() as f64;
    let shape = Shape { channels: header.channels, rows: header.rows, cols: header.cols };
    let carried = |carried: bool| if carried { "carried" } else { "none" };
    let mut lines = vec![
        format!("images          {} of {shape} pixels", header.images),
        format!("codes           {} numbers", reader.coding().quantiser().units()),
        format!("labels          {}", carried(reader.coding().labelled())),
        format!("names           {}", carried(reader.extras().named)),
        format!("model           {}", header.model),
        format!("blocks          {} of {} images", reader.blocks(), reader.block_images()),
        format!("bytes           {}", sizes.total()),
        format!(
            "  header {}, tables {}, decoder {}, blocks {}, index {}",
            sizes.header, sizes.tables, sizes.decoder, sizes.blocks, sizes.index
        ),
    ];
    if sizes.description + sizes.names > 0 {
        lines.push(format!("  description {}, names {}", sizes.description, sizes.names));
    }
    if header.images > 0 {
        lines.push(format!("bytes an image  {:.3}", per_image(sizes.total())));
        if sizes.decoder > 0 {
            let others = sizes.total() - sizes.decoder;
            lines.push(format!("  and without its decoder  {:.3}", per_image(others)));
        }
        lines.push(format!("ratio           {:.1}", raw / sizes.total() as f64));
    }
    lines.join("\n")
}
