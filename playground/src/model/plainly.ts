/** Something that cannot be done, in words for whoever uses the page. */
export class Plain extends Error {}

/**
 * What to say of an error: its own words where they were meant for readers, else what could not be
 * done.
 */
export function plainly(error: unknown, otherwise: string): string {
  return error instanceof Plain ? error.message : `${otherwise}.`;
}
