import type { Command } from "commander";
import { type PruneOptions, prune } from "../../index.js";
import { saveNetwork } from "../../node/index.js";
import { badInput, failed, refusals } from "../errors.js";
import type { Io } from "../io.js";
import { dataFor } from "../model/data.js";
import { checkOutputs, loadTableModel, modelEndings } from "../model/file.js";
import { fileEnding, nonNegative, oneOf, share } from "../options.js";
import { counted } from "../output/format.js";
import { finiteJson } from "../output/json.js";
import { layOut, scoreText, shapeOf } from "../output/summary.js";
import { addThreadsOption, flopsOfCurvature, shareWork, type ThreadsGiven } from "../threads.js";
import { scoreOf } from "../training/score.js";
import { add, addReportOption } from "./options.js";

const examples = `
Examples:
  hessia prune iris.safetensors --save small.safetensors
  hessia prune iris.safetensors --of units --save small.json
  hessia prune iris.safetensors --share 0.9 --report pruning.html`;

interface Given extends ThreadsGiven {
  readonly save?: string;
  readonly method: NonNullable<PruneOptions["method"]>;
  readonly of: NonNullable<PruneOptions["of"]>;
  readonly share?: number;
  readonly lossIncrease?: number;
  readonly report?: string;
  readonly json?: true;
}

/** `hessia prune`: a smaller model that does as well. */
export function addPrune(program: Command, io: Io): void {
  const command = program
    .command("prune")
    .summary("remove the weights that a model does not need")
    .description("Removes weights, hidden units or inputs that a model hardly needs.");
  command.argument("<model>", "what hessia train --save wrote");
  command.argument("[file]", "the data that the model was trained on, where it has moved");
  add(command, "--save <file>", "the model that is left: .safetensors or .json", fileEnding(...modelEndings));
  add(command, "--of <what>", "weights, units or inputs", oneOf(["weights", "units", "inputs"] as const), "weights");
  add(command, "--method <name>", "obs, obd or magnitude", oneOf(["obs", "obd", "magnitude"] as const), "obs");
  add(command, "--share <share>", "until this share of the weights is gone", share);
  add(
    command,
    "--loss-increase <share>",
    "until the loss would rise by more (default: 0.1, without --share)",
    nonNegative,
  );
  addReportOption(command);
  addThreadsOption(command);
  command.option("--json", "as JSON");
  command.addHelpText("after", examples);
  command.action((path: string, file: string | undefined, given: Given) => runPrune(path, file, given, io));
}

async function runPrune(path: string, file: string | undefined, given: Given, io: Io): Promise<void> {
  const { save, method, of, share: part } = given;
  if (part === 0) badInput("--share: expected a share in (0, 1), as in 0.5, got 0");
  const model = await loadTableModel(path);
  await checkOutputs([path, file], { "--save": save, "--report": given.report });
  const { data, columns, heldOut } = await dataFor(model, file, "training");
  await shareWork(given, model.net, flopsOfCurvature(model.net, data));
  const lossIncrease = given.lossIncrease ?? (part === undefined ? 0.1 : undefined);
  const until = {
    ...(part === undefined ? {} : { share: part }),
    ...(lossIncrease === undefined ? {} : { lossIncrease }),
  };
  const found = refusals(() => prune(model.net, data, { method, of, until }));
  if (found.status === "non-finite") failed(`the model could not be pruned: ${found.reason}`);
  if (save !== undefined) {
    const record = { ...model.record, outcome: null };
    await saveNetwork(save, found.network, { metadata: record as unknown as Record<string, unknown> });
  }
  const rows = heldOut ?? data;
  const [before, after] = [model.net, found.network].map((net) => scoreOf(net, rows, columns, data));
  const weights = found.mask.reduce((sum, kept) => sum + kept, 0);
  const about = { model: path, part: heldOut ? "held out" : "training", status: found.status, reason: found.reason };
  if (given.report !== undefined) {
    // Plotting is loaded by those who want a report alone.
    const { pruningReport } = await import("../report/pruning.js");
    const loss = model.net.loss(data, { batchNorm: "running" });
    const pruned = { model: path, net: model.net, found, loss, left: weights, part: about.part };
    await pruningReport(given.report, { ...pruned, before, after });
  }
  if (given.json) {
    io.stdout.write(
      finiteJson({
        command: "prune",
        ...about,
        parameters: { before: model.net.parameterCount, after: weights },
        before,
        after,
        history: found.history,
      }),
    );
    return;
  }
  io.stdout.write(
    layOut([
      ["model", path],
      ["before", `${shapeOf(model.net)}, ${counted(model.net.parameterCount, "parameter")}`],
      ["after", `${shapeOf(found.network)}, ${counted(weights, "parameter")} other than 0`],
      ["ended", found.reason],
      [`${about.part} before`, scoreText(before)],
      [`${about.part} after`, scoreText(after)],
      ...(save === undefined ? [] : ([["model", save]] as const)),
      ...(given.report === undefined ? [] : ([["report", given.report]] as const)),
    ]),
  );
}
