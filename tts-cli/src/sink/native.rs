//! Sound through the system's own interface (feature `cpal`): Core Audio, WASAPI, ALSA.
//!
//! The device pulls samples from a lock-free ring in its own real-time thread; this side fills the ring. When text is
//! late the ring is empty and the device hears silence. Where the device has another rate, samples pass a resampler
//! before they enter the ring.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{Device, ErrorKind, FromSample, SampleFormat, SizedSample, StreamConfig, SupportedStreamConfig};
use rtrb::{Consumer, Producer, RingBuffer};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

use super::{Sink, SinkError};

/// A device that takes nothing for so long has stopped.
const STALL: Duration = Duration::from_secs(3);
/// What the system may still hold when the ring is empty.
const TAIL: Duration = Duration::from_millis(150);
/// Frames the resampler takes at a time: 20 ms at the rate of the native model.
const PIECE: usize = 480;

/// What both sides know.
#[derive(Debug, Default)]
struct Shared {
    /// Samples the device has taken from the ring.
    taken: AtomicU64,
    failed: AtomicBool,
    reason: Mutex<String>,
}

/// Samples to a sound device.
pub(crate) struct NativeSink {
    ring: Producer<f32>,
    shared: Arc<Shared>,
    converter: Option<Converter>,
    name: String,
    /// Sound stops when this is dropped.
    _stream: cpal::Stream,
}

/// A device as people may call it.
fn name(device: &Device) -> String {
    device.description().map_or_else(|_| "unnamed".to_owned(), |description| description.name().to_owned())
}

/// Names of the devices that can be heard.
pub(crate) fn devices() -> Vec<String> {
    let devices = cpal::default_host().output_devices();
    devices.map_or_else(|_| Vec::new(), |devices| devices.map(|device| name(&device)).collect())
}

fn find(wanted: Option<&str>) -> Result<Device, String> {
    let host = cpal::default_host();
    let Some(wanted) = wanted else {
        return host.default_output_device().ok_or_else(|| "there is no output device".to_owned());
    };
    let mut devices = host.output_devices().map_err(|error| error.to_string())?;
    let is_meant = |device: &Device| name(device) == wanted || device.id().is_ok_and(|id| id.id() == wanted);
    devices.find(is_meant).ok_or_else(|| format!("there is no output device '{wanted}'; `tts devices` lists them"))
}

/// The device's own configuration, at our rate if it can be had.
fn configuration(device: &Device, rate: u32) -> Result<SupportedStreamConfig, String> {
    let usual = device.default_output_config().map_err(|error| error.to_string())?;
    let mut ranges = device.supported_output_configs().map_err(|error| error.to_string())?;
    let same = ranges.find_map(|range| {
        let alike = range.channels() == usual.channels() && range.sample_format() == usual.sample_format();
        range.try_with_sample_rate(rate).filter(|_| alike)
    });
    Ok(same.unwrap_or(usual))
}

impl NativeSink {
    /// Opens the device called `wanted`, or the default one, for samples at `rate`.
    ///
    /// # Errors
    /// Says why there is no sound to be had this way.
    pub(crate) fn open(wanted: Option<&str>, rate: u32) -> Result<Self, String> {
        let device = find(wanted)?;
        let found = configuration(&device, rate)?;
        let converter = (found.sample_rate() != rate).then(|| Converter::new(rate, found.sample_rate())).transpose()?;
        // As much as a pipe to a player would hold.
        let (ring, taker) = RingBuffer::new(found.sample_rate() as usize);
        let shared = Arc::new(Shared::default());
        let (config, theirs) = (found.config(), Arc::clone(&shared));
        let stream = match found.sample_format() {
            SampleFormat::I8 => connect::<i8>(&device, config, taker, theirs),
            SampleFormat::I16 => connect::<i16>(&device, config, taker, theirs),
            SampleFormat::I32 => connect::<i32>(&device, config, taker, theirs),
            SampleFormat::U8 => connect::<u8>(&device, config, taker, theirs),
            SampleFormat::U16 => connect::<u16>(&device, config, taker, theirs),
            SampleFormat::U32 => connect::<u32>(&device, config, taker, theirs),
            SampleFormat::F32 => connect::<f32>(&device, config, taker, theirs),
            SampleFormat::F64 => connect::<f64>(&device, config, taker, theirs),
            other => return Err(format!("the device wants samples as {other}, which is not supported")),
        };
        let stream = stream.map_err(|error| error.to_string())?;
        stream.play().map_err(|error| error.to_string())?;
        Ok(Self { ring, shared, converter, name: name(&device), _stream: stream })
    }

    fn check(&self) -> Result<(), SinkError> {
        if !self.shared.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        let reason = self.shared.reason.lock().unwrap_or_else(PoisonError::into_inner);
        Err(SinkError::Playback(format!("{} stopped playing: {reason}; is the sound device still there?", self.name)))
    }

    /// Waits until the device has taken something, or has not for too long.
    fn pause(&self, last: &mut (u64, Instant)) -> Result<(), SinkError> {
        self.check()?;
        std::thread::sleep(Duration::from_millis(5));
        let taken = self.shared.taken.load(Ordering::Relaxed);
        if taken != last.0 {
            *last = (taken, Instant::now());
        } else if last.1.elapsed() > STALL {
            return Err(SinkError::Playback(format!(
                "{} takes no sound any more; is the device still there?",
                self.name
            )));
        }
        Ok(())
    }

    fn push(&mut self, mut samples: &[f32]) -> Result<(), SinkError> {
        let mut last = (self.shared.taken.load(Ordering::Relaxed), Instant::now());
        loop {
            samples = self.ring.push_partial_slice(samples).1;
            if samples.is_empty() {
                return self.check();
            }
            self.pause(&mut last)?;
        }
    }

    /// Pushes what waits for a full piece of the resampler, with silence behind it.
    fn flush(&mut self) -> Result<(), SinkError> {
        let Some(converter) = &mut self.converter else { return Ok(()) };
        let converted = converter.flush().map_err(SinkError::Playback)?;
        self.push(&converted)
    }
}

impl Sink for NativeSink {
    fn write(&mut self, samples: &[f32]) -> Result<(), SinkError> {
        match &mut self.converter {
            None => self.push(samples),
            Some(converter) => {
                let converted = converter.push(samples).map_err(SinkError::Playback)?;
                self.push(&converted)
            }
        }
    }

    fn wait(&mut self) -> Result<(), SinkError> {
        self.flush()?;
        self.check()
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        self.flush()?;
        let mut last = (self.shared.taken.load(Ordering::Relaxed), Instant::now());
        while self.ring.slots() < self.ring.buffer().capacity() {
            self.pause(&mut last)?;
        }
        std::thread::sleep(TAIL);
        Ok(())
    }
}

/// Starts a stream whose callback copies from the ring to every channel, or silence where the ring is empty.
fn connect<T: SizedSample + FromSample<f32>>(
    device: &Device,
    config: StreamConfig,
    mut ring: Consumer<f32>,
    shared: Arc<Shared>,
) -> Result<cpal::Stream, cpal::Error> {
    let channels = usize::from(config.channels.max(1));
    let errors = Arc::clone(&shared);
    let fill = move |frames: &mut [T], _: &cpal::OutputCallbackInfo| {
        let mut taken = 0;
        for frame in frames.chunks_mut(channels) {
            let sample = ring.pop().inspect(|_| taken += 1).unwrap_or(0.0);
            frame.fill(T::from_sample(sample.clamp(-1.0, 1.0)));
        }
        shared.taken.fetch_add(taken, Ordering::Relaxed);
    };
    let complain = move |error: cpal::Error| {
        // These do not end the stream.
        if !matches!(error.kind(), ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied) {
            *errors.reason.lock().unwrap_or_else(PoisonError::into_inner) = error.to_string();
            errors.failed.store(true, Ordering::Release);
        }
    };
    device.build_output_stream(config, fill, complain, Some(STALL))
}

/// From the model's rate to the device's.
struct Converter {
    resampler: Fft<f32>,
    waiting: Vec<f32>,
    /// Output that is only the resampler's delay and is left out.
    delay: usize,
    /// Whether the end of what was pushed is still inside the resampler.
    owes: bool,
}

impl Converter {
    fn new(from: u32, to: u32) -> Result<Self, String> {
        let resampler = Fft::new(from as usize, to as usize, PIECE, 1, FixedSync::Input)
            .map_err(|error| format!("cannot convert {from} Hz to {to} Hz: {error}"))?;
        Ok(Self { delay: resampler.output_delay(), resampler, waiting: Vec::new(), owes: false })
    }

    fn push(&mut self, samples: &[f32]) -> Result<Vec<f32>, String> {
        self.waiting.extend_from_slice(samples);
        self.owes |= !samples.is_empty();
        let mut converted = Vec::new();
        let mut done = 0;
        loop {
            let wanted = self.resampler.input_frames_next();
            let Some(piece) = self.waiting.get(done..done + wanted) else { break };
            let piece = InterleavedSlice::new(piece, 1, wanted).map_err(|error| error.to_string())?;
            let piece = self.resampler.process(&piece, None).map_err(|error| error.to_string())?.take_data();
            let skipped = self.delay.min(piece.len());
            self.delay -= skipped;
            converted.extend_from_slice(&piece[skipped..]);
            done += wanted;
        }
        self.waiting.drain(..done);
        Ok(converted)
    }

    fn flush(&mut self) -> Result<Vec<f32>, String> {
        if !self.owes {
            return Ok(Vec::new());
        }
        // The delayed end of the sound comes out with the silence behind it.
        let piece = self.resampler.input_frames_next();
        let converted = self.push(&vec![0.0; 2 * piece - self.waiting.len() % piece])?;
        self.owes = false;
        Ok(converted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone keeps its frequency and level, and no sample is lost, whatever the pieces.
    #[test]
    fn conversion_keeps_tone_and_length() {
        for (from, to) in [(24_000u32, 48_000u32), (24_000, 44_100)] {
            let tone = |rate: u32, index: usize| {
                (index as f64 / f64::from(rate) * 440.0 * std::f64::consts::TAU).sin() as f32 * 0.5
            };
            let input: Vec<_> = (0..from as usize).map(|index| tone(from, index)).collect();
            let mut converter = Converter::new(from, to).expect("converter");
            let mut output = Vec::new();
            for piece in input.chunks(333) {
                output.extend(converter.push(piece).expect("converted"));
            }
            output.extend(converter.flush().expect("flushed"));
            assert!(output.len() >= to as usize, "{} of {to}", output.len());
            let worst =
                (2000..to as usize - 2000).map(|index| (output[index] - tone(to, index)).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{from} to {to}: {worst}");
        }
    }
}
