// A decision tree of optimizers.
import { figure, path, rect, text } from "../figure.mjs";

const QUESTIONS = [
  ["Is it a function of your own?", "residuals: levenbergMarquardt", "a Hessian: trustRegion; else lbfgs"],
  ["Many samples, or a classifier?", "adam on mini-batches,", "rate 0.001 to 0.01"],
  ["Least squares, P below 2,000?", "levenbergMarquardt,", "with tanh rather than ReLU"],
  ["Is it stuck, or at a saddle?", "saddleFreeNewton or trustRegion;", "ask diagnose first"],
  ["Batches of hundreds fit?", "kfac", ""],
];

export function draw() {
  const drawn = QUESTIONS.map(([question, first, second], i) => {
    const y = 16 + i * 86;
    return [
      rect(16, y, 270, 54, "box", 'rx="8"'),
      text(30, y + 32, question, "b"),
      path(
        [
          [286, y + 27],
          [340, y + 27],
        ],
        "softs",
        'marker-end="url(#a)"',
      ),
      text(312, y + 20, "yes", "soft mid"),
      rect(344, y, 280, 54, "axis", 'rx="8"'),
      text(358, y + (second ? 23 : 32), first),
      second ? text(358, y + 42, second) : "",
      path(
        [
          [141, y + 54],
          [141, y + 82],
        ],
        "softs",
        'marker-end="url(#a)"',
      ),
      text(150, y + 74, "no", "soft"),
    ];
  });
  const y = 16 + QUESTIONS.length * 86;
  const last = [rect(16, y, 270, 54, "axis", 'rx="8"'), text(30, y + 32, "lbfgs on all samples")];
  const arrow =
    '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" class="softf"/></marker></defs>';
  const alt = `A list of questions, the first that is answered with yes decides. ${QUESTIONS.map(([question, first, second]) => `${question} Then ${first} ${second}`.trim()).join(". ")}. Otherwise lbfgs on all samples.`;
  return { "choice.svg": figure(640, y + 70, "Which optimizer?", alt, arrow, drawn, last) };
}
