//! One packet of coded sound to interleaved samples: Symphonia's decoders, and Opus (RFC 6716, RFC 7845) beside them.

use opus_pure::{MAX_PACKET_SAMPLES, OpusDecoder, OpusMSDecoder};
use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::packet::Packet;

/// More channels than any microphone has; a bound on memory, too.
const CHANNELS_MAX: usize = 32;
/// Opus is always decoded at this rate, whatever was recorded.
const OPUS_RATE: u32 = 48_000;

/// A decoder with its state.
pub(super) enum Codec {
    Other(Box<dyn AudioDecoder>),
    Opus(Box<Opus>),
}

/// An Opus stream: one decoder for one or two channels, or several for surround.
pub(super) struct Opus {
    decoder: OpusStreams,
    channels: usize,
    gain: f32,
    /// Samples of every channel that precede the sound: the coder's delay.
    skip: usize,
    block: Vec<f32>,
}

enum OpusStreams {
    One(Box<OpusDecoder>),
    Several(OpusMSDecoder),
}

/// Rate and channels of a packet that was decoded into the caller's buffer.
pub(super) struct Decoded {
    pub(super) rate: u32,
    pub(super) channels: usize,
}

impl Codec {
    /// A decoder for a track.
    ///
    /// # Errors
    /// In words, if there is none.
    pub(super) fn new(parameters: &AudioCodecParameters) -> Result<Self, String> {
        if parameters.codec == id::CODEC_ID_OPUS {
            return Opus::new(parameters.extra_data.as_deref().unwrap_or(&[])).map(|opus| Self::Opus(Box::new(opus)));
        }
        let options = AudioDecoderOptions::default();
        let decoder = symphonia::default::get_codecs().make_audio_decoder(parameters, &options);
        decoder.map(Self::Other).map_err(|error| format!("{}, {error}", name(parameters.codec)))
    }

    /// Decodes `packet` into `out`, interleaved.
    ///
    /// # Errors
    /// If the packet is damaged; the next may be decoded.
    pub(super) fn decode(&mut self, packet: &Packet, out: &mut Vec<f32>) -> Result<Decoded, Error> {
        out.clear();
        match self {
            Self::Other(decoder) => {
                let buffer = decoder.decode(packet)?;
                let (rate, channels) = (buffer.spec().rate(), buffer.spec().channels().count());
                if channels == 0 || channels > CHANNELS_MAX || rate == 0 {
                    return Err(Error::Unsupported("its number of channels"));
                }
                buffer.copy_to_vec_interleaved(out);
                Ok(Decoded { rate, channels })
            }
            Self::Opus(opus) => opus.decode(packet, out),
        }
    }
}

impl Opus {
    /// Reads the head of a stream, RFC 7845 section 5.1.
    fn new(head: &[u8]) -> Result<Self, String> {
        let field = |at: usize| head.get(at..at + 2).map(|b| [b[0], b[1]]);
        let (Some(&channels), Some(skip), Some(gain), Some(&family), true) =
            (head.get(9), field(10), field(16), head.get(18), head.starts_with(b"OpusHead"))
        else {
            return Err("Opus without the head of a stream".to_owned());
        };
        let channels = usize::from(channels);
        let refuse = |error| format!("Opus with {channels} channels in mapping {family}: {error}");
        let decoder = match family {
            0 => OpusStreams::One(Box::new(OpusDecoder::new(OPUS_RATE as i32, channels).map_err(refuse)?)),
            _ => OpusStreams::Several(OpusMSDecoder::new(OPUS_RATE as i32, channels, family).map_err(refuse)?),
        };
        let gain = 10_f32.powf(f32::from(i16::from_le_bytes(gain)) / 256.0 / 20.0);
        let skip = usize::from(u16::from_le_bytes(skip));
        Ok(Self { decoder, channels, gain, skip, block: vec![0.0; MAX_PACKET_SAMPLES * channels] })
    }

    fn decode(&mut self, packet: &Packet, out: &mut Vec<f32>) -> Result<Decoded, Error> {
        let decoded = Decoded { rate: OPUS_RATE, channels: self.channels };
        // To the decoder an empty packet is a lost one, which it would make up.
        if packet.data.is_empty() {
            return Err(Error::DecodeError("empty Opus packet"));
        }
        let samples = match &mut self.decoder {
            OpusStreams::One(decoder) => decoder.decode(&packet.data, MAX_PACKET_SAMPLES, &mut self.block),
            OpusStreams::Several(decoder) => decoder.decode(&packet.data, MAX_PACKET_SAMPLES, &mut self.block),
        };
        let samples = samples.map_err(|_| Error::DecodeError("damaged Opus packet"))?;
        let skipped = self.skip.min(samples);
        self.skip -= skipped;
        let padding = usize::try_from(packet.trim_end.get()).unwrap_or(usize::MAX);
        let end = samples.saturating_sub(padding).max(skipped);
        let kept = &self.block[skipped * self.channels..end * self.channels];
        out.extend(kept.iter().map(|value| value * self.gain));
        Ok(decoded)
    }
}

/// What a coding is called.
pub(super) fn name(codec: AudioCodecId) -> String {
    let known = match codec {
        id::CODEC_ID_OPUS => "Opus",
        id::CODEC_ID_VORBIS => "Vorbis",
        id::CODEC_ID_MP1 => "MP1",
        id::CODEC_ID_MP2 => "MP2",
        id::CODEC_ID_MP3 => "MP3",
        id::CODEC_ID_AAC => "AAC",
        id::CODEC_ID_AC3 => "AC-3",
        id::CODEC_ID_EAC3 => "E-AC-3",
        id::CODEC_ID_ALAC => "ALAC",
        id::CODEC_ID_FLAC => "FLAC",
        id::CODEC_ID_SPEEX => "Speex",
        id::CODEC_ID_WMA => "Windows Media",
        id::CODEC_ID_WAVPACK => "WavPack",
        id::CODEC_ID_PCM_ALAW => "A-law",
        id::CODEC_ID_PCM_MULAW => "µ-law",
        id::CODEC_ID_ADPCM_MS | id::CODEC_ID_ADPCM_IMA_WAV | id::CODEC_ID_ADPCM_IMA_QT => "ADPCM",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let decoder = symphonia::default::get_codecs().get_audio_decoder(codec);
    if decoder.is_some() { "PCM".to_owned() } else { format!("an unknown coding ({codec})") }
}
