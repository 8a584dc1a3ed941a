/**
 * Which network a picture is of, and at which step. Every picture carries one; what belongs to
 * another network than the one there is now is not drawn.
 */
export interface Place {
  /** Counts the starts of the page. */
  readonly start: number;
  /**
   * Counts what has made the network another one since: other layers, another penalty, parameters
   * that were set.
   */
  readonly network: number;
  /** Changes of any kind since the start. */
  readonly changes: number;
  readonly step: number;
  /** Of the parameters that the picture was made with. */
  readonly digest: string;
}

export function sameNetwork(a: Place | null | undefined, b: Place | null | undefined): boolean {
  return !!a && !!b && a.start === b.start && a.network === b.network;
}

/** Whether two pictures show the same thing. */
export function samePlace(a: Place | null | undefined, b: Place | null | undefined): boolean {
  return !!a && !!b && sameNetwork(a, b) && a.changes === b.changes && a.step === b.step;
}

/** As an attribute of a drawn picture says it. */
export function placeText({ start, network, changes, step, digest }: Place): string {
  return [start, network, changes, step, digest].join(".");
}

/** 32 bits of the bytes of some numbers (FNV-1a). */
export function digestOf(values: ArrayLike<number>): string {
  const bytes = new Uint8Array(Float64Array.from(values).buffer);
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}
