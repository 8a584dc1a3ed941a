export { init, type Build, type InitOptions, type Running } from "./wasm/load.js";
export type { Dtype, ScalarMath } from "./wasm/kernels.js";
export type { FloatArray } from "./wasm/workspace.js";
export { matrix, multiply, type Matrix, type MultiplyOptions } from "./linalg/matrix.js";
export {
  symmetric,
  type Cholesky,
  type Eigen,
  type Inertia,
  type NamedRange,
  type Solution,
  type SymmetricMatrix,
} from "./linalg/symmetric.js";
export type { LinearOperator } from "./linalg/operator.js";
export { lanczos, type LanczosOptions, type LanczosResult, type Which } from "./linalg/lanczos.js";
export {
  spectralDensity,
  type SpectralDensity,
  type SpectralDensityOptions,
  type SpectralMean,
} from "./linalg/density.js";
export {
  diagonal,
  trace,
  type DiagonalEstimate,
  type ProbeOptions,
  type TraceEstimate,
  type TraceOptions,
} from "./linalg/stochastic.js";
export {
  conjugateGradients,
  type ConjugateGradientsIterate,
  type ConjugateGradientsOptions,
  type ConjugateGradientsResult,
} from "./linalg/conjugate-gradients.js";
export { dataset, type Dataset, type DatasetOptions } from "./network/dataset.js";
export { network, type Network, type NetworkJson } from "./network/network.js";
export type {
  CurvatureOptions,
  DerivativeOptions,
  HessianOptions,
  JacobianOptions,
  PassOptions,
} from "./network/pass.js";
export { hessianCost } from "./network/cost.js";
export type { HessianCost } from "./network/cost-model.js";
export { type HessianOperator, hessianOperator } from "./network/operator.js";
export type { Evaluation } from "./network/score.js";
export {
  type Classification,
  type ClassificationScores,
  type ClassScores,
  type Comparison,
  type Regression,
  type RegressionScores,
  type Scores,
  type ScoresOptions,
  scores,
} from "./network/scores.js";
export { areaUnderCurve, type CurvePoint, curvePoints } from "./network/curves.js";
export type { BatchNormMode } from "./network/propagation.js";
export type { CurvatureKind } from "./network/tangent.js";
export type { Initializer, InitializerName, WeightFunction, WeightPlace } from "./network/initializer.js";
export type {
  Activation,
  ActivationName,
  BatchNorm,
  CustomLoss,
  LayerSpec,
  Loss,
  LossName,
  NetworkSpec,
  Penalty,
  ResolvedLayer,
  ResolvedLoss,
  ResolvedSpec,
} from "./network/spec.js";
export type { ParameterMask } from "./network/selection.js";
export { withParameters } from "./network/with-parameters.js";
export { lossNames } from "./network/spec.js";
export { sgd, type SgdOptions } from "./optimize/sgd.js";
export { adagrad, type AdagradOptions } from "./optimize/adagrad.js";
export { adadelta, type AdadeltaOptions } from "./optimize/adadelta.js";
export { rmsprop, type RmspropOptions } from "./optimize/rmsprop.js";
export { adam, adamw, type AdamOptions } from "./optimize/adam.js";
export {
  type Indefinite,
  type LineSearch,
  type LineSearchOptions,
  newton,
  type NewtonOptions,
} from "./optimize/newton.js";
export { saddleFreeNewton } from "./optimize/saddle-free-newton.js";
export { trustRegion, type TrustRegionOptions } from "./optimize/trust-region.js";
export { gaussNewton } from "./optimize/gauss-newton.js";
export { levenbergMarquardt, type LevenbergMarquardtOptions } from "./optimize/levenberg-marquardt.js";
export { hessianFree, type HessianFreeOptions } from "./optimize/hessian-free.js";
export { kfac, type KfacOptions } from "./optimize/kfac.js";
export { lbfgs, type LbfgsOptions } from "./optimize/lbfgs.js";
export type { RobustLoss } from "./optimize/robust.js";
export { minimize, type MinimizeOptions, type MinimizeRecord, type Result } from "./optimize/minimize.js";
export type { LeastSquares, SmoothFunction } from "./optimize/function-problem.js";
export type { Evaluations } from "./optimize/problem.js";
export type { Clip, Optimizer, OptimizerState, StepReport } from "./optimize/optimizer.js";
export { fit, training } from "./train/fit.js";
export { split, type SplitOptions } from "./train/split.js";
export {
  constant,
  cosine,
  oneCycle,
  type Schedule,
  type SchedulePosition,
  stepDecay,
  warmUp,
} from "./train/schedule.js";
export type { EarlyStopping, FitOptions, TrainingOptions } from "./train/options.js";
export type { Best, Checkpoint, EpochRecord, Progress, Seen } from "./train/checkpoint.js";
export type { History, NonFinite, RunHandle, Status, StepRecord } from "./train/records.js";
export { deadUnits } from "./diagnose/units/dead-units.js";
export {
  classifyCriticalPoint,
  type CriticalPoint,
  type CriticalPointOptions,
  type PointKind,
  type ZeroModes,
} from "./diagnose/point/critical.js";
export type { CurvatureMethod, PointTolerance } from "./diagnose/point/ends.js";
export type { InvarianceFamily } from "./diagnose/point/invariances.js";
export type { ZeroModeFamily } from "./diagnose/point/zero-modes.js";
export {
  activationStatistics,
  type ActivationStatistics,
  type ActivationStatisticsOptions,
  type BlockedLayer,
  type LayerStatistics,
  type Moments,
  type UnitStatistics,
} from "./diagnose/units/activation-statistics.js";
export {
  gradientFlow,
  type GradientFlow,
  type GradientFlowOptions,
  type LayerGradient,
  type SignalGrowth,
  type SinglePrecision,
  type UnitGradient,
  type ZeroGradients,
} from "./diagnose/signals/gradient-flow.js";
export { spectrum, type Spectrum, type SpectrumOptions } from "./diagnose/point/spectrum.js";
export {
  type Conditioning,
  type DiagonalAgreement,
  type PreconditionedMatrix,
  preconditionerReport,
  type PreconditionerOptions,
  type PreconditionerReport,
} from "./diagnose/point/preconditioner.js";
export { type LayerSignals, monitor, type MonitorOptions } from "./diagnose/signals/monitor.js";
export {
  type Finding,
  type FindingCode,
  watch,
  type WatchedEpoch,
  type WatchedHistory,
  type WatchedStep,
  type Watcher,
  type WatchOptions,
} from "./diagnose/run/watch.js";
export type { Guard, GuardedQuantity, GuardFinding, Offence } from "./diagnose/run/guard.js";
export {
  type BatchNormChoice,
  type LayerChoice,
  reinitialize,
  type ReinitializeOptions,
  type Remedy,
  withActivation,
  withBatchNorm,
} from "./diagnose/remedies/remedies.js";
export { reviveUnits, type Revival, type ReviveOptions } from "./diagnose/remedies/revive.js";
export { diagnose, type DiagnoseOptions } from "./diagnose/diagnose.js";
export type { Diagnosis, LayerDiagnosis, PointDiagnosis } from "./diagnose/diagnosis.js";
export type { Advice, AdviceCode } from "./diagnose/advice/table.js";
export type { ClassScore, FitScore, OutputScore } from "./diagnose/signals/score.js";
export { type Sharpness, type SharpnessOptions, sharpness } from "./diagnose/signals/sharpness.js";
export type { InputScale } from "./diagnose/signals/inputs.js";
export { type CurvatureChoice, type DiagnosisCost, diagnosisCost } from "./diagnose/point/cost.js";
export {
  taylorCheck,
  type TaylorCheck,
  type TaylorCheckOptions,
  type TaylorFit,
  type TaylorModel,
  type TaylorStep,
} from "./diagnose/checks/taylor-check.js";
export { kinks, type KinkCrossing, type Kinks, type KinksOptions } from "./diagnose/kinks/kinks.js";
export { kinkDistances, type KinkDistance, type KinkDistances } from "./diagnose/kinks/kink-distances.js";
export {
  activationPatterns,
  type ActivationPatterns,
  type LayerPatterns,
} from "./diagnose/units/activation-patterns.js";
export {
  checkGradient,
  type CheckedCoordinate,
  type CheckVerdict,
  type GradientCheck,
  type GradientCheckOptions,
} from "./diagnose/checks/check-gradient.js";
export {
  checkHessian,
  type CheckedColumn,
  type HessianCheck,
  type HessianCheckOptions,
} from "./diagnose/checks/check-hessian.js";
export type { ParameterPlace } from "./diagnose/checks/coordinates.js";
export { type Influence, type InfluenceOptions, influence } from "./infer/influence.js";
export { type LaplaceOptions, laplace, type Structure } from "./infer/laplace.js";
export { type Mixture, mixture } from "./infer/mixture.js";
export type { Posterior, PosteriorStatus, Prediction, ProbabilityOptions, SampleOptions } from "./infer/posterior.js";
export type { PriorGroups } from "./infer/prior-groups.js";
export type { Suspect } from "./infer/suspects.js";
export { type Pruning, type PruneOptions, type PruneRecord, type PruneUntil, prune } from "./infer/prune.js";
export type { FunctionCheck, FunctionCheckOptions, WrongDerivative } from "./diagnose/checks/check-function.js";
