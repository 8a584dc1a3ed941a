/**
 * Times the best validation loss, and share of what a constant loses, by which it has to have
 * risen.
 */
const RISEN = 1.1;
const OF_REFERENCE = 0.1;
/** Times the training loss of the best epoch, down to which it has to have fallen since. */
const FALLEN = 0.95;
/** Epochs, at least, since the best one, and epochs that a loss is a mean over. */
const LEAST = 5;
const MEAN_OVER = 3;

/** Whether the validation loss rises while the training loss falls. */
export class ValidationTrend {
  #best = { loss: Infinity, epoch: 0, training: Infinity };
  readonly #recent: number[] = [];

  constructor(
    readonly window: number,
    readonly reference: number,
  ) {}

  get best(): { readonly loss: number; readonly epoch: number } {
    return this.#best;
  }

  observe(epoch: number, training: number, validation: number): boolean {
    this.#recent.push(validation);
    if (this.#recent.length > MEAN_OVER) this.#recent.shift();
    const mean = this.#recent.reduce((sum, one) => sum + one / this.#recent.length, 0);
    if (mean < this.#best.loss) {
      this.#best = { loss: mean, epoch, training };
      return false;
    }
    const { loss, epoch: since, training: then } = this.#best;
    return (
      epoch - since >= Math.max(LEAST, this.window / 2) &&
      mean > RISEN * loss &&
      mean - loss > OF_REFERENCE * this.reference &&
      training < FALLEN * then
    );
  }
}
