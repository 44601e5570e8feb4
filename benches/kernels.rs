//! `cargo bench -p tts-benches --bench kernels -- [--isa NAME] [--only WORD] [--quick] [--csv FILE]`
//!
//! Every kernel at the sizes the native model gives it, and a product as large models have it, on every instruction set present. Products of one row run three
//! times: with one matrix again and again (`cache`), over copies that together take what a model takes (`model`, 18 MB),
//! and over copies that no cache holds (`memory`, 256 MB).

#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tts_benches::{HEAD, Row, read_bandwidth, seconds, write_csv};
use tts_core::kernels::{self, Isa, PackedMatrix, Past, Rows, Storage};

/// Footprints: name and bytes; zero stands for one matrix.
const FOOTPRINTS: [(&str, usize); 3] = [("cache", 0), ("model", 18 << 20), ("memory", 256 << 20)];

struct Options {
    isas: Vec<Isa>,
    only: String,
    csv: Option<PathBuf>,
    samples: usize,
    sample: Duration,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        isas: Isa::available(),
        only: String::new(),
        csv: None,
        samples: 15,
        sample: Duration::from_millis(4),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--bench" => {} // cargo says so
            "--isa" => options.isas = vec![Isa::named(&value()?).map_err(|error| error.to_string())?],
            "--only" => options.only = value()?,
            "--csv" => options.csv = Some(value()?.into()),
            "--quick" => (options.samples, options.sample) = (2, Duration::from_micros(100)),
            _ => return Err(format!("unknown argument {argument}: expected --isa, --only, --csv or --quick")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let outcome = options().and_then(|options| {
        let rows = Bench { options: &options, rows: Vec::new() }.run();
        match &options.csv {
            Some(path) => write_csv(path, &rows).map_err(|error| format!("{}: {error}", path.display())),
            None => Ok(()),
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("{message}");
            ExitCode::FAILURE
        }
    }
}

struct Bench<'a> {
    options: &'a Options,
    rows: Vec<Row>,
}

impl Bench<'_> {
    fn run(mut self) -> Vec<Row> {
        println!("{HEAD}");
        let isas = self.options.isas.clone();
        for isa in isas {
            for storage in [Storage::F16, Storage::F32, Storage::Bf16, Storage::Int8] {
                for (outputs, inputs) in [(768, 256), (256, 256), (1024, 256), (256, 1024), (4096, 1024)] {
                    self.product(isa, storage, outputs, inputs, 1);
                }
            }
            for (outputs, inputs, rows) in
                [(480, 160, 4), (160, 480, 4), (256, 1280, 60), (768, 256, 60), (1024, 256, 60), (256, 1024, 300)]
            {
                for storage in [Storage::F16, Storage::F32, Storage::Int8] {
                    self.product(isa, storage, outputs, inputs, rows);
                }
            }
            self.attention(isa);
            self.slices(isa);
        }
        self.packing();
        self.rows
    }

    fn wants(&self, kernel: &str) -> bool {
        kernel.contains(&self.options.only)
    }

    fn seconds(&self, work: impl FnMut()) -> f64 {
        seconds(self.options.samples, self.options.sample, work)
    }

    fn push(&mut self, row: Row) {
        println!("{}", row.text());
        self.rows.push(row);
    }

    fn product(&mut self, isa: Isa, storage: Storage, outputs: usize, inputs: usize, rows: usize) {
        let kernel = format!("linear {storage:?}").to_lowercase();
        if !self.wants(&kernel) {
            return;
        }
        let x = values(rows * inputs);
        let b = values(outputs);
        let mut y = vec![0.0; rows * outputs];
        let weights = values(outputs * inputs);
        for (from, footprint) in FOOTPRINTS {
            if rows > 1 && footprint > 0 || self.options.samples < 3 && footprint > 32 << 20 {
                continue;
            }
            let pack = || PackedMatrix::pack(outputs, inputs, storage, |o, i| weights[o * inputs + i]);
            let mut matrices = vec![pack()];
            while (matrices.len() + 1) * matrices[0].bytes() <= footprint {
                matrices.push(pack());
            }
            let mut turn = 0;
            let time = self.seconds(|| {
                kernels::linear(isa, &mut y, black_box(&x), &matrices[turn], &b);
                black_box(&y);
                turn = (turn + 1) % matrices.len();
            });
            let bandwidth = if rows == 1 {
                read_bandwidth(matrices.len() * matrices[0].bytes(), self.options.samples, self.options.sample)
            } else {
                0.0
            };
            self.push(Row {
                kernel: kernel.clone(),
                isa: isa.name(),
                size: format!("{outputs}x{inputs} T={rows}"),
                from,
                seconds: time,
                flops: 2.0 * (outputs * inputs * rows) as f64,
                bytes: matrices[0].bytes() as f64,
                bandwidth,
            });
        }
    }

    /// What loading a matrix costs beside reading it.
    fn packing(&mut self) {
        if !self.wants("pack f16") {
            return;
        }
        let (outputs, inputs) = (1024, 256);
        let bits = vec![0x3c00; outputs * inputs];
        let time = self.seconds(|| {
            black_box(PackedMatrix::from_f16_bits(outputs, inputs, black_box(&bits)));
        });
        self.push(Row {
            kernel: "pack f16".into(),
            isa: "any",
            size: format!("{outputs}x{inputs}"),
            from: "",
            seconds: time,
            flops: 0.0,
            bytes: 4.0 * (outputs * inputs) as f64,
            bandwidth: 0.0,
        });
    }

    fn attention(&mut self, isa: Isa) {
        if !self.wants("attend") {
            return;
        }
        let dim = 64;
        for (heads, cached, queries) in [(4, 16, 1), (4, 128, 1), (8, 257, 1), (8, 257, 8)] {
            let q = values(queries * heads * dim);
            let (keys, held) = (values(cached * heads * dim), values(cached * heads * dim));
            let mut out = vec![0.0; queries * heads * dim];
            let mut scratch = vec![0.0; kernels::attend_scratch(queries, cached, heads)];
            let time = self.seconds(|| {
                let rows = Rows::F32([[black_box(&keys), &[]], [&held, &[]]]);
                let past = Past { rows, heads, dim, window: 250 };
                kernels::attend(isa, &mut out, &q, heads * dim, heads, &past, &mut scratch);
                black_box(&out);
            });
            self.push(Row {
                kernel: "attend".into(),
                isa: isa.name(),
                size: format!("{heads}x{dim} N={cached} T={queries}"),
                from: "cache",
                seconds: time,
                flops: 4.0 * (queries * cached * heads * dim) as f64,
                bytes: 8.0 * (cached * heads * dim) as f64,
                bandwidth: 0.0,
            });
        }
    }

    fn slices(&mut self, isa: Isa) {
        let n = 1024;
        let (x, w, b) = (values(n), values(n), values(n));
        let mut y = vec![0.0; n];
        let mut z = vec![0.0; n];
        self.slice(isa, "layer_norm", "4x256", n, 2, || {
            kernels::layer_norm(isa, &mut y, black_box(&x), 256, 1e-5, &w[..256], &b[..256]);
        });
        type InPlace = fn(Isa, &mut [f32]);
        let in_place: [(&str, InPlace); 7] = [
            ("exp", kernels::exp),
            ("ln", kernels::ln),
            ("tanh", kernels::tanh),
            ("sigmoid", kernels::sigmoid),
            ("silu", kernels::silu),
            ("gelu_tanh", kernels::gelu_tanh),
            ("softmax", kernels::softmax),
        ];
        for (name, kernel) in in_place {
            self.slice(isa, name, "1024", n, 2, || {
                y.copy_from_slice(black_box(&x));
                kernel(isa, &mut y);
                black_box(&y);
            });
        }
        self.slice(isa, "sincos_into", "1024", n, 3, || kernels::sincos_into(isa, &mut y, &mut z, black_box(&x)));
        self.slice(isa, "dot", "1024", n, 2, || {
            black_box(kernels::dot(isa, black_box(&x), &w));
        });
        self.slice(isa, "axpy", "1024", n, 3, || kernels::axpy(isa, &mut y, black_box(1e-9), &x));
        let (channels, taps, frames) = (160, 7, 4);
        let past = values((frames + taps - 1) * channels);
        let filters = values(taps * channels);
        self.slice(isa, "depthwise", "4x160 K=7", frames * channels, 2 * taps, || {
            kernels::depthwise(isa, &mut y[..frames * channels], black_box(&past), channels, &filters, &b[..channels]);
        });
    }

    /// A kernel on slices that stay in the first cache; `touched` is the number of f32 read or written per value.
    fn slice(&mut self, isa: Isa, name: &str, size: &str, count: usize, touched: usize, work: impl FnMut()) {
        if !self.wants(name) {
            return;
        }
        let time = self.seconds(work);
        self.push(Row {
            kernel: name.into(),
            isa: isa.name(),
            size: size.into(),
            from: "",
            seconds: time,
            flops: 0.0,
            bytes: (4 * touched * count) as f64,
            bandwidth: 0.0,
        });
    }
}

/// Values in [-0.5, 0.5) that halves hold (multiples of 1/1024), the same in every run.
fn values(count: usize) -> Vec<f32> {
    (0..count).map(|n| (n.wrapping_mul(2_654_435_761) >> 7 & 1023) as f32 / 1024.0 - 0.5).collect()
}
