//! `cargo xtask train`.

use ae_data::Split;
use ae_dense::default_threads;
use ae_train::{
    DataRecord, EngineRecord, Existing, History, ModelRecord, RUN_FORMAT, Restoration, RunFolder, RunRecord,
    SetRecord,
};
use anyhow::{Context, Result};

use crate::cli::{FigureName, TrainArgs};
use crate::progress::Progress;
use crate::{data, figure, menu, run};

/// Trains, and writes the run with its two figures.
pub(crate) fn run(args: &TrainArgs) -> Result<()> {
    // Whatever can be found wrong is found before the folder is touched.
    let config = args.params().check()?;
    let code = args.code();
    let source = args.data.source().unwrap_or_else(data::mnist);
    menu::check_code(args.preset, code)?;
    let images = data::load(&source, config.seed())?;
    let mut model = menu::build(args.preset, images.train.pixels_per_image(), code, config.seed())?;
    if let Some(init) = &args.init {
        model.load(init)?;
    }
    let threads = args.threads.unwrap_or_else(|| default_threads(config.batch_size()));
    let mut trainer = model.trainer(args.engine, &images, config, threads)?;
    let existing = if args.force { Existing::Replace } else { Existing::Refuse };
    let folder = RunFolder::create(args.run_folder(), existing)
        .context("can't train into this folder (--run names another, --force replaces a run)")?;

    println!(
        "{}: {} training and {} test images of {} x {}, codes of {code}, seed {}, engine {}, {threads} threads",
        args.preset.name(),
        images.train.len(),
        images.test.len(),
        images.train.rows(),
        images.train.cols(),
        config.seed(),
        trainer.engine(),
    );
    let mut progress = Progress::new(&config, images.train.len());
    let history = trainer.train(&mut |event| progress.observe(event));
    progress.finish();
    let history = history?;
    let engine = EngineRecord {
        name: trainer.engine().to_owned(),
        threads: threads.get(),
        inputs: trainer.inputs().to_owned(),
        density: images.train.density(),
    };
    drop(trainer);

    let record = RunRecord {
        format: RUN_FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        model: ModelRecord {
            preset: args.preset.name().to_owned(),
            pixels: images.train.pixels_per_image(),
            code,
            init: args.init.clone(),
            identity: model.identity(),
        },
        config: config.params(),
        engine,
        data: DataRecord { source, train: SetRecord::of(&images.train), test: SetRecord::of(&images.test) },
        baselines: history.baselines,
        last_epoch_train_bce: history.last().train_bce,
        train: history.train,
        test: history.test,
        restored: history.restored,
        wall_s: history.wall_s,
        images_per_s: images_per_s(&images, &history),
    };
    model.save(&folder.model_path())?;
    folder.save(&history, &record)?;
    print_outcome(&history);
    println!("wrote {}", folder.model_path().display());
    println!("wrote {}", folder.history_path().display());
    println!("wrote {}", folder.record_path().display());
    figure::draw(&[FigureName::Reconstructions, FigureName::Loss], &run::open(Some(folder.path()))?, &images)
}

fn images_per_s(images: &Split, history: &History) -> f64 {
    let trained = images.train.len() as f64 * history.epochs.len() as f64;
    trained / history.epochs.iter().map(|epoch| epoch.wall_s).sum::<f64>()
}

/// The figures of the run, over what they are to be read against.
fn print_outcome(history: &History) {
    let History { train, test, restored, baselines, .. } = history;
    println!();
    println!("                        BCE        MSE    PSNR dB  dead units");
    println!("last epoch, training    {:.4}", history.last().train_bce);
    for (name, found) in [("training set", train), ("test set", test)] {
        let ae_train::Evaluation { bce, mse, psnr_db, dead_units, .. } = found;
        println!("{name:<24}{bce:.4}  {mse:>9.5}  {psnr_db:>9.2}  {dead_units:>10}");
    }
    if let Some(Restoration { damaged_mse, mse, psnr_db }) = restored {
        println!(
            "test set, damaged               {damaged_mse:>9.5}  {:>9.2}",
            ae_train::psnr_db(*damaged_mse)
        );
        println!("test set, restored              {mse:>9.5}  {psnr_db:>9.2}");
    }
    let (bce, mse) = (baselines.mean_image_bce, baselines.mean_image_mse);
    println!("the mean image          {bce:.4}  {mse:>9.5}  {:>9.2}", ae_train::psnr_db(mse));
    println!("the entropy floor       {:.4}    0.00000", baselines.entropy_floor_bce);
    println!("trained in {:.1} s", history.wall_s);
    println!();
}
