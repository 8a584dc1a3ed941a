/** What the page of two says to its frames. */
export type ToFrame = { readonly pair: "to"; readonly step: number } | { readonly pair: "reset" };

/** What a frame answers once it is there. */
export interface FromFrame {
  readonly pair: "at";
  readonly step: number;
  readonly loss: number;
  /** Whether it cannot go on. */
  readonly halted: boolean;
}
