import { en } from "./en.ts";
import { panels } from "./panels.ts";
import { terms } from "./terms.ts";

/**
 * What the page says, in one place: another language is a file of the same shape, and a line here.
 */
export type Texts = typeof en & { readonly panels: typeof panels; readonly terms: typeof terms };

const languages: Readonly<Record<string, Texts>> = { en: { ...en, panels, terms } };

/** In the language of the page. */
export const texts: Texts = languages[document.documentElement.lang] ?? languages.en;
