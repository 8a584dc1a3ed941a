import { checkDataset, type Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";

/**
 * The units that no sample reaches: those of ReLU layers whose pre-activation is at most 0 for all of the data, under running
 * statistics. Such a unit passes nothing on and gets no gradient (unless relu's `atZero` is positive and the pre-activation exactly 0).
 *
 * @returns for each layer the indices of its dead units, ascending; empty for layers with other activations, which cannot die
 * this way. Cost: a forward pass.
 * @throws TypeError or RangeError for data that does not fit the network.
 */
export function deadUnits(net: Network, data: Dataset): number[][] {
  checkNetwork("deadUnits", net);
  checkDataset("deadUnits", data, net.layout, net.spec.loss);
  const alive = net.spec.layers.map(({ units, activation }) =>
    new Uint8Array(units).fill(activation.type === "relu" ? 0 : 1),
  );
  net.visitActivations(data.inputs, ({ activation }) => {
    alive.forEach((flags, layer) => {
      for (let unit = 0; unit < flags.length; ++unit) {
        if (!flags[unit] && activation(layer, unit).some((value) => value > 0)) flags[unit] = 1;
      }
    });
  });
  return alive.map((flags) => Array.from(flags.keys()).filter((unit) => !flags[unit]));
}
