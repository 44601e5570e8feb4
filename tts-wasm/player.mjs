// Chunks of samples to a sound card, one behind the other without a gap. In: Float32Array, mono. Out: an AudioContext's destination.

/** Seconds before the first chunk is heard, so that the second is there in time; doubled by every gap, up to the second. */
const LEAD = [0.03, 0.5];

export class Player {
    #context;
    #rate;
    #sources = new Set();
    /** When, on the context's clock, what was added is over. */
    #end = 0;
    #lead = LEAD[0];
    /** Times that sound came later than it should have been heard. */
    gaps = 0;
    /** Samples added. */
    samples = 0;

    constructor(context, rate) {
        [this.#context, this.#rate] = [context, rate];
    }

    /** Seconds of sound that are still to be heard. */
    get ahead() {
        return Math.max(0, this.#end - this.#context.currentTime);
    }

    add(samples) {
        const buffer = this.#context.createBuffer(1, samples.length, this.#rate);
        buffer.copyToChannel(samples, 0);
        const source = this.#context.createBufferSource();
        source.buffer = buffer;
        source.connect(this.#context.destination);
        const now = this.#context.currentTime;
        if (this.#end < now) {
            if (this.samples > 0) {
                this.gaps += 1;
                this.#lead = Math.min(2 * this.#lead, LEAD[1]);
            }
            this.#end = now + this.#lead;
        }
        source.start(this.#end);
        source.onended = () => this.#sources.delete(source);
        this.#sources.add(source);
        this.#end += samples.length / this.#rate;
        this.samples += samples.length;
    }

    /** Silence at once. */
    stop() {
        for (const source of this.#sources) source.stop();
        this.#sources.clear();
        this.#end = 0;
    }
}
