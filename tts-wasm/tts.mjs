// The module tts_wasm.wasm as objects: text in, chunks of samples out. For browsers and node alike; touches no page and no sound card.
//
//     const tts = await Tts.load(fetch("tts_wasm.wasm"));
//     for (const samples of tts.speak("Good evening.")) { ... }   // Float32Array, mono, tts.sampleRate a second

const FAILED = -1;
const WAITING = -2;

/** What the module refused, in its words. */
export class TtsError extends Error {
    name = "TtsError";
}

/** The engine with its model. One thread: while it makes a chunk (a few milliseconds), nothing else runs there. */
export class Tts {
    #exports;
    /** Why the module must not be called again, if that is so. */
    #broken;

    /** Samples a second. */
    sampleRate;

    /** From bytes, a Response, or a promise of one of them. */
    static async load(source) {
        const imports = { tts: { now: () => performance.now() } };
        let from = await source;
        if (typeof Response !== "undefined" && from instanceof Response) {
            if (!from.ok) throw new TtsError(`${from.url}: ${from.status} ${from.statusText}; build it and serve it beside the page`);
            if (from.headers.get("content-type")?.startsWith("application/wasm")) {
                return new Tts((await WebAssembly.instantiateStreaming(from, imports)).instance);
            }
            from = await from.arrayBuffer();
        }
        return new Tts((await WebAssembly.instantiate(from, imports)).instance);
    }

    constructor(instance) {
        this.#exports = instance.exports;
        this.sampleRate = this.#call("tts_load");
    }

    /** Names of the voices, the default one first. */
    voices() {
        this.#call("tts_voices");
        return this.#message().split("\n");
    }

    /** The sound of a whole text, chunk by chunk as it is made; leaving the loop ends the work. */
    *speak(text, options) {
        const stream = this.open(options);
        try {
            stream.push(text);
            stream.end();
            for (let chunk; (chunk = stream.pull()) !== null; ) yield chunk;
        } finally {
            stream.close();
        }
    }

    /** A stream for text that is still being written. The same seed gives the same sound; `most` samples a chunk at most. */
    open({ voice = "default", seed = 0, most = 4800 } = {}) {
        for (const [name, value, least] of [["seed", seed, 0], ["most", most, 1]]) {
            if (!Number.isInteger(value) || value < least || value > 0xffffffff) {
                throw new TtsError(`${name} ${value}: expected a whole number from ${least} to 4294967295`);
            }
        }
        const number = this.#call("tts_open", this.#input(voice), seed);
        return new Stream((name, ...values) => this.#call(name, ...values), (text) => this.#input(text), number, most, this.#samples);
    }

    /** Bytes that the module has taken of this machine's memory. */
    get memory() {
        return this.#exports.memory.buffer.byteLength;
    }

    #samples = (count) => new Float32Array(this.#exports.memory.buffer, this.#exports.tts_samples(), count).slice();

    #input(text) {
        const bytes = new TextEncoder().encode(text);
        const at = this.#trapped("tts_input", bytes.length) >>> 0;
        if (at === 0) throw new TtsError(this.#message());
        new Uint8Array(this.#exports.memory.buffer, at, bytes.length).set(bytes);
        return bytes.length;
    }

    #call(name, ...values) {
        const result = this.#trapped(name, ...values);
        if (result === FAILED) throw new TtsError(this.#message());
        return result;
    }

    #trapped(name, ...values) {
        if (this.#broken) throw this.#broken;
        try {
            return this.#exports[name](...values);
        } catch (trap) {
            this.#broken = new TtsError(`the module broke (${trap.message}) and must be loaded again: ${this.#message()}`);
            throw this.#broken;
        }
    }

    #message() {
        const { memory, tts_message, tts_message_bytes } = this.#exports;
        return new TextDecoder().decode(new Uint8Array(memory.buffer, tts_message() >>> 0, tts_message_bytes()));
    }
}

/** One utterance. Close it, ended or not. */
class Stream {
    #call;
    #input;
    #number;
    #most;
    #samples;

    constructor(call, input, number, most, samples) {
        [this.#call, this.#input, this.#number, this.#most, this.#samples] = [call, input, number, most, samples];
    }

    /** Adds text. */
    push(text) {
        this.#call("tts_push", this.#number, this.#input(text));
    }

    /** Says that no more text comes. */
    end() {
        this.#call("tts_end", this.#number);
    }

    /** The next samples; `undefined` if more text must come first, `null` at the end. */
    pull() {
        const count = this.#call("tts_pull", this.#number, this.#most);
        if (count === WAITING) return undefined;
        return count === 0 ? null : this.#samples(count);
    }

    /** Ends all work on it. */
    close() {
        if (this.#number !== 0) this.#call("tts_close", this.#number);
        this.#number = 0;
    }
}
