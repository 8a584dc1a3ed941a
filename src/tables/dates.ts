/** Dates and times as people write them. */

/** Which of two numbers with a slash between is the day. */
export type DateOrder = "dmy" | "mdy";

/** A moment: days since 1970-01-01, and what of it the text gave. */
export interface Moment {
  readonly days: number;
  readonly date: boolean;
  readonly time: boolean;
}

const TIME = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]m)?`;
const AFTER = String.raw`(?:[T,\s]+${TIME})?(?:\s*(?:Z|UTC|[+-]\d{2}:?\d{2}))?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?${AFTER}$`, "i");
const NUMBERS = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})${AFTER}$`, "i");
const DAY_NAME = new RegExp(String.raw`^(\d{1,2})[-\s./]*([a-z]{3,9})\.?[-\s,./]*(\d{4}|\d{2})${AFTER}$`, "i");
const NAME_DAY = new RegExp(String.raw`^([a-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})${AFTER}$`, "i");
const CLOCK = new RegExp(`^${TIME}$`, "i");
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const LONG = ["uary", "ruary", "ch", "il", "", "e", "y", "ust", "tember", "ober", "ember", "ember"];

/**
 * The order that a column's dates have: of both where the texts do not tell, null where they
 * contradict each other.
 */
export function orderOf(cells: readonly string[]): { order: DateOrder; ambiguous: boolean } | null {
  let [day, month, plain] = [false, false, true];
  for (const cell of cells) {
    const found = NUMBERS.exec(cell);
    if (!found) continue;
    if (Number(found[1]) > 12) day = true;
    if (Number(found[3]) > 12) month = true;
    if (found[2] !== "/") plain = false;
  }
  if (day && month) return null;
  if (day || month) return { order: day ? "dmy" : "mdy", ambiguous: false };
  // Slashes are American more often than not; points and dashes are not.
  return { order: plain ? "mdy" : "dmy", ambiguous: cells.some((cell) => NUMBERS.test(cell)) };
}

/** The moment that a text gives, or null where it gives none. */
export function toMoment(text: string, order: DateOrder): Moment | null {
  if (text.length < 4 || text.length > 40) return null;
  const first = YEAR_FIRST.exec(text);
  if (first) return moment(first[1], Number(first[2]), first[3] ?? "1", first.slice(4));
  const numbers = NUMBERS.exec(text);
  if (numbers) {
    const [day, month] = order === "dmy" ? [numbers[1], numbers[3]] : [numbers[3], numbers[1]];
    return moment(numbers[4], Number(month), day, numbers.slice(5));
  }
  const dayName = DAY_NAME.exec(text);
  if (dayName) return moment(dayName[3], monthOf(dayName[2]), dayName[1], dayName.slice(4));
  const nameDay = NAME_DAY.exec(text);
  if (nameDay) return moment(nameDay[3], monthOf(nameDay[1]), nameDay[2], nameDay.slice(4));
  const clock = CLOCK.exec(text);
  const hours = clock && hoursOf(clock.slice(1));
  return hours === null ? null : { days: hours / 24, date: false, time: true };
}

function monthOf(name: string): number {
  const plain = name.toLowerCase();
  const index = MONTHS.indexOf(plain.slice(0, 3));
  const rest = plain.slice(3);
  return index >= 0 && (rest === "" || rest === LONG[index] || plain === "sept") ? index + 1 : 0;
}

function moment(year: string, month: number, day: string, clock: readonly string[]): Moment | null {
  const whole = year.length === 2 ? Number(year) + (Number(year) < 70 ? 2000 : 1900) : Number(year);
  if (month < 1 || month > 12 || Number(day) < 1) return null;
  const date = new Date(0);
  date.setUTCFullYear(whole, month - 1, Number(day));
  // The thirtieth of February has become another day.
  if (date.getUTCMonth() !== month - 1) return null;
  const time = clock[0] !== undefined;
  const hours = time ? hoursOf(clock) : 0;
  return hours === null ? null : { days: Math.round(date.getTime() / 864e5) + hours / 24, date: true, time };
}

function hoursOf([hour, minute, second = "0", half]: readonly string[]): number | null {
  const hours = (Number(hour) % (half ? 12 : 24)) + (half?.toLowerCase() === "pm" ? 12 : 0);
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return null;
  return hours + Number(minute) / 60 + Number(second) / 3600;
}
