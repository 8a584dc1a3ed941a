/** Contents of cells that their columns do not know from the training rows. */
export class Unknown {
  readonly #found = new Map<string, { readonly cell: string; readonly place: string; count: number }>();

  /** How the place of a row is called, by its number from 0. */
  placeOf = (row: number): string => `row ${row + 1}`;

  /** One more cell of a column. */
  note(column: string, cell: string, row: number): void {
    const before = this.#found.get(column);
    if (before) ++before.count;
    else this.#found.set(column, { cell, place: this.placeOf(row), count: 1 });
  }

  /** A sentence for each column. */
  notes(): string[] {
    return Array.from(this.#found, ([name, { cell, place, count }]) => {
      const others = count > 1 ? ` and ${count - 1} more` : "";
      return `${name}: ${JSON.stringify(cell)} in ${place}${others}: not known from the training rows`;
    });
  }
}
