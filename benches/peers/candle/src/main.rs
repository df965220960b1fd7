//! The training step in candle, on its CPU backend: its own `gemm` products, tape and AdamW without decay.

use candle_core::utils::with_threadpool;
use candle_core::{DType, Device, Tensor};
use candle_nn::init::Init;
use candle_nn::ops::sigmoid;
use candle_nn::{AdamW, Linear, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap};
use mimalloc::MiMalloc;
use peer_protocol::{AnyError, Job};

/// Candle allocates every intermediate anew; the system's allocator gives the large ones back each time, and the
/// deep model then takes more than twice as long.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Result<(), AnyError> {
    let job = Job::from_args(|_, _| Ok(false))?;
    // SAFETY: no other thread runs yet. Candle reads its thread counts from here and nowhere else.
    unsafe {
        for name in ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS"] {
            std::env::set_var(name, job.threads.to_string());
        }
    }
    with_threadpool(|| train(&job))
}

fn train(job: &Job) -> Result<(), AnyError> {
    let device = Device::Cpu;
    let (pixels, images) = job.pixels()?;
    let images_f32 = Tensor::from_vec(pixels, (images, job.model.widths[0]), &device)?;

    let variables = VarMap::new();
    let builder = VarBuilder::from_varmap(&variables, DType::F32, &device);
    let layers = job
        .model
        .widths
        .windows(2)
        .enumerate()
        .map(|(index, sizes)| glorot(sizes[0], sizes[1], builder.pp(index)))
        .collect::<Result<Vec<_>, _>>()?;
    let adam = ParamsAdamW { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 };
    let mut optimizer = AdamW::new(variables.all_vars(), adam)?;

    job.measure("candle", "0.11.0", "eager", images, |batches| {
        let mut losses = Vec::with_capacity(batches.len());
        for rows in batches {
            let rows = Tensor::from_slice(rows, rows.len(), &device)?;
            let x = images_f32.index_select(&rows, 0)?;
            let logits = forward(&layers, job.model.relu, &x)?;
            let values = logits.detach();
            // A loss whose gradient at the logits is the cross-entropy's, and cheaper on the tape.
            let gradient = ((sigmoid(&values)? - &x)? / x.elem_count() as f64)?;
            optimizer.backward_step(&(logits * gradient)?.sum_all()?)?;
            losses.push(bce_with_logits(&values, &x)?);
        }
        Ok(f64::from(Tensor::stack(&losses, 0)?.mean_all()?.to_scalar::<f32>()?))
    })
}

fn glorot(inputs: usize, outputs: usize, builder: VarBuilder<'_>) -> candle_core::Result<Linear> {
    let bound = (6.0 / (inputs + outputs) as f64).sqrt();
    let uniform = Init::Uniform { lo: -bound, up: bound };
    let weight = builder.get_with_hints((outputs, inputs), "weight", uniform)?;
    let bias = builder.get_with_hints(outputs, "bias", Init::Const(0.0))?;
    Ok(Linear::new(weight, Some(bias)))
}

fn forward(layers: &[Linear], relu: &[bool], x: &Tensor) -> candle_core::Result<Tensor> {
    let mut x = x.clone();
    for (index, layer) in layers.iter().enumerate() {
        x = layer.forward(&x)?;
        if relu.get(index) == Some(&true) {
            x = x.relu()?;
        }
    }
    Ok(x)
}

/// Mean of `max(z, 0) - z t + ln(1 + exp(-|z|))`: candle's own loss is NaN for a confident right answer.
fn bce_with_logits(logits: &Tensor, targets: &Tensor) -> candle_core::Result<Tensor> {
    let tail = (logits.abs()?.neg()?.exp()? + 1.0)?.log()?;
    ((logits.relu()? - (logits * targets)?)? + tail)?.mean_all()
}
