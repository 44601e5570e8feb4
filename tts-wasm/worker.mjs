// The engine on a thread of its own, so that the page stays awake. Every message gets one answer:
//
//     { load: address }                  -> { voices, sampleRate, milliseconds }
//     { speak: text, voice, seed, turn } -> { turn, samples, milliseconds } with the first chunk
//     { more: turn }                     -> { turn, samples, milliseconds } with the next one, or samples: null at the end
//
// `milliseconds` is what making it took. What goes wrong is answered by { turn, error }.

import { Tts } from "./tts.mjs";

let tts;
let speech;

function next(turn, start) {
    const { value, done } = speech.next();
    if (done) {
        postMessage({ turn, samples: null, milliseconds: performance.now() - start });
    } else {
        postMessage({ turn, samples: value, milliseconds: performance.now() - start }, [value.buffer]);
    }
}

onmessage = async ({ data }) => {
    const start = performance.now();
    try {
        if (data.load) {
            tts = await Tts.load(fetch(data.load));
            postMessage({ voices: tts.voices(), sampleRate: tts.sampleRate, milliseconds: performance.now() - start });
        } else if (data.speak !== undefined) {
            speech?.return();
            speech = tts.speak(data.speak, { voice: data.voice, seed: data.seed });
            next(data.turn, start);
        } else {
            next(data.more, start);
        }
    } catch (error) {
        postMessage({ turn: data.turn ?? data.more, error: error.message });
    }
};
