import { type PartName, partsIn } from "../model/frame.ts";

const parts = partsIn(location.search);

export const embedded = parts !== null;

export function shows(part: PartName): boolean {
  return parts?.includes(part) ?? true;
}
