/**
 * csv-parse's parser. The package's build puts its code in place of this import, so that the
 * package depends on nothing.
 */
export { parse } from "csv-parse/browser/esm/sync";
