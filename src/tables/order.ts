/** Categories that have an order of their own. */

/** Words from little to much, in families whose words may be mixed. */
const SCALES: readonly (readonly string[])[] = [
  ["very low|vlow|v low", "low|lo", "med|medium|moderate|mid|middle", "high|hi", "very high|vhigh|v high"],
  ["xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl"],
  ["tiny", "small", "med|medium|middle", "big|large", "huge|very large"],
  ["never", "rarely|seldom", "sometimes|occasionally", "often|frequently", "very often", "always"],
  ["none|no", "po|poor|bad", "fa|fair", "ta|typical|average|avg|ok|okay", "gd|good", "very good|vgood", "ex|excellent"],
  ["strongly disagree", "disagree", "neutral|neither", "agree", "strongly agree"],
  [
    "primary|elementary",
    "secondary|high school",
    "tertiary|college",
    "bachelor|bachelors|university",
    "master|masters",
    "phd|doctorate",
  ],
  ["mild", "moderate", "severe", "critical"],
  ["cold", "cool", "mild", "warm", "hot"],
  ["young", "middle-aged|middle aged", "old"],
  ["low", "normal", "high"],
];

/** More steps than this are numbers with a stray word among them. */
const MOST_LEVELS = 12;

/**
 * The kinds of a column from the least to the greatest, where each is a word of one scale or
 * numbers with an end such as "5 more"; else null.
 */
export function levelsOf(kinds: readonly string[]): string[] | null {
  if (kinds.length < 3 || kinds.length > MOST_LEVELS) return null;
  return byNumbers(kinds) ?? byWords(kinds);
}

function byWords(kinds: readonly string[]): string[] | null {
  for (const scale of SCALES) {
    const place = (kind: string): number =>
      scale.findIndex((words) => words.split("|").includes(kind.toLowerCase().replaceAll(/[_-]/g, " ").trim()));
    const places = kinds.map(place);
    if (places.includes(-1) || new Set(places).size < places.length) continue;
    return sorted(kinds, places);
  }
  return null;
}

const SIZE = String.raw`\p{Sc}?\s*(\d+(?:[.,]\d+)*)\s*([km])?\s*\p{Sc}?`;
const RANGE = new RegExp(
  String.raw`^(?:(<=?|≤|under|below|up to|less than)|(>=?|≥|over|above|more than))?\s*${SIZE}\s*(?:(?:-|–|to)\s*${SIZE}|\+|(?:or\s+)?more|plus)?$`,
  "iu",
);
/** Matching long texts would take long. */
const LONGEST = 60;
const MORE = /^(?:more|many|over|\+)$/i;
const THOUSANDS: Readonly<Record<string, number>> = { k: 1e3, m: 1e6 };

/** 2, 3, 4, "5more"; "0-10", "10-20"; "<18", "18-30", "30+"; "under 20k", "$20k-$50k", ">$50k". */
function byNumbers(kinds: readonly string[]): string[] | null {
  const places = kinds.map((kind) => {
    if (MORE.test(kind)) return Infinity;
    const found = kind.length > LONGEST ? null : RANGE.exec(kind);
    if (!found) return Number.NaN;
    const [, below, above, digits, own, , last = ""] = found;
    const size = Number(digits.replaceAll(",", "")) * (THOUSANDS[(own ?? last).toLowerCase()] ?? 1);
    // An open end comes before, or after, whatever else begins with its number.
    return size * (1 + (above ? 1e-9 : 0) - (below ? 1e-9 : 0));
  });
  if (places.some(Number.isNaN) || new Set(places).size < places.length) return null;
  // Numbers alone are numbers.
  return kinds.every((kind) => /^\d+(?:\.\d+)?$/.test(kind)) ? null : sorted(kinds, places);
}

function sorted(kinds: readonly string[], places: readonly number[]): string[] {
  return Array.from(kinds.keys())
    .sort((a, b) => places[a] - places[b])
    .map((i) => kinds[i]);
}
