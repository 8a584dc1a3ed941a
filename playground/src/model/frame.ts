/** Parts of the page that a frame on another page may show. */
export const partNames = ["controls", "settings", "scene", "data", "network", "output", "curvature"] as const;
export type PartName = (typeof partNames)[number];

/** What `?embed` without a list shows. */
export const usualParts: readonly PartName[] = ["controls", "scene", "network", "output", "curvature"];

/** Parts asked for by `?embed` or `?embed=output,curvature`; null where the page is itself. */
export function partsIn(search: string): readonly PartName[] | null {
  const said = new URLSearchParams(search).get("embed");
  if (said === null) return null;
  const known = partNames.filter((name) => said.split(",").includes(name));
  return known.length > 0 ? known : usualParts;
}

/** The address of what is shown now, in a frame with these parts. */
export function frameAddress(names: readonly PartName[], href: string): string {
  const url = new URL(href);
  url.search = `?embed=${names.join(",")}`;
  return url.href.replaceAll("%2C", ",");
}

/** The code that puts the frame on a page. */
export function frameCode(address: string, height: number, title: string): string {
  const safe = address.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<iframe src="${safe}" title="${title}" width="100%" height="${height}" style="border:0" loading="lazy"></iframe>`;
}
