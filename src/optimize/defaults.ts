/**
 * Learning rates of the first-order methods where none is given, for the library, the command line
 * and the playground alike. They were chosen by measurement over the tables in data/tables
 * (bench/defaults.mjs, figures in bench/README.md): they end near the best on most tables and keep
 * away from rates where runs diverge. Inputs and targets were standardised, batches had 32 rows,
 * rates were constant. The rates are larger than PyTorch's.
 */
export const learningRates = {
  sgd: 0.05,
  adagrad: 0.1,
  adadelta: 2,
  rmsprop: 0.01,
  adam: 0.01,
  adamw: 0.01,
} as const;
