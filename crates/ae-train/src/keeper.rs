//! When a run's checkpoints are made, and how they get to the disk.
//!
//! A checkpoint is copied out of the engine between two steps, which takes a fraction of a millisecond, and written
//! by a thread of its own, because a disk can take long to say that it has the bytes. One is written at a time: what
//! falls due meanwhile is made as soon as the disk is free, from the state as it is then.

use std::fs;
use std::io::{self, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ae_file::ReplaceError;
use ae_net::WeightsError;

use crate::engine::Engine;
use crate::progress::Progress;
use crate::{Checkpoint, CheckpointError, RunFolder, RunSettings, TrainError};

/// How often a checkpoint is made within an epoch where nobody says otherwise.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

/// How far apart checkpoints are at least, where a run does not ask for more: epochs that are shorter share one. To write one
/// takes some milliseconds of a processor that trains, which with 70 ms an epoch came to 3 to 4 % of a run.
const APART: Duration = Duration::from_millis(250);

/// Keeps the checkpoints of one run in its folder.
pub(crate) struct Keeper<'a> {
    /// Borrowed, and so locked as long as checkpoints are written to it.
    folder: &'a RunFolder,
    settings: RunSettings,
    every: Duration,
    /// When the newest checkpoint was made, and how far the run was: finished epochs, steps of the next.
    newest: (Instant, Option<(usize, usize)>),
    due: bool,
    in_flight: Option<JoinHandle<Result<(), CheckpointError>>>,
}

impl<'a> Keeper<'a> {
    pub(crate) fn new(folder: &'a RunFolder, settings: RunSettings, every: Duration) -> Self {
        Self { folder, settings, every, newest: (Instant::now(), None), due: false, in_flight: None }
    }

    /// Writes the first checkpoint, before the first step: from here on the folder holds one that can be gone on from,
    /// and one that cannot be written is found out now.
    ///
    /// It takes the newest one's place and leaves the one before alone: if that is what the run goes on from, the
    /// newest is of no use. A run from the start has no business with those of another.
    pub(crate) fn begin(
        &mut self,
        engine: &dyn Engine,
        progress: &Progress,
        resumed: bool,
    ) -> Result<(), TrainError> {
        let previous = self.folder.previous_checkpoint_path();
        if !resumed {
            match fs::remove_file(&previous) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    let action = format!("remove {}", previous.display());
                    return Err(CheckpointError::Io { action, source: error }.into());
                }
                _ => {}
            }
        }
        Ok(write(&self.capture(engine, progress), &self.folder.checkpoint_path(), None)?)
    }

    /// To be called after every step and every epoch: makes a checkpoint if one is due and the disk is free.
    pub(crate) fn offer(&mut self, engine: &dyn Engine, progress: &Progress) -> Result<(), TrainError> {
        let age = self.newest.0.elapsed();
        let epoch_is_over = progress.steps == 0;
        self.due |= age >= self.every || epoch_is_over && age >= APART;
        if self.in_flight.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(());
        }
        self.wait()?;
        if self.due {
            let checkpoint = self.capture(engine, progress);
            let (newest, previous) = self.paths();
            let work = move || write(&checkpoint, &newest, Some(&previous));
            let thread = thread::Builder::new().name("checkpoint".to_owned());
            self.in_flight = Some(thread.spawn(work).map_err(|source| {
                let action = "start a thread to write checkpoints with".to_owned();
                CheckpointError::Io { action, source }
            })?);
        }
        Ok(())
    }

    /// Makes sure that a checkpoint of the state as it is now is on the disk.
    pub(crate) fn finish(&mut self, engine: &dyn Engine, progress: &Progress) -> Result<(), TrainError> {
        self.wait()?;
        if self.newest.1 != Some((progress.epochs.len(), progress.steps)) {
            let (newest, previous) = self.paths();
            write(&self.capture(engine, progress), &newest, Some(&previous))?;
        }
        Ok(())
    }

    /// Waits for the checkpoint that is being written, if one is.
    pub(crate) fn wait(&mut self) -> Result<(), TrainError> {
        match self.in_flight.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(written)) => Ok(written?),
            Some(Err(panicked)) => panic::resume_unwind(panicked),
        }
    }

    fn capture(&mut self, engine: &dyn Engine, progress: &Progress) -> Checkpoint {
        self.newest = (Instant::now(), Some((progress.epochs.len(), progress.steps)));
        self.due = false;
        let parameters = engine.parameters();
        Checkpoint::new(self.settings.clone(), parameters, engine.adam_state(), progress.clone())
    }

    fn paths(&self) -> (PathBuf, PathBuf) {
        (self.folder.checkpoint_path(), self.folder.previous_checkpoint_path())
    }
}

/// Writes a checkpoint to `newest`, and what was there to `previous`, if one is named.
fn write(checkpoint: &Checkpoint, newest: &Path, previous: Option<&Path>) -> Result<(), CheckpointError> {
    match checkpoint.to_bytes() {
        Ok(bytes) => Ok(put(newest, previous, |out| out.write_all(&bytes))?),
        // A state that is of no use any more must not take the place of one that is; the loss of the next step, or
        // the model when it is saved, tells of it.
        Err(CheckpointError::Tensors(WeightsError::NotFinite { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}

/// How a checkpoint, whose bytes `write` writes, takes its place.
fn put(
    newest: &Path,
    previous: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), ReplaceError> {
    match previous {
        None => ae_file::replace(newest, write),
        Some(previous) => ae_file::replace_keeping(newest, previous, write),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Existing;
    use crate::checkpoint::tests::small;
    use tempfile::TempDir;

    /// Takes `left` more bytes and then none; up to then it takes as few at a time as a disk that is nearly full.
    struct Faulty<'a> {
        out: &'a mut dyn Write,
        left: usize,
        at_once: usize,
        then: io::ErrorKind,
    }

    impl Write for Faulty<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.left).min(self.at_once);
            if count == 0 && !bytes.is_empty() {
                return match self.then {
                    io::ErrorKind::WriteZero => Ok(0),
                    kind => Err(kind.into()),
                };
            }
            let written = self.out.write(&bytes[..count])?;
            self.left -= written;
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.out.flush()
        }
    }

    /// A folder with two checkpoints of different states.
    fn two() -> (TempDir, RunFolder, [Vec<u8>; 2]) {
        let temporary = TempDir::new().unwrap();
        let folder = RunFolder::create(temporary.path(), Existing::Refuse).unwrap();
        let (newest, previous) = (folder.checkpoint_path(), folder.previous_checkpoint_path());
        let old =
            Checkpoint::new(small().settings().clone(), Vec::new(), Default::default(), Progress::default());
        write(&old, &newest, None).unwrap();
        write(&small(), &newest, Some(&previous)).unwrap();
        let contents = [fs::read(&newest).unwrap(), fs::read(&previous).unwrap()];
        assert_ne!(contents[0], contents[1]);
        (temporary, folder, contents)
    }

    fn contents(folder: &RunFolder) -> [Vec<u8>; 2] {
        [folder.checkpoint_path(), folder.previous_checkpoint_path()].map(|path| fs::read(path).unwrap())
    }

    fn names(folder: &RunFolder) -> usize {
        fs::read_dir(folder.path()).unwrap().count()
    }

    #[test]
    fn a_write_that_fails_at_any_byte_leaves_both_checkpoints_as_they_were() {
        let (_temporary, folder, before) = two();
        let bytes = small().to_bytes().unwrap();
        let previous = folder.previous_checkpoint_path();
        let mut failures = 0;
        for left in 0..bytes.len() {
            for (at_once, then) in [
                (usize::MAX, io::ErrorKind::StorageFull),
                (7, io::ErrorKind::QuotaExceeded),
                (usize::MAX, io::ErrorKind::WriteZero),
            ] {
                for previous in [None, Some(&*previous)] {
                    let error = put(&folder.checkpoint_path(), previous, |out| {
                        Faulty { out, left, at_once, then }.write_all(&bytes)
                    })
                    .unwrap_err();
                    let ReplaceError::Io { path, step: ae_file::Step::Write, source } = error else {
                        panic!("{error}")
                    };
                    assert_eq!((path, source.kind()), (folder.checkpoint_path(), then));
                    failures += 1;
                }
            }
            assert_eq!(contents(&folder), before, "after {left} bytes");
        }
        assert_eq!(failures, 6 * bytes.len());
        assert_eq!(names(&folder), 3, "the two and the lock");

        // Short writes that come to an end are none.
        put(&folder.checkpoint_path(), Some(&previous), |out| {
            Faulty { out, left: usize::MAX, at_once: 7, then: io::ErrorKind::Other }.write_all(&bytes)
        })
        .unwrap();
        assert_eq!(contents(&folder), [bytes, before[0].clone()]);
    }

    #[test]
    fn a_state_of_no_use_takes_the_place_of_none() {
        let (_temporary, folder, before) = two();
        let settings = small().settings().clone();
        let (mut parameters, adam, progress) = small().into_parts();
        parameters[0].values[1] = f32::NAN;
        let weights = Checkpoint::new(settings.clone(), parameters, adam, progress);
        let (parameters, mut adam, progress) = small().into_parts();
        adam.moments.values_mut().for_each(|moments| moments.m[1] = f32::INFINITY);
        let moments = Checkpoint::new(settings, parameters, adam, progress);
        for state in [weights, moments] {
            for previous in [None, Some(&*folder.previous_checkpoint_path())] {
                write(&state, &folder.checkpoint_path(), previous).unwrap();
                assert_eq!(contents(&folder), before);
            }
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_leaves_both_checkpoints_as_they_were() {
        let (_temporary, folder, before) = two();
        let bytes = small().to_bytes().unwrap();
        let error = put(&folder.checkpoint_path(), Some(&folder.previous_checkpoint_path()), |_| {
            fs::OpenOptions::new().write(true).open("/dev/full")?.write_all(&bytes)
        })
        .unwrap_err();
        let ReplaceError::Io { source, .. } = &error else { panic!("{error}") };
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        assert!(error.to_string().contains("checkpoint.safetensors"), "{error}");
        assert_eq!(contents(&folder), before);

        // A link to it is not written through: it is no file.
        let newest = folder.checkpoint_path();
        fs::remove_file(&newest).unwrap();
        std::os::unix::fs::symlink("/dev/full", &newest).unwrap();
        let error = write(&small(), &newest, Some(&folder.previous_checkpoint_path())).unwrap_err();
        assert!(matches!(error, CheckpointError::Write(ReplaceError::NotRegular { .. })), "{error}");
        assert_eq!(folder.checkpoint().unwrap().checkpoint.steps(), 0, "the one before is whole");
    }

    /// Between the two renames: the newest has become the one before, and the new one has not come.
    #[test]
    fn between_the_renames_there_is_one_to_go_on_from() {
        let (_temporary, folder, _) = two();
        fs::rename(folder.checkpoint_path(), folder.previous_checkpoint_path()).unwrap();
        let found = folder.checkpoint().unwrap();
        assert!(found.passed_over.is_some());
        assert_eq!(found.checkpoint, small());
    }
}
