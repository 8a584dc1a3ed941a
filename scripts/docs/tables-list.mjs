// The tables in data/tables, as scripts train on them.

/**
 * File, target, columns that give it away, score, and what a good learner reaches
 * (data/tables/README.md).
 */
export const tables = [
  ["penguins", "species", "", "accuracy", 0.98],
  ["titanic", "survived", "alive", "accuracy", 0.8],
  ["mpg", "mpg", "", "r2", 0.86],
  ["energy", "Y1", "Y2,Low_Heat_Load,High_Heat_Load,Low_Cool_Load,High_Cool_Load", "r2", 0.997],
  ["energy-decimal-comma", "Y1", "Y2", "r2", 0.997],
  ["concrete", "Comp_strength", "", "r2", 0.9],
  ["yacht-comment-header", "residuary_resistance", "", "r2", 0.995],
  ["airfoil", "scaled_sound_pressure_level", "", "r2", 0.93],
  ["abalone-noheader", "9", "", "r2", 0.55],
  ["forest-fires", "area", "", "r2", 0],
  ["bike-sharing-day", "cnt", "casual,registered", "r2", 0.85],
  ["bicup-cr-line-ends", "DEMAND", "", "r2", null],
  ["insurance", "charges", "", "r2", 0.85],
  ["auto-imports", "26", "", "r2", 0.85],
  ["seoul-bike-latin1-2400", "Rented Bike Count", "", "r2", 0.68],
  ["ames-tabs-600", "SalePrice", "", "r2", 0.85],
  ["student-por-semicolons", "G3", "", "r2", 0.78],
  ["winequality-red-semicolons", "quality", "", "accuracy", 0.6],
  ["wdbc", "2", "", "accuracy", 0.97],
  ["banknote", "5", "", "accuracy", 1],
  ["sonar", "61", "", "accuracy", 0.84],
  ["haberman", "4", "", "accuracy", 0.73],
  ["heart", "target", "", "accuracy", 0.8],
  ["oil-spill", "50", "", "balancedAccuracy", 0.75],
  ["horse-colic", "24", "25,26,27", "accuracy", 0.8],
  ["car-evaluation-whitespace", "class", "", "accuracy", 0.98],
  ["zoo-booleans", "type", "", "accuracy", 0.93],
  ["fish-bom", "Species", "", "accuracy", 0.92],
  ["house-votes", "Class", "", "accuracy", 0.95],
].map(([name, target, ignore, score, reachable]) => ({ name, target, ignore, score, reachable }));
