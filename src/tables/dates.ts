/** Dates and times as people write them. */

/** Which of two numbers with a slash between is the day; or the unit of time since 1970. */
export type DateOrder = "dmy" | "mdy" | "seconds" | "milliseconds";

/** A moment: days since 1970-01-01, and what of it the text gave. */
export interface Moment {
  readonly days: number;
  readonly date: boolean;
  readonly time: boolean;
}

const TIME = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\.?)?`;
const AFTER = String.raw`(?:[T,\s]+${TIME})?(?:\s*(?:Z|UTC|GMT|(?:GMT)?[+-]\d{2}(?::?\d{2})?))?`;
const NAME = String.raw`(\p{L}{3,10})\.?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?${AFTER}$`, "i");
const NUMBERS = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})${AFTER}$`, "i");
const DAY_NAME = new RegExp(
  String.raw`^(\d{1,2})(?:st|nd|rd|th|º|er)?[-\s./]*(?:de\s+)?${NAME}[-\s,./]*(?:de\s+)?(\d{4}|\d{2})${AFTER}$`,
  "iu",
);
const NAME_DAY = new RegExp(String.raw`^${NAME}\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})${AFTER}$`, "iu");
const NAME_YEAR = new RegExp(String.raw`^${NAME}[-\s/]+(\d{4})$`, "iu");
const MONTH_YEAR = /^(\d{1,2})[-/.](\d{4})$/;
const WEEKDAY = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+/i;
const CLOCK = new RegExp(`^${TIME}$`, "i");
const COMPACT = /^((?:19|20)\d{2})(\d{2})(\d{2})$/;

/** Names of the months: English, German, French, Spanish, Italian, Portuguese, Dutch. */
const MONTHS: readonly (readonly string[])[] = [
  "january januar janvier enero gennaio janeiro januari jänner",
  "february februar février fevrier febrero febbraio fevereiro februari",
  "march märz maerz mars marzo março maart mrz mrt",
  "april avril abril aprile",
  "may mai mayo maggio maio mei",
  "june juni juin junio giugno junho",
  "july juli juillet julio luglio julho",
  "august août aout agosto augustus",
  "september septembre septiembre settembre setembro",
  "october oktober octobre octubre ottobre outubro",
  "november novembre noviembre novembro",
  "december dezember décembre decembre diciembre dicembre dezembro",
].map((names) => names.split(" "));

/**
 * The order that a column's dates have: of both where the texts do not tell, null where they
 * contradict each other.
 */
export function orderOf(cells: Iterable<string>): { order: DateOrder; ambiguous: boolean } | null {
  let [day, month, plain, any] = [false, false, true, false];
  for (const cell of cells) {
    const found = NUMBERS.exec(cell);
    if (!found) continue;
    any = true;
    if (Number(found[1]) > 12) day = true;
    if (Number(found[3]) > 12) month = true;
    if (found[2] !== "/") plain = false;
  }
  if (day && month) return null;
  if (day || month) return { order: day ? "dmy" : "mdy", ambiguous: false };
  // Slashes are American more often than not; points and dashes are not.
  return { order: plain ? "mdy" : "dmy", ambiguous: any };
}

/** The moment that a text gives, or null where it gives none. */
export function toMoment(text: string, order: DateOrder): Moment | null {
  if (text.length < 4 || text.length > 50) return null;
  if (order === "seconds" || order === "milliseconds") return since1970(text, order);
  const plain = text.replace(WEEKDAY, "");
  const first = YEAR_FIRST.exec(plain);
  if (first) return moment(first[1], Number(first[2]), first[3] ?? "1", first.slice(4));
  const numbers = NUMBERS.exec(plain);
  if (numbers) {
    const [day, month] = order === "dmy" ? [numbers[1], numbers[3]] : [numbers[3], numbers[1]];
    return moment(numbers[4], Number(month), day, numbers.slice(5));
  }
  return inDigits(plain) ?? inWords(plain) ?? onClock(plain);
}

function since1970(text: string, unit: "seconds" | "milliseconds"): Moment | null {
  if (!/^\d{10,13}(?:\.\d+)?$/.test(text)) return null;
  const days = Number(text) / (unit === "seconds" ? 86400 : 864e5);
  return { days, date: true, time: !Number.isInteger(days) };
}

/** 20240131 and 01/2024. */
function inDigits(text: string): Moment | null {
  const compact = COMPACT.exec(text);
  if (compact) return moment(compact[1], Number(compact[2]), compact[3], []);
  const found = MONTH_YEAR.exec(text);
  return found && moment(found[2], Number(found[1]), "1", []);
}

/** 31 January 2024, January 31, 2024, and January 2024. */
function inWords(text: string): Moment | null {
  const dayName = DAY_NAME.exec(text);
  if (dayName) return moment(dayName[3], monthOf(dayName[2]), dayName[1], dayName.slice(4));
  const nameDay = NAME_DAY.exec(text);
  if (nameDay) return moment(nameDay[3], monthOf(nameDay[1]), nameDay[2], nameDay.slice(4));
  const nameYear = NAME_YEAR.exec(text);
  return nameYear && moment(nameYear[2], monthOf(nameYear[1]), "1", []);
}

function onClock(text: string): Moment | null {
  const clock = CLOCK.exec(text);
  const hours = clock && hoursOf(clock.slice(1));
  return hours === null ? null : { days: hours / 24, date: false, time: true };
}

/** Whether a text of eight digits is a date, such as 20240131. */
export function isCompactDate(text: string): boolean {
  return COMPACT.test(text) && inDigits(text) !== null;
}

/** From 1; 0 for a word that is no month's name, nor the beginning of one month's names alone. */
function monthOf(name: string): number {
  const plain = name.toLowerCase();
  const found = MONTHS.flatMap((names, month) => (names.some((own) => own.startsWith(plain)) ? [month + 1] : []));
  return found.length === 1 ? found[0] : 0;
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
  const hours = (Number(hour) % (half ? 12 : 24)) + (half?.toLowerCase().startsWith("p") ? 12 : 0);
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return null;
  return hours + Number(minute) / 60 + Number(second) / 3600;
}
