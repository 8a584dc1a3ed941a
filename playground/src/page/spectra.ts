import { signal } from "@preact/signals";
import type { Place } from "../model/place.ts";
import type { HessianPicture } from "../model/protocol.ts";

export interface Column {
  readonly place: Place;
  readonly epoch: number;
  readonly step: number;
  readonly eigenvalues: Float64Array;
  readonly negative: number;
}

const MOST = 240;

/** Spectra that have been seen of this network, thinned out as they grow in number. */
class Spectra {
  columns: Column[] = [];
  readonly version = signal(0);
  #stride = 0;

  add({ place, epoch, step, eigenvalues, negative }: HessianPicture): void {
    const last = this.columns.at(-1);
    if (last && (step < last.step || last.eigenvalues.length !== eigenvalues.length)) this.columns = [];
    if (last && step - last.step < this.#stride) this.columns.pop();
    this.columns.push({ place, epoch, step, eigenvalues, negative });
    if (this.columns.length > MOST) {
      this.columns = this.columns.filter((_, index) => index % 2 === 0);
      this.#stride = (2 * step) / MOST;
    }
    this.version.value = this.version.peek() + 1;
  }

  clear(): void {
    this.columns = [];
    this.#stride = 0;
    this.version.value = this.version.peek() + 1;
  }
}

export const spectra = new Spectra();
