/**
 * Learning rates of the first-order methods where none is given, for the library, the command line and the playground alike. Of those measured over the tables in
 * data/tables (bench/defaults.mjs, figures in bench/README.md) the ones that end near the best on most tables and keep away from where runs diverge; inputs and targets standardised,
 * batches of 32, constant rates. Larger than PyTorch's.
 */
export const learningRates = {
  sgd: 0.05,
  adagrad: 0.1,
  adadelta: 2,
  rmsprop: 0.01,
  adam: 0.01,
  adamw: 0.01,
} as const;
