import type { Dataset, Network, Posterior } from "../../index.js";
import type { Columns } from "../../tables/index.js";
import { count, duration } from "../output/format.js";
import { posteriorOf, sizeOf } from "../study/posterior.js";
import { certaintyFigures, evidenceFigure } from "./figures/certainty.js";
import { escaped, type Section } from "./page.js";

/** Flops beyond which a report goes without error bars, some tens of seconds. */
const MOST_FLOPS = 2e11;
/** Flops beyond which it goes without a curve of the evidence, which takes a matrix a point. */
const MOST_FLOPS_OF_CURVE = 5e9;
/** Flops a second, for a word on how long it would take. */
const RATE = 5e9;

/** What error bars are drawn from. */
export interface Sure {
  readonly net: Network;
  readonly training: Dataset;
  readonly judged: { readonly part: string; readonly data: Dataset };
  readonly columns: Columns;
  /** The run's own words on the penalty, where the evidence chose it. */
  readonly evidence: readonly string[] | null;
}

/** How sure a network is: intervals or calibration, and the penalty where the evidence chose it. */
export function certaintySection({ net, training, judged, columns, evidence }: Sure): Section {
  const about = { id: "certainty", title: "How sure it is" };
  const chosen = (evidence ?? []).map((text) => `<p>${sentence(text)}</p>`);
  const size = sizeOf(net);
  const flops = training.size * net.layout.outputs * size ** 2 + 4 * size ** 3;
  if (flops > MOST_FLOPS) {
    const html = `<p>Left out, since it would take about ${duration(flops / RATE)}; <code>hessia predict --interval 95</code> computes it.</p>`;
    return { ...about, html: [...chosen, html].join("\n") };
  }
  const posterior = posteriorOf(net, training);
  const html = [...chosen, `<p>${sentences(net, posterior)}</p>`].join("\n");
  if (Number.isNaN(posterior.logEvidence)) return { ...about, html };
  const curve = evidence && flops <= MOST_FLOPS_OF_CURVE ? evidenceFigure(net, training, posterior) : null;
  const figures = [
    ...certaintyFigures({ posterior, training }, judged.data, judged.part, columns),
    ...(curve ? [curve] : []),
  ];
  return { ...about, html, figures };
}

function sentences({ parameterCount }: Network, posterior: Posterior): string {
  const { effectiveParameters, status, reason, structure } = posterior;
  const first = sentence(reason);
  if (Number.isNaN(posterior.logEvidence)) return `There are no error bars here. ${first}`;
  const of = structure === "full" ? `${count(parameterCount)} parameters` : "the last layer's parameters";
  const determined = `The training rows determine ${effectiveParameters.toFixed(1)} of ${of}; the prior determines the rest.`;
  return status === "converged" ? determined : `${determined} ${first} So the error bars may be too narrow.`;
}

function sentence(text: string): string {
  return escaped(`${text[0].toUpperCase()}${text.slice(1)}.`);
}
