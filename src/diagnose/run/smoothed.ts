/** Losses of batches over as many of them as make an epoch. */
export class Smoothed {
  readonly #losses: number[] = [];
  /** Batches of an epoch: counted, or by their size before the first epoch has ended. */
  #length = 0;
  #count = 0;

  constructor(readonly samples: number) {}

  /** Takes a record in; how many batches make an epoch. */
  add({
    loss,
    samples,
    epochRecord,
  }: {
    readonly loss: number;
    readonly samples?: number;
    readonly epochRecord: unknown;
  }): { length: number } {
    this.#count += 1;
    if (this.#length === 0 && samples !== undefined) this.#length = Math.max(1, Math.ceil(this.samples / samples));
    if (epochRecord) {
      this.#length = Math.max(this.#length, this.#count);
      this.#count = 0;
    }
    this.#losses.push(loss);
    while (this.#losses.length > Math.max(1, this.#length)) this.#losses.shift();
    return { length: this.#length };
  }

  /** Of the losses; null while there are too few. */
  get mean(): number | null {
    return this.#ready ? this.#losses.reduce((sum, loss) => sum + loss / this.#losses.length, 0) : null;
  }

  /** The losses' median, which a single bad batch leaves as it is; null while there are too few. */
  get median(): number | null {
    if (!this.#ready) return null;
    const sorted = this.#losses.slice().sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }

  get #ready(): boolean {
    return this.#length > 0 && this.#losses.length === this.#length;
  }
}
