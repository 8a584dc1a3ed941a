/** What a method remembers from step to step: vectors and numbers by name. */
export class Memory {
  readonly vectors = new Map<string, Float64Array>();
  readonly scalars = new Map<string, number>();

  get empty(): boolean {
    return this.vectors.size + this.scalars.size === 0;
  }

  copy(): Memory {
    const other = new Memory();
    for (const [name, vector] of this.vectors) other.vectors.set(name, vector);
    for (const [name, value] of this.scalars) other.scalars.set(name, value);
    return other;
  }

  clear(): void {
    this.vectors.clear();
    this.scalars.clear();
  }

  vector(name: string): Float64Array | undefined {
    return this.vectors.get(name);
  }

  scalar(name: string, start: number): number {
    return this.scalars.get(name) ?? start;
  }
}

/** What a part of a method may remember. */
export interface Remembers {
  /** Length of a vector of that name, −1 for any, or undefined where there is no such vector. */
  vectorLength?(name: string, size: number): number | undefined;
  readonly scalars?: readonly string[];
}
