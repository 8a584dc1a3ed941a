/** What is known of a layer's tensors: their name and sizes. */
export interface Named {
  readonly name: string;
  /** Of a matrix of weights; null for a batch norm. */
  readonly sizes: readonly [inputs: number, units: number] | null;
  /** Of a batch norm. */
  readonly width: number;
}

/** Orders that are tried; beyond it names and sizes count as telling none. */
const MOST_STEPS = 10_000;

const numerically = new Intl.Collator("en", { numeric: true });

/** "fc1", "fc2" and "fc10" are of one family, and so are "dense" and "dense_1". */
function familyOf(name: string): string {
  return name.replaceAll(/[_.-]?\d+/g, "");
}

function numbersOf(name: string): string {
  return (name.match(/\d+/g) ?? ["0"]).map(Number).join(" ");
}

/**
 * The one order of layers in which each takes what the one before gives, and numbers within a
 * family of names rise; batch norms stand where their numbers say, or else where they fit alone.
 * Null where there is none, or more than one.
 */
export function orderOf(layers: readonly Named[]): Named[] | null {
  const sorted = [...layers].sort((a, b) => numerically.compare(a.name, b.name));
  const families = new Set(sorted.map(({ name }) => familyOf(name)));
  const maps = sorted.filter(({ sizes }) => sizes);
  if (families.size === 1 && fits(maps)) return sorted;
  const order = onlyOrder(maps) ?? onlyOrder(maps, false);
  return (
    order &&
    withNorms(
      order,
      sorted.filter(({ sizes }) => !sizes),
    )
  );
}

function fits(maps: readonly Named[]): boolean {
  return maps.every(({ sizes }, i) => i === 0 || sizes?.[0] === maps[i - 1].sizes?.[1]);
}

/** @param rising whether numbers within a family rise. */
function onlyOrder(maps: readonly Named[], rising = true): Named[] | null {
  const names = [...new Set(maps.map(({ name }) => familyOf(name)))];
  const together = (family: string): Named[] => maps.filter(({ name }) => familyOf(name) === family);
  const families = rising ? names.map(together) : maps.map((map) => [map]);
  const found: Named[][] = [];
  const taken = families.map(() => 0);
  const order: Named[] = [];
  let steps = 0;
  const search = (): void => {
    if (order.length === maps.length) found.push([...order]);
    for (let f = 0; f < families.length && found.length < 2 && ++steps < MOST_STEPS; ++f) {
      const next = families[f][taken[f]];
      if (!next || (order.length > 0 && next.sizes?.[0] !== order[order.length - 1].sizes?.[1])) continue;
      ++taken[f];
      order.push(next);
      search();
      order.pop();
      --taken[f];
    }
  };
  search();
  return found.length === 1 && steps < MOST_STEPS ? found[0] : null;
}

/** Batch norms behind the map whose numbers they have, else where alone they fit. */
function withNorms(maps: readonly Named[], norms: readonly Named[]): Named[] | null {
  const behind = new Map<Named | null, Named>();
  const own = (norm: Named): Named[] =>
    maps.filter(({ name, sizes }) => numbersOf(name) === numbersOf(norm.name) && sizes?.[1] === norm.width);
  const free = (norm: Named): (Named | null)[] => {
    const before = maps[0]?.sizes?.[0] === norm.width ? [null] : [];
    return [...before, ...maps.filter(({ sizes }) => sizes?.[1] === norm.width)].filter((map) => !behind.has(map));
  };
  for (const norm of norms) {
    const numbered = own(norm).filter((map) => !behind.has(map));
    const [place, ...more] = numbered.length === 1 ? numbered : free(norm);
    if (place === undefined || more.length > 0) return null;
    behind.set(place, norm);
  }
  return [null, ...maps].flatMap((map) => [map, behind.get(map)].filter((layer): layer is Named => Boolean(layer)));
}
